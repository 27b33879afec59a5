"""Pairs with tools and reasoning: read from a build, and encoded as TRL encodes the same files."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from trl import DPOTrainer

from builders import build
from sources.command.errors import BrokenFileError
from sources.pairs.extras import EXTRAS, TOOLS, WIDE_TURNS, table_of_json
from sources.pairs.schema import SIDES
from train.data.load_pairs import load_pairs
from train.data.tokenize_pairs import tokenize_pairs

IDS = ("prompt_ids", "chosen_ids", "rejected_ids")
TEMPLATE = (
    "{% if tools %}<|im_start|>system\n{% for tool in tools %}{{ tool | tojson }}\n{% endfor %}<|im_end|>\n{% endif %}"
    "{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{% if message.reasoning_content %}<think>{{ message.reasoning_content }}</think>{% endif %}{{ message.content }}"
    "{% for call in message.tool_calls or [] %}"
    "<call>{{ call.function.name }}{{ call.function.arguments | tojson }}</call>"
    "{% endfor %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""ChatML that renders tools, calls and reasoning."""

TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}}
CALL = {"type": "function", "function": {"name": "get_weather", "arguments": {"city": "杭州"}}}


def said(content: str, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **more}


def asked(content: str) -> dict[str, str]:
    return {"role": "user", "content": content}


CALLED = said("", tool_calls=[CALL])
RESULT = {"role": "tool", "content": "21 度"}
ROWS = [
    {
        "tools": [TOOL],
        "prompt": [asked("杭州今天天气怎么样？")],
        "chosen": [CALLED],
        "rejected": [said("我猜是晴天。")],
    },
    {
        "tools": [TOOL],
        "prompt": [asked("成都现在几度？")],
        "chosen": [CALLED, RESULT, said("现在二十一度。")],
        "rejected": [said("我不知道。")],
    },
    {
        "prompt": [asked("一加一等于几？")],
        "chosen": [said("等于二。", reasoning_content="简单的加法。")],
        "rejected": [said("大概等于三吧。")],
    },
    {"prompt": "推荐一道适合新手的家常菜。", "chosen": "可以试试番茄炒蛋。", "rejected": "随便吃点什么就好。"},
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("rich")
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)
    (place / "rich.jsonl").write_text(lines, encoding="utf-8")
    return build(lang="zh", sample=True, add=place / "rich.jsonl", add_licence="MIT", only_added=True, out=place).folder


@pytest.fixture
def tokenizer(chatml: Any) -> Any:
    chatml.chat_template = TEMPLATE
    return chatml


def test_the_ids_are_those_that_trl_makes_of_the_same_files(folder: Path, tokenizer: Any, tmp_path: Path) -> None:
    """TRL takes the files of the build as they are."""
    pairs = load_pairs([str(folder)]).train
    files = sorted(map(str, (folder / "data").glob("train-*.parquet")))
    dataset = datasets.load_dataset("parquet", data_files=files, split="train", cache_dir=str(tmp_path))
    args = SimpleNamespace(dataset_num_proc=None, max_length=None, truncation_mode="keep_start")
    theirs = DPOTrainer._prepare_dataset(SimpleNamespace(_tokenizer=tokenizer), dataset, tokenizer, args, "train")
    ours = tokenize_pairs(pairs, tokenizer, cache=None)
    assert {name: ours[name].to_pylist() for name in IDS} == {name: theirs[name][:] for name in IDS}
    text = [tokenizer.decode(ids) for ids in ours["chosen_ids"].to_pylist()]
    assert any('<call>get_weather{"city": "杭州"}</call>' in one and "21 度" in one for one in text)
    assert any("<think>简单的加法。</think>等于二。" in one for one in text)
    prompts = [tokenizer.decode(ids) for ids in ours["prompt_ids"].to_pylist()]
    assert sum('"name": "get_weather"' in one for one in prompts) == 2


def test_a_pair_that_differs_in_tools_alone_has_tokens_of_its_own(folder: Path, tokenizer: Any, tmp_path: Path) -> None:
    pairs = load_pairs([str(folder)]).train
    first = tokenize_pairs(pairs, tokenizer, cache=tmp_path)
    without = [
        None if text is None else json.dumps({**json.loads(text), "tools": None})
        for text in pairs[EXTRAS.name].to_pylist()
    ]
    place = pairs.schema.get_field_index(EXTRAS.name)
    changed = pairs.set_column(place, EXTRAS, pa.array(without, EXTRAS.type))
    assert tokenize_pairs(changed, tokenizer, cache=tmp_path)["prompt_ids"] != first["prompt_ids"]
    assert tokenize_pairs(pairs, tokenizer, cache=tmp_path)["prompt_ids"] == first["prompt_ids"]


def test_messages_that_are_none_are_one_clear_line(tmp_path: Path) -> None:
    schema = pa.schema([*((side, WIDE_TURNS) for side in SIDES), TOOLS])
    pq.write_table(
        table_of_json({**{side: [["7"]] for side in SIDES}, "tools": [None]}, schema), tmp_path / "t.parquet"
    )
    with pytest.raises(BrokenFileError, match="a message is not what it should be"):
        load_pairs([str(tmp_path / "t.parquet")])
