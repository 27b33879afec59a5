"""Items of one template are pairs of their own, and copies of texts with edits are found."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from builders.stages.near_duplicates import find_near_duplicates, verify
from builders.stages.similar import alike, candidates
from sources.text.minhash import bands_of
from tests.builders.stages.template_tasks import TASKS, Row, edited, template_rows

MakeSample = Callable[..., Any]
ITEMS = 200
SHARES = [0.01, 0.02, 0.03, 0.05, 0.08, 0.1, 0.12, 0.15]
MIN_CHARS = 40
"""Of shorter texts 15 % are a word: another item, or another label."""


def dropped(make_sample: MakeSample, rows: list[Row], lang: str) -> set[int]:
    sample = make_sample(rows, lang=lang)
    (found,) = find_near_duplicates(sample.keys, sample.alive, sample.pair_texts, 0.8, 1)
    return set(found.rows.tolist())


@pytest.fixture(scope="module", params=["zh", "en"])
def real(request: pytest.FixtureRequest, shared: Path) -> tuple[str, list[Row]]:
    """Real pairs of a language; each prompt once."""
    rows = json.loads((shared / f"upstream/demos/dpo_{request.param}_demo.json").read_text(encoding="utf-8"))
    found = {}
    for row in rows:
        prompt = "\n".join(turn["value"] for turn in row["conversations"])
        sides = (prompt, row["chosen"]["value"], row["rejected"]["value"])
        if min(map(len, sides)) >= MIN_CHARS:
            found[prompt[:60]] = sides
    return request.param, list(found.values())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_of_ten_kinds_of_template_tasks_hardly_an_item_is_dropped(make_sample: MakeSample, lang: str) -> None:
    rows = [row for task in TASKS for row in template_rows(task, lang, ITEMS)]
    assert len(rows) == len(TASKS) * ITEMS
    lost = dropped(make_sample, rows, lang)
    assert len(lost) < 0.01 * len(rows), [rows[place] for place in sorted(lost)]


@pytest.mark.parametrize("sides", [(0,), (1,), (0, 1, 2)])
def test_real_texts_with_edits_are_found(
    make_sample: MakeSample, real: tuple[str, list[Row]], sides: tuple[int, ...]
) -> None:
    lang, rows = real
    assert len(rows) > 50
    found = planted = 0
    for share in SHARES:
        rng = random.Random(str(share))
        copies = [
            tuple(edited(text, share if side in sides else 0, rng) for side, text in enumerate(row)) for row in rows
        ]
        lost = dropped(make_sample, [*rows, *copies], lang)  # type: ignore[list-item]
        found += sum(place >= len(rows) for place in lost)
        planted += len(copies)
    assert found >= 0.99 * planted, (found, planted)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_copies_with_edits_of_items_of_a_template_are_found(make_sample: MakeSample, lang: str) -> None:
    rows = [row for task in ("arithmetic", "review", "sql") for row in template_rows(task, lang, ITEMS)]
    rng = random.Random(3)
    copies = [tuple(edited(text, share, rng) for text in row) for row in rows[::10] for share in (0.05, 0.1)]
    lost = dropped(make_sample, [*rows, *copies], lang)  # type: ignore[list-item]
    assert sum(place >= len(rows) for place in lost) >= 0.99 * len(copies)
    assert sum(place < len(rows) for place in lost) < 0.01 * len(rows)


def test_ten_comments_to_moderate_are_ten_pairs(make_sample: MakeSample, shared: Path) -> None:
    for name in ("34d-moderation-template", "34-math-numbers", "34b-tool-args", "35b-one-prompt-many-rejected"):
        lines = (shared / f"cases/{name}.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [tuple(json.loads(line)[side] for side in ("prompt", "chosen", "rejected")) for line in lines]
        assert dropped(make_sample, rows, "zh") == set(), name  # type: ignore[arg-type]


def test_two_items_with_labels_for_answers_are_two_pairs(make_sample: MakeSample) -> None:
    for lang in ("zh", "en"):
        rows = [(prompt, "A", "B") for prompt, _, _ in template_rows("sentiment", lang, 2)]
        assert dropped(make_sample, rows, lang) == set()
        again = [(f"{rows[0][0]}!!", "A", "B"), (rows[0][0].replace("e", "", 1).replace("话", "", 1), "A", "B")]
        assert dropped(make_sample, [*rows, *again], lang) == {2, 3}


def test_many_edited_copies_of_one_text_are_no_template(make_sample: MakeSample, real: tuple[str, list[Row]]) -> None:
    lang, rows = real
    rng = random.Random(1)
    copies = [tuple(edited(text, 0.04, rng) for text in rows[3]) for _ in range(12)]
    assert dropped(make_sample, [rows[3], *copies], lang) == set(range(1, 13))  # type: ignore[list-item]


def test_sums_with_other_numbers_are_other_sums(make_sample: MakeSample) -> None:
    asked = "某商店进了{}箱苹果，每箱{}个，卖掉一半以后又进了三箱，请问现在一共有多少个苹果？"
    rows = [
        (asked.format(boxes, 24), "请看下面的计算过程和最后的结果。", "我不知道怎么算这个题目。") for boxes in (12, 14)
    ]
    assert dropped(make_sample, rows, "zh") == set()


def test_of_a_crowd_only_texts_of_about_equal_length_are_compared(
    make_sample: MakeSample, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(0)
    rows = [row for task in list(TASKS)[:2] for row in template_rows(task, "zh", ITEMS)]
    rows = [(prompt, chosen + "好" * rng.choice((0, 40)), rejected) for prompt, chosen, rejected in rows]
    sample = make_sample(rows)
    compared: list[np.ndarray] = []

    def watch(pairs: np.ndarray, *given: Any, **named: Any) -> np.ndarray:
        compared.append(pairs)
        return verify(pairs, *given, **named)

    monkeypatch.setattr("builders.stages.near_duplicates.verify", watch)
    find_near_duplicates(sample.keys, sample.alive, sample.pair_texts, 0.8, 1)
    pairs = np.concatenate(compared)
    sizes = sample.keys.side_sizes
    bands = {tuple(pair) for pair in candidates(bands_of(sample.keys.pair_digests), 1).tolist()}
    alone = np.array([tuple(pair) not in bands for pair in pairs.tolist()])
    assert alone.sum() > 10
    assert alike(sizes[pairs[alone, 0]], sizes[pairs[alone, 1]], 0.8).all()
