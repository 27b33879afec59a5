"""The real files of ../shared/upstream, each in its own layout."""

from pathlib import Path
from typing import Any

import pytest

FILES = {
    "demos/dpo_zh_demo.json": ("sharegpt", "zh"),
    "demos/dpo_en_demo.json": ("sharegpt", "en"),
    "hiyouga/LLaMA-Factory/data/comparison_gpt4_data_zh.json": ("llamafactory", "zh"),
    "hiyouga/LLaMA-Factory/data/comparison_gpt4_data_en.json": ("llamafactory-old", "en"),
    "hiyouga/LLaMA-Factory/data/oaast_rm_zh.json": ("llamafactory-old", "zh"),
}


@pytest.mark.shared
@pytest.mark.parametrize("name", FILES)
def test_a_real_file_is_read_in_its_layout(name: str, lint: Any, shared: Path) -> None:
    layout, lang = FILES[name]
    linted = lint(shared / "upstream" / name)
    (file,) = linted.said["files"]
    assert file["layout"] == layout
    assert "unreadable_row" not in linted.counts
    assert linted.said["pairs"] >= 0.9 * linted.said["rows"] > 0
    assert linted.said["pairs_by_language"][lang] >= 0.9 * linted.said["pairs"]


@pytest.mark.shared
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_instructions_without_preferences_are_refused(lang: str, refused: Any, shared: Path) -> None:
    said = refused(shared / f"upstream/hiyouga/LLaMA-Factory/data/alpaca_gpt4_data_{lang}.json", status=1)
    assert "no known layout; the first row has instruction (string), input (string), output (string)" in said
