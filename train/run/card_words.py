"""The fixed words of a model's card: how to use it, what it cannot do, whom to cite."""

from sources.command.markdown import bullets

DPO = """@inproceedings{rafailov2023direct,
  title = {Direct Preference Optimization: Your Language Model is Secretly a Reward Model},
  author = {Rafailov, Rafael and Sharma, Archit and Mitchell, Eric and Manning, Christopher D. and Ermon, Stefano and
    Finn, Chelsea},
  booktitle = {Advances in Neural Information Processing Systems}, volume = {36}, year = {2023},
  eprint = {2305.18290}, archivePrefix = {arXiv}, primaryClass = {cs.LG}
}"""

TRL = """@software{vonwerra2020trl,
  title = {{TRL: Transformers Reinforcement Learning}},
  author = {von Werra, Leandro and Belkada, Younes and Tunstall, Lewis and Beeching, Edward and Thrush, Tristan and
    Lambert, Nathan and Huang, Shengyi and Rasul, Kashif and Gallou{\\'e}dec, Quentin},
  license = {Apache-2.0}, url = {https://github.com/huggingface/trl}, year = {2020}
}"""

CT_LLM = """@misc{du2024chinese,
  title = {Chinese Tiny LLM: Pretraining a Chinese-Centric Large Language Model},
  author = {Xinrun Du and Zhouliang Yu and Songyang Gao and Ding Pan and Yuyang Cheng and Ziyang Ma and Ruibin Yuan and
    Xingwei Qu and Jiaheng Liu and Tianyu Zheng and Xinchen Luo and Guorui Zhou and Wenhu Chen and Ge Zhang},
  year = {2024}, eprint = {2404.04167}, archivePrefix = {arXiv}, primaryClass = {cs.CL}
}"""

WHOLE = """from transformers import pipeline

generator = pipeline("text-generation", model=".", device_map="auto")  # the folder of this card
messages = [{"role": "user", "content": "你好，请介绍一下你自己。"}]
print(generator(messages, max_new_tokens=256, return_full_text=False)[0]["generated_text"])"""

ADAPTER = """from peft import AutoPeftModelForCausalLM
from transformers import AutoTokenizer

model = AutoPeftModelForCausalLM.from_pretrained(".", device_map="auto")  # the folder of this card
tokenizer = AutoTokenizer.from_pretrained(".")
messages = [{"role": "user", "content": "你好，请介绍一下你自己。"}]
inputs = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True, return_tensors="pt")
answer = model.generate(**inputs.to(model.device), max_new_tokens=256)
print(tokenizer.decode(answer[0, inputs["input_ids"].shape[1]:], skip_special_tokens=True))"""


def how_to_use(base: str, is_adapter: bool) -> str:
    """Code that answers a question, and commands to serve and to measure the model; `base` is its id on the Hub."""
    serve = f"vllm serve {base or 'BASE_MODEL'} --enable-lora --lora-modules dpo=." if is_adapter else "vllm serve ."
    measure = "python -m train.evaluate --model . --tasks cvalues,cmmlu,copa,hellaswag,triviaqa"
    return f"```python\n{ADAPTER if is_adapter else WHOLE}\n```\n\n```bash\n{serve}\n{measure}\n```"


def limits(*, has_test: bool, has_licence: bool) -> str:
    """What nobody should expect of the model."""
    measured = (
        "The results are measured on held-out pairs of the same sources: they say how well the preferences were "
        "learnt, not how good the answers are. No benchmark is part of the training."
        if has_test
        else "No pairs were held out: nothing here says how well the preferences were learnt."
    )
    unknown = "The licence of the base model is not known to the one who trained; it governs this model too."
    return bullets(
        [
            measured,
            "DPO changes which answers are likely; it adds no knowledge. What the base model gets wrong, this one may.",
            "Preferences have the biases of those who gave them: length, style, refusals, and one model's taste where "
            "a model judged or wrote the answers. The data's own card tells more.",
            *([] if has_licence else [unknown]),
        ]
    )


def citations(*, ct_llm: bool) -> str:
    """The method, the library, and the settings where they are those of a paper."""
    entries = [DPO, TRL, *([CT_LLM] if ct_llm else [])]
    return "```bibtex\n" + "\n\n".join(entries) + "\n```"
