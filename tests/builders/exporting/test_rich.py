"""Pairs with tools and reasoning: each format writes its own form, or leaves them out and counts them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders import build, export
from sources.layouts.find import find_layout, row_reader
from sources.layouts.layout import Draft

TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}}
CALL = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": {"city": "杭州"}}}
ASKED = {"role": "user", "content": "杭州今天天气怎么样？"}
CALLED = {"role": "assistant", "content": "", "tool_calls": [CALL]}
RESULT = {"role": "tool", "content": "21 度，多云", "tool_call_id": "c1"}


def said(content: str, **more: str) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **more}


ROWS = [
    {"tools": [TOOL], "prompt": [ASKED], "chosen": [CALLED], "rejected": [said("我猜今天是晴天。")]},
    {
        "tools": [TOOL],
        "prompt": [{**ASKED, "content": "成都现在几度？"}, CALLED, RESULT],
        "chosen": [said("现在二十一度，多云。")],
        "rejected": [said("我不知道现在几度。")],
    },
    {
        "prompt": [{**ASKED, "content": "一加一等于几？"}],
        "chosen": [said("等于二。", reasoning_content="这是简单的加法。")],
        "rejected": [said("大概等于三吧。")],
    },
    {
        "prompt": "推荐一道适合新手的家常菜。",
        "chosen": "可以试试番茄炒蛋，做法很简单。",
        "rejected": "随便吃点什么就好。",
    },
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rich")
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)
    (folder / "rich.jsonl").write_text(lines, encoding="utf-8")
    result = build(lang="zh", sample=True, add=folder / "rich.jsonl", add_licence="MIT", only_added=True, out=folder)
    assert result.pairs.column_names[4] == "tools"
    return result.folder


@pytest.fixture
def rows(built: Path, tmp_path: Path) -> Callable[[str], list[dict[str, Any]]]:
    """The rows of an export as the datasets library gives them."""
    from datasets import load_dataset

    def exported(name: str) -> list[dict[str, Any]]:
        export(built, format=name, to=tmp_path / name)
        (path,) = (tmp_path / name).rglob("train.*")
        kind = "parquet" if path.suffix == ".parquet" else "json"
        return list(load_dataset(kind, data_files=str(path), cache_dir=str(tmp_path / "cache"), split="train"))

    return exported


def without_nulls(value: Any) -> Any:
    """The value without the keys that the datasets library fills in."""
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def test_trl_gets_messages_as_they_are(rows: Any) -> None:
    found = rows("trl")
    assert len(found) == 4
    first = next(row for row in found if row["prompt"] == [ASKED])
    assert (first["chosen"], first["tools"]) == ([CALLED], [TOOL])


def test_llama_factory_gets_turns_of_function_call_and_observation(rows: Any, tmp_path: Path) -> None:
    found = rows("llamafactory")
    calls = {row["conversations"][0]["value"]: row for row in found}
    assert calls[ASKED["content"]]["chosen"] == {
        "from": "function_call",
        "value": json.dumps(CALL["function"], ensure_ascii=False),
    }
    roles = [turn["from"] for turn in calls["成都现在几度？"]["conversations"]]
    assert roles == ["human", "function_call", "observation"]
    assert calls["一加一等于几？"]["chosen"]["value"] == "<think>\n这是简单的加法。\n</think>\n\n等于二。"
    (info,) = (tmp_path / "llamafactory").rglob("dataset_info.json")
    (entry,) = json.loads(info.read_text(encoding="utf-8")).values()
    assert entry["columns"]["tools"] == "tools"
    assert [bool(row["tools"]) for row in found].count(True) == 2


def test_ms_swift_gets_both_dialogues_and_both_tools(rows: Any) -> None:
    found = {row["messages"][0]["content"]: without_nulls(row) for row in rows("ms-swift")}
    called = found["成都现在几度？"]
    assert [turn["role"] for turn in called["messages"]] == ["user", "tool_call", "tool_response", "assistant"]
    assert called["tools"] == called["rejected_tools"] == json.dumps([TOOL], ensure_ascii=False)
    assert called["messages"][:3] == called["rejected_messages"][:3]


@pytest.mark.parametrize(
    ("name", "left_out"),
    [
        ("axolotl", {"has_tools": 2}),
        ("openrlhf", {"more_than_text": 3}),
        ("kto", {"more_than_text": 3}),
        ("trl-standard", {"more_than_text": 3}),
        ("trl", {}),
        ("llamafactory", {}),
        ("ms-swift", {}),
    ],
)
def test_what_a_format_cannot_hold_is_counted(name: str, left_out: dict[str, int], built: Path, tmp_path: Path) -> None:
    export(built, format=name, to=tmp_path / "out")
    (account,) = (tmp_path / "out").rglob("exported.json")
    assert json.loads(account.read_text(encoding="utf-8"))["total"]["left_out"] == left_out


@pytest.mark.parametrize("name", ["trl", "llamafactory", "ms-swift", "axolotl"])
def test_an_export_is_found_and_read_back_without_naming_it(name: str, rows: Any) -> None:
    found = rows(name)
    reader = row_reader(find_layout(found, name).name, is_named=False)
    drafts = [draft for row in found for draft in reader(row).drafts if isinstance(draft, Draft)]
    assert len(drafts) == len(found)
    called = [draft for draft in drafts if draft.prompt[0]["content"] == "成都现在几度？"]
    for draft in called:
        assert draft.tools == [TOOL]
        assert draft.prompt[1]["tool_calls"][0]["function"] == CALL["function"]
