"""The formats of LLaMA-Factory, OpenRLHF, axolotl and ms-swift.

Checked with the loaders of LLaMA-Factory 0.9.5, OpenRLHF 0.11.2, axolotl 0.19.0 and ms-swift 4.6.0.
"""

import json

from builders.exporting.format import Format, LeftOut, Pair, Place, Row, assistant, turns_alternate
from builders.exporting.rich import SHAREGPT_ROLES, axolotl_row, sharegpt_row, swift_row
from builders.exporting.trl_formats import MODEL, conversational

TEMPLATE_TEXT = "\n".join(
    [
        "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n[[dummy_message]]<|im_end|>\n"
        "<|im_start|>assistant\n",
        "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.",
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\n"
        "Today Date: 26 Jul 2024\n\n<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n",
        "<bos><start_of_turn>user\n<end_of_turn>\n<start_of_turn>model\n<s>[INST] [/INST]",
    ]
)
"""What common chat templates put before an answer. axolotl looks an answer up in its rendered conversation and takes
the first place where it stands: a very short one stands in the template already."""


def _sharegpt(pair: Pair) -> list[Row] | LeftOut:
    if not turns_alternate(pair.prompt):
        return LeftOut("broken_turns")
    turns = [{"from": SHAREGPT_ROLES[turn["role"]], "value": turn["content"]} for turn in pair.prompt]
    answers = {"chosen": pair.chosen, "rejected": pair.rejected}
    return [{"conversations": turns, **{side: {"from": "gpt", "value": said} for side, said in answers.items()}}]


def _dataset_info(place: Place) -> dict[str, str]:
    info = {
        f"{place.name}_{split}": {
            "file_name": file,
            "formatting": "sharegpt",
            "ranking": True,
            "columns": {
                "messages": "conversations",
                "chosen": "chosen",
                "rejected": "rejected",
                **({"tools": "tools"} if place.has_tools else {}),
            },
        }
        for split, file in place.files.items()
    }
    settings = [
        f"model_name_or_path: {MODEL}  # put your own here",
        "template: qwen  # of that model",
        "stage: dpo",
        "do_train: true",
        "finetuning_type: lora",
        "pref_beta: 0.1",
        "dataset_dir: .",
        f"dataset: {place.name}_train",
        *([f"eval_dataset: {place.name}_test", "eval_strategy: steps", "eval_steps: 500"] if place.test else []),
        "cutoff_len: 2048",
        f"output_dir: {place.name}-dpo",
        "learning_rate: 5.0e-6",
    ]
    return {
        "dataset_info.json": json.dumps(info, ensure_ascii=False, indent=2) + "\n",
        "dpo.yaml": "\n".join(settings) + "\n",
    }


def _command(lines: list[str]) -> str:
    return "#!/bin/sh\n# Run it in this folder.\n" + " \\\n  ".join(lines) + "\n"


def _openrlhf_command(place: Place) -> dict[str, str]:
    test = [f"--eval.dataset {place.test} --eval.split train --eval.steps 500"] if place.test else []
    lines = [
        "deepspeed --module openrlhf.cli.train_dpo",
        f"--model.model_name_or_path {MODEL}",
        f"--data.dataset {place.train}",
        "--data.prompt_key prompt --data.chosen_key chosen --data.rejected_key rejected",
        "--data.apply_chat_template",
        "--data.max_len 2048",
        *test,
        "--model.beta 0.1",
        f"--ckpt.output_dir {place.name}-dpo",
    ]
    return {"train_dpo.sh": _command(lines)}


def _axolotl(pair: Pair) -> list[Row] | LeftOut:
    for said in (pair.chosen, pair.rejected):
        if not said:
            return LeftOut("empty_answer")
        if said in TEMPLATE_TEXT:
            return LeftOut("answer_in_template")
    return [{"messages": pair.prompt, "chosen": assistant(pair.chosen), "rejected": assistant(pair.rejected)}]


def _has_outer_space(pair: Pair) -> bool:
    return any(said != said.strip() for said in (pair.chosen, pair.rejected))


