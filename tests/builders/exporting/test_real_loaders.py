"""The exports in the hands of the trainers' own code. Each test skips where its trainer is not installed:

    pip install --no-deps llamafactory==0.9.5 axolotl==0.19.0 ms-swift==4.6.0 openrlhf==0.11.2 trl==1.16.*

and what their imports ask for (torch, transformers, accelerate, peft, ...). They need no GPU and no network.
"""

import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders.exporting.export import export
from builders.exporting.exported import Exported
from builders.exporting.formats import load_format
from sources.pairs.built_folder import open_built
from tests.builders.exporting.test_formats import PAIRS, rows_of, sides
from tests.builders.made_build import make_build

pytestmark = pytest.mark.filterwarnings("ignore")

CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def installed(module: str) -> Any:
    return pytest.importorskip(module, exc_type=ImportError)


@pytest.fixture
def exported(tmp_path: Path) -> Callable[[str], Exported]:
    """Five pairs, one of them with hostile text, in a format."""

    def run(name: str) -> Exported:
        built = make_build(tmp_path / "built", PAIRS, PAIRS[:1])
        return export(open_built(built), load_format(name), tmp_path / "to")[0]

    return run


@pytest.fixture
def tokenizer() -> Any:
    """A tokenizer with a chat template, made here."""
    tokenizers, transformers = installed("tokenizers"), installed("transformers")
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"<unk>": 0, "<|im_end|>": 1}, unk_token="<unk>"))
    made = transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, unk_token="<unk>", eos_token="<|im_end|>", pad_token="<|im_end|>"
    )
    made.chat_template = CHATML
    return made


def rendered(row: dict[str, Any]) -> tuple[str, str, str]:
    """A pair under the template above: what every trainer should make of it."""
    prompt, chosen, rejected = sides(row)
    before = "".join(f"<|im_start|>{role}\n{said}<|im_end|>\n" for role, said in prompt)
    return f"{before}<|im_start|>assistant\n", f"{chosen}<|im_end|>", f"{rejected}<|im_end|>"


@pytest.mark.parametrize(("name", "script", "keys"), [("trl", "dpo", 3), ("kto", "kto", 3), ("trl-standard", "dpo", 3)])
def test_trl_takes_rows_and_configuration(
    name: str, script: str, keys: int, exported: Callable[[str], Exported], monkeypatch: pytest.MonkeyPatch
) -> None:
    trl, data_utils = installed("trl"), installed("trl.data_utils")
    result = exported(name)
    rows = rows_of(result, "train")
    assert all(len(row) == keys for row in rows)
    assert {data_utils.is_conversational(row) for row in rows} == {name != "trl-standard"}
    monkeypatch.chdir(result.folder)
    config = trl.DPOConfig if script == "dpo" else trl.KTOConfig
    parser = trl.TrlParser((trl.ScriptArguments, config, trl.ModelConfig))
    told = parser.parse_args_and_config(["--config", f"{script}.yaml", "--bf16", "false"], fail_with_unknown_args=True)
    assert told[0].dataset_name == "."
    assert told[1].eval_strategy == "steps"


def test_trl_renders_every_pair_whole(exported: Callable[[str], Exported], tokenizer: Any) -> None:
    data_utils = installed("trl.data_utils")
    for row, pair in zip(rows_of(exported("trl"), "train"), PAIRS, strict=True):
        made = data_utils.apply_chat_template(row, tokenizer)
        prompt, chosen, rejected = rendered(pair)
        assert (made["prompt"], made["chosen"], made["rejected"]) == (prompt, f"{chosen}\n", f"{rejected}\n")


def test_llama_factory_aligns_every_row(exported: Callable[[str], Exported]) -> None:
    parser, converter = installed("llamafactory.data.parser"), installed("llamafactory.data.converter")
    result = exported("llamafactory")
    attributes = parser.get_dataset_list(["prefs_zh_train", "prefs_zh_test"], str(result.folder))
    assert [(result.folder / each.dataset_name).is_file() for each in attributes] == [True, True]
    convert = converter.get_dataset_converter(attributes[0].formatting, attributes[0], None)
    for row, pair in zip(rows_of(result, "train"), PAIRS, strict=True):
        made = convert(row)
        system = [("system", made["_system"])] if made["_system"] else []
        prompt = [*system, *((message["role"], message["content"]) for message in made["_prompt"])]
        assert (prompt, *(answer["content"] for answer in made["_response"])) == sides(pair)


