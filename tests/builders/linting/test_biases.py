"""Giveaways in whole files: formats of one side, and how far one gets without the prompt."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from builders.lint_prefs import main
from tests.builders.linting.conftest import Lint, Rows
from tests.builders.measures.planted import (
    Plant,
    longer,
    marked_up,
    nothing,
    other_language,
    phrase,
    refusing,
    rows,
    with_emoji,
)

Write = Callable[..., Path]
SIGNS: list[tuple[Plant, str]] = [(marked_up, "lists"), (with_emoji, "emoji"), (other_language, "another language")]
INNOCENT: list[Plant] = [nothing, longer, phrase, refusing]


def table(plant: Plant, count: int, lang: str, share: float = 1.0) -> Rows:
    return [dict(zip(("prompt", "chosen", "rejected"), row, strict=True)) for row in rows(plant, count, lang, share)]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(("plant", "words"), SIGNS)
def test_a_format_of_one_side_is_found_beside_the_auc_of_length(
    lint: Lint, write: Write, plant: Plant, words: str, lang: str
) -> None:
    linted = lint(write(table(plant, 120, lang)))
    assert linted.counts["format_giveaway"] == 120
    evidence = [evidence for _, evidence in linted.examples("format_giveaway")]
    assert any(words in one and "AUC" in one and "length alone" in one for one in evidence)


@pytest.mark.parametrize("plant", [plant for plant, _ in SIGNS])
def test_a_format_on_either_side_gives_nothing_away(lint: Lint, write: Write, plant: Plant) -> None:
    assert "format_giveaway" not in lint(write(table(plant, 300, "zh", 0.5))).counts


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("plant", INNOCENT)
def test_other_giveaways_are_no_format(lint: Lint, write: Write, plant: Plant, lang: str) -> None:
    assert "format_giveaway" not in lint(write(table(plant, 120, lang))).counts


def test_a_rare_format_that_is_always_chosen_is_found(lint: Lint, write: Write) -> None:
    rare = lint(write(table(nothing, 900, "zh") + table(with_emoji, 60, "zh")))
    assert rare.counts["format_giveaway"] == 60
    assert lint(write(table(nothing, 900, "zh") + table(with_emoji, 40, "zh"))).counts.get("format_giveaway") is None


def test_a_small_file_says_nothing_of_formats(lint: Lint, write: Write) -> None:
    assert "format_giveaway" not in lint(write(table(marked_up, 99, "zh"))).counts


def test_the_json_has_the_giveaways_of_each_file(lint: Lint, write: Write) -> None:
    write(table(phrase, 300, "en"), "train-00000-of-00002.jsonl")
    write(table(phrase, 200, "en", 0.5), "train-00001-of-00002.jsonl")
    write(table(nothing, 49, "en"), "small.jsonl")
    folder = write(table(nothing, 300, "zh", 0.5), "other.jsonl").parent
    other, train = sorted(lint(folder).said["giveaways"], key=lambda one: str(one["source"]))
    assert (other["source"], train["source"]) == ("other.jsonl", "train-*.jsonl")
    assert (train["pairs"], train["sampled"]) == (500, 500)
    assert list(train["rules"]) == ["longer", "markdown", "no_refusal", "language"]
    assert train["classifier"]["low"] <= 0.8 <= train["classifier"]["high"]
    assert other["classifier"]["low"] <= 0.5 <= other["classifier"]["high"]


def test_the_order_of_the_rows_does_not_matter(lint: Lint, write: Write) -> None:
    said = table(marked_up, 200, "zh", 0.7)
    shuffled = [said[place] for place in np.random.default_rng(0).permutation(200)]
    there, back = (lint(write(each)).said["giveaways"] for each in (said, shuffled))
    assert there == back
    assert len(there) == 1


def test_the_screen_says_a_line_where_it_is_notable(write: Write, capsys: pytest.CaptureFixture[Any]) -> None:
    assert main([str(write(table(longer, 100, "zh"))), "--fail-on", "never", "--workers", "1"]) == 0
    said = capsys.readouterr().out
    assert "given away  data.jsonl: without the prompt the chosen answer is picked 100% of the time" in said
    assert "“longer” alone 100%" in said
    assert main([str(write(table(nothing, 100, "zh"))), "--fail-on", "never", "--workers", "1"]) == 0
    assert "given away" not in capsys.readouterr().out