def _axolotl_settings(place: Place) -> dict[str, str]:
    settings = [
        f"base_model: {MODEL}  # put your own here",
        "rl: dpo",
        "rl_beta: 0.1",
        "chat_template: tokenizer_default",
        "datasets:",
        *_axolotl_dataset(place.train),
        *(["test_datasets:", *_axolotl_dataset(place.test)] if place.test else []),
        "sequence_len: 2048",
        f"output_dir: {place.name}-dpo",
        "micro_batch_size: 1",
        "gradient_accumulation_steps: 16",
        "num_epochs: 1",
        "learning_rate: 5.0e-7",
    ]
    return {"dpo.yaml": "\n".join(settings) + "\n"}


def _axolotl_dataset(file: str) -> list[str]:
    return [
        f"  - path: {file}",
        "    ds_type: json",
        "    split: train",
        "    type: chat_template.default",
        "    field_messages: messages",
        "    message_property_mappings: {role: role, content: content}",
    ]


def _swift(pair: Pair) -> list[Row] | LeftOut:
    if pair.chosen == pair.rejected:
        return LeftOut("equal_answers")
    return [{"messages": [*pair.prompt, assistant(pair.chosen)], "rejected_response": pair.rejected}]


def _swift_command(place: Place) -> dict[str, str]:
    lines = [
        "swift rlhf --rlhf_type dpo",
        f"--model {MODEL}",
        f"--dataset {place.train}",
        *([f"--val_dataset {place.test}"] if place.test else []),
        "--beta 0.1",
        "--max_length 2048",
        f"--output_dir {place.name}-dpo",
    ]
    return {"train_dpo.sh": _command(lines)}


LLAMA_FACTORY = Format(
    name="llamafactory",
    trainer="LLaMA-Factory",
    row='{"conversations": [{"from": ..., "value": ...}], "chosen": {...}, "rejected": {...}}',
    rows=_sharegpt,
    configuration=_dataset_info,
    run="llamafactory-cli train dpo.yaml",
    good_to_know=(
        "To use it beside other sets, copy the entries of dataset_info.json into yours and the files next to it.",
        "This is its sharegpt layout: its alpaca layout has no way to say which turns of a dialogue are whose.",
    ),
    reasons={"broken_turns": "turns that do not alternate: LLaMA-Factory would skip the row by itself"},
    rich=sharegpt_row,
    rich_always=True,
)
OPENRLHF = Format(
    name="openrlhf",
    trainer="OpenRLHF",
    row='{"prompt": [messages], "chosen": [message], "rejected": [message]}',
    rows=conversational,
    configuration=_openrlhf_command,
    run="sh train_dpo.sh",
    good_to_know=(
        "--eval.split train is meant: to OpenRLHF a single file has this one split.",
        "Without --data.max_len OpenRLHF cuts at 512 tokens, and drops prompts that are longer.",
    ),
)
AXOLOTL = Format(
    name="axolotl",
    trainer="axolotl",
    row='{"messages": [messages], "chosen": {"role": ..., "content": ...}, "rejected": {...}}',
    rows=_axolotl,
    configuration=_axolotl_settings,
    run="axolotl train dpo.yaml",
    good_to_know=(
        "axolotl looks an answer up in the rendered conversation. A template that trims answers (Llama 3, Gemma) makes "
        "it miss those that begin or end with white space: of those it trains on the end of the template only. How "
        "many there are is in exported.json under outer_white_space. chat_template: chatml does not trim.",
    ),
    reasons={
        "empty_answer": "an empty answer: axolotl stops at it",
        "answer_in_template": "an answer so short that axolotl finds it in the chat template, and trains on that",
    },
    rich=axolotl_row,
    remark=("outer_white_space", "answers that begin or end with white space", _has_outer_space),
)
MS_SWIFT = Format(
    name="ms-swift",
    trainer="ms-swift",
    row='{"messages": [messages, the last one chosen], "rejected_response": "..."}',
    rows=_swift,
    configuration=_swift_command,
    run="sh train_dpo.sh",
    reasons={"equal_answers": "chosen and rejected are the same: ms-swift would delete the row by itself"},
    rich=swift_row,
)
