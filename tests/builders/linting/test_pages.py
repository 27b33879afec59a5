"""The page of each rule: it is there, it is short, --explain prints it, and its example is really found."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from builders.lint_prefs import main
from builders.linting.rules import PAGES, RULES, explain, find_rule

FOLDER = PAGES[-1]
BLOCK = re.compile(r"^```(jsonl?)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LONG = re.compile("<([0-9]+) characters>")
CODES = [rule.code for rule in RULES]


def test_every_rule_has_a_page_and_every_page_a_rule() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.md")) == sorted(CODES)


def test_the_pages_go_into_the_wheel() -> None:
    project = (FOLDER.parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    assert '"docs/rules" = "builders/linting/pages"' in project


@pytest.mark.parametrize("code", CODES)
def test_a_page_is_short_and_says_the_five_things(code: str) -> None:
    lines = (FOLDER / f"{code}.md").read_text(encoding="utf-8").splitlines()
    assert lines[0] == f"# {code} ({find_rule(code, '').severity})"
    assert 12 <= len(lines) <= 30
    headings = [line for line in lines if line.startswith("## ")]
    assert headings == ["## Why it matters", "## Example", "## How to fix", "## What it does not find"]


@pytest.mark.parametrize("code", CODES)
def test_explain_prints_the_page(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--explain", code]) == 0
    printed = capsys.readouterr().out
    words = re.findall("[a-z]{5,}", explain(find_rule(code, "")).partition("## Example")[0])
    assert [word for word in words if word not in printed] == []


def place_blocks(page: str, folder: Path) -> list[Path]:
    """The files of the page's example, as they would lie in a folder."""
    paths = []
    for kind, name, block in BLOCK.findall(page):
        path = folder / (name or f"data.{kind}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(LONG.sub(lambda found: "x" * int(found[1]), block), encoding="utf-8")
        paths.append(path)
    return paths


@pytest.mark.parametrize("code", CODES)
def test_the_example_of_a_page_is_found(code: str, lint: Any, tmp_path: Path, words: Path) -> None:
    page = (FOLDER / f"{code}.md").read_text(encoding="utf-8")
    folder = tmp_path / "example"
    data = [path for path in place_blocks(page, folder) if path.parent == folder]
    flags: list[object] = []
    if code == "contaminated":
        flags = ["--benchmarks", folder / "benchmarks"]
    if code == "truncated":
        flags = ["--tokenizer", words, "--max-tokens", 8]
        assert "`--max-tokens 8`" in page
    if code in ("length_bias", "format_giveaway"):
        (row,) = json.loads(data[0].read_text(encoding="utf-8"))
        data[0].write_text(json.dumps([row | {"prompt": f"{row['prompt']} ({n})"} for n in range(100)]))
    linted = lint(data[0] if len(data) == 1 else folder, *flags)
    assert code in linted.counts
    allowed = {"contradiction": {"contradiction"}, "over_length": {"over_length", "repetition"}}
    allowed |= {bias: {bias, "near_duplicate"} for bias in ("length_bias", "format_giveaway")}
    assert set(linted.counts) <= allowed.get(code, {code})