def test_openrlhf_renders_every_pair_whole(exported: Callable[[str], Exported], tokenizer: Any) -> None:
    reward_dataset = installed("openrlhf.datasets.reward_dataset")
    for row, pair in zip(rows_of(exported("openrlhf"), "train"), PAIRS, strict=True):
        made = reward_dataset.preprocess_data(
            row, prompt_key="prompt", apply_chat_template=tokenizer.apply_chat_template, is_dpo=True
        )
        prompt, chosen, rejected = rendered(pair)
        assert made[:3] == (prompt, f"{chosen}\n", f"{rejected}\n")


def test_openrlhf_knows_every_flag_of_the_command(exported: Callable[[str], Exported]) -> None:
    package = Path(inspect.getfile(installed("openrlhf.datasets.reward_dataset"))).parent.parent
    known = (package / "cli" / "train_dpo.py").read_text(encoding="utf-8")
    flags = re.findall(r"--[\w.]+", (exported("openrlhf").folder / "train_dpo.sh").read_text(encoding="utf-8"))
    assert [flag for flag in flags if flag != "--module" and f'"{flag}"' not in known] == []


def test_axolotl_renders_every_pair_whole(exported: Callable[[str], Exported], tokenizer: Any) -> None:
    import yaml

    strategy = installed("axolotl.prompt_strategies.dpo.chat_template")
    result = exported("axolotl")
    settings = yaml.safe_load((result.folder / "dpo.yaml").read_text(encoding="utf-8"))
    transform, _ = strategy.default(settings)
    for row, pair in zip(rows_of(result, "train"), PAIRS, strict=True):
        made = transform(row, tokenizer=tokenizer)
        assert (made["prompt"], made["chosen"], made["rejected"]) == rendered(pair)


def test_axolotl_accepts_the_configuration(exported: Callable[[str], Exported]) -> None:
    import yaml

    schema = installed("axolotl.utils.schemas.config")
    settings = yaml.safe_load((exported("axolotl").folder / "dpo.yaml").read_text(encoding="utf-8"))
    read = schema.AxolotlInputConfig(**settings).model_dump(exclude_none=True)
    for part in ("datasets", "test_datasets"):
        assert settings[part][0].items() <= read[part][0].items()


@pytest.mark.parametrize(
    ("answer", "template"), [("user", CHATML), (" good ", CHATML.replace("m['content']", "(m['content'] | trim)"))]
)
def test_why_axolotl_does_not_get_some_answers_and_is_warned_of_others(
    answer: str, template: str, tokenizer: Any
) -> None:
    strategy = installed("axolotl.prompt_strategies.dpo.chat_template")
    transform, _ = strategy.default({"datasets": [{}]})
    tokenizer.chat_template = template
    sides = {side: {"role": "assistant", "content": answer} for side in ("chosen", "rejected")}
    made = transform({"messages": [{"role": "user", "content": "?"}], **sides}, tokenizer=tokenizer)
    assert answer.strip() != made["chosen"].removesuffix("<|im_end|>").strip()


def test_ms_swift_keeps_every_row(exported: Callable[[str], Exported], tmp_path: Path) -> None:
    preprocessor, datasets = installed("swift.dataset.preprocessor"), installed("datasets")
    result = exported("ms-swift")
    loaded = datasets.load_dataset(
        "json", data_files=str(result.folder / "train.jsonl"), split="train", cache_dir=str(tmp_path / "cache")
    )
    made = preprocessor.AutoPreprocessor()(loaded, load_from_cache_file=False, strict=True)
    for row, pair in zip(made, PAIRS, strict=True):
        said = row["messages"] if isinstance(row["messages"], list) else json.loads(row["messages"])
        turns = [(message["role"], message["content"]) for message in said]
        assert (turns[:-1], turns[-1][1], row["rejected_response"]) == sides(pair)
