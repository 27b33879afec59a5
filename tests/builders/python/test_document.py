"""docs/python.md: its examples give what it shows."""

import doctest
import json
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parents[3] / "docs" / "python.md"

ASKED = ["介绍一下春天。", "怎样煮鸡蛋？", "天空为什么是蓝色的？", "推荐一本书。", "什么是彩虹？", "写一句生日祝福。"]


def row(asked: str, chosen: str, rejected: str) -> dict[str, str]:
    return {"instruction": asked, "input": "", "chosen": chosen, "rejected": rejected}


ROWS = [
    *(row(asked, f"好的，{asked[:-1]}，我来说说。", f"{asked[0]}，不知道。") for asked in ASKED),
    row("用一句话介绍大海。", "大海一望无际。", "大海一望无际。"),
]


def test_the_examples_give_what_the_document_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)
    Path("my.jsonl").write_text(lines, encoding="utf-8")
    # The fences of Markdown are no part of the examples: the blank line before each ends the expected output.
    failed, tried = doctest.testfile(str(DOCUMENT), module_relative=False, verbose=False, encoding="utf-8")
    assert tried > 15
    assert not failed
