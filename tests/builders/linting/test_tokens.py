"""Truncation under a tokenizer that the user gives."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def test_only_pairs_with_more_tokens_than_the_limit_are_found(
    lint: Any, write: Callable[..., Path], pair: Any, words: Path
) -> None:
    rows = [
        pair("one two three", "four five", "six"),
        pair("two three one", "four", "five six"),
        pair("three one two", "four five six", "six"),
    ]
    linted = lint(write(rows), "--tokenizer", words, "--max-tokens", "5")
    assert linted.counts == {"truncated": 1}
    assert linted.examples("truncated") == [("data.jsonl:2 (three one two)", "6 tokens, at most 5")]
    assert linted.status == 0
    assert lint(write(rows), "--tokenizer", words, "--max-tokens", "4").counts == {"truncated": 3}
    assert lint(write(rows), "--tokenizer", words.parent, "--max-tokens", "6").counts == {}


def test_all_turns_of_the_prompt_count(lint: Any, write: Callable[..., Path], words: Path) -> None:
    turns = [("user", "one two"), ("assistant", "three"), ("user", "four five")]
    row = {
        "prompt": [{"role": role, "content": content} for role, content in turns],
        "chosen": [{"role": "assistant", "content": "six"}],
        "rejected": [{"role": "assistant", "content": "no"}],
    }
    assert lint(write([row]), "--tokenizer", words, "--max-tokens", "5").counts == {"truncated": 1}
    assert lint(write([row]), "--tokenizer", words, "--max-tokens", "6").counts == {}


def test_a_file_that_cuts_or_pads_or_adds_tokens_does_not_change_the_count(
    lint: Any, write: Callable[..., Path], pair: Any, words: Path
) -> None:
    from tokenizers import Tokenizer, processors

    tokenizer = Tokenizer.from_file(str(words))
    tokenizer.post_processor = processors.TemplateProcessing(single="[UNK] $A [UNK]", special_tokens=[("[UNK]", 0)])
    path = write([pair("one two", "three four", "five"), pair("one", "two", "three")])
    for change in (lambda: tokenizer.enable_truncation(2), lambda: tokenizer.enable_padding(length=64)):
        change()
        tokenizer.save(str(words))
        assert lint(path, "--tokenizer", words, "--max-tokens", "3").counts == {"truncated": 1}
        assert lint(path, "--tokenizer", words, "--max-tokens", "4").counts == {}


def test_without_a_tokenizer_nothing_is_counted(lint: Any, write: Callable[..., Path], pair: Any) -> None:
    assert lint(write([pair()]), "--max-tokens", "1").counts == {}


def test_the_package_may_be_missing(
    refused: Callable[..., str], write: Callable[..., Path], pair: Any, words: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    said = refused(write([pair()]), "--tokenizer", words, status=2)
    assert said == "lint-prefs: package tokenizers: not installed. Run: pip install tokenizers\n"


def test_a_tokenizer_that_is_not_there_or_is_none_is_said(
    refused: Callable[..., str], write: Callable[..., Path], pair: Any, tmp_path: Path
) -> None:
    data = write([pair()])
    assert "no tokenizer.json" in refused(data, "--tokenizer", tmp_path / "none", status=1)
    assert "no tokenizer.json" in refused(data, "--tokenizer", tmp_path, status=1)
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": 1}))
    assert "is no tokenizer (" in refused(data, "--tokenizer", tmp_path, status=1)
