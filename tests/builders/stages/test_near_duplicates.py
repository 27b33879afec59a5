"""Pairs of nearly the same text: verified side by side, the earliest kept."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.stages.found import Found
from builders.stages.near_duplicates import find_near_duplicates, portions, verify

MakeSample = Callable[..., Any]
Row = tuple[str, str, str]


def passage(seed: int, chars: int = 200) -> str:
    """A text of random Han characters: two of different seeds share no n-gram."""
    drawn = np.random.default_rng(seed).integers(0x4E00, 0x9FA0, chars)
    return "".join(map(chr, drawn.tolist()))


def edited(text: str, places: list[int]) -> str:
    """The text with another character at some places: each edit changes four n-grams."""
    letters = list(text)
    for place in places:
        letters[place] = "囍"
    return "".join(letters)


PROMPT, CHOSEN, REJECTED = passage(1), passage(2), passage(3)
ROW = (PROMPT, CHOSEN, REJECTED)


def find(sample: Any, alive: np.ndarray | None = None, threshold: float = 0.8, workers: int = 1) -> Found:
    alive = sample.alive if alive is None else alive
    (found,) = find_near_duplicates(sample.keys, alive, sample.pair_texts, threshold, workers)
    assert found.reason == "near_duplicate"
    return found


def twins(*args: Any, **kwargs: Any) -> dict[int, int]:
    found = find(*args, **kwargs)
    assert found.twins is not None
    return dict(zip(found.rows.tolist(), found.twins.tolist(), strict=True))


@pytest.mark.parametrize(
    "other",
    [
        ROW,
        (edited(PROMPT, [50]), CHOSEN, REJECTED),
        (PROMPT, edited(CHOSEN, [20, 120]), edited(REJECTED, [7])),
        (PROMPT + "。", "，".join([CHOSEN[:100], CHOSEN[100:]]), REJECTED.replace("", " ")),
    ],
)
def test_a_pair_with_few_edits_is_a_near_duplicate(make_sample: MakeSample, other: Row) -> None:
    assert twins(make_sample([ROW, other])) == {1: 0}


@pytest.mark.parametrize(
    "other",
    [
        (PROMPT, CHOSEN, passage(4)),
        (PROMPT, passage(5), REJECTED),
        (passage(6), CHOSEN, REJECTED),
        (PROMPT, REJECTED, CHOSEN),
        (PROMPT, CHOSEN, REJECTED[:100]),
        (PROMPT, CHOSEN, edited(REJECTED, list(range(0, 200, 4)))),
    ],
)
def test_a_pair_with_one_side_that_differs_is_none(make_sample: MakeSample, other: Row) -> None:
    assert twins(make_sample([ROW, other])) == {}


def test_a_ranking_with_the_same_prompt_and_chosen_is_kept_whole(make_sample: MakeSample) -> None:
    assert twins(make_sample([(PROMPT, CHOSEN, passage(seed)) for seed in range(10, 14)])) == {}


def test_short_texts_must_be_equal(make_sample: MakeSample) -> None:
    rows = [(PROMPT, CHOSEN, "好的"), (PROMPT, CHOSEN, "好吧"), (PROMPT, CHOSEN, "好，的")]
    assert twins(make_sample(rows)) == {2: 0}


def test_english_is_compared_in_wider_ngrams(make_sample: MakeSample) -> None:
    words = " ".join(f"word{place * 7919 % 1009}" for place in range(60))
    rows = [(words, words, "No."), (words + "!", words.upper(), "No."), (words, words, "Yes.")]
    assert twins(make_sample(rows, lang="en")) == {1: 0}


def test_the_evidence_says_how_similar_the_least_similar_side_is(make_sample: MakeSample) -> None:
    found = find(make_sample([ROW, (PROMPT, CHOSEN, edited(REJECTED, [100]))]))
    assert found.notes == {1: f"similarity {193 / 201:.3f}"}


def test_the_threshold_itself_counts_as_similar(make_sample: MakeSample) -> None:
    sample = make_sample([ROW, (PROMPT, CHOSEN, edited(REJECTED, [100]))])
    assert twins(sample, threshold=0.994) == {1: 0}
    assert twins(sample, threshold=0.996) == {}


def chain(length: int) -> list[Row]:
    """Rows of which each resembles its neighbours, and the first not the third."""
    return [(PROMPT, CHOSEN, edited(REJECTED, list(range(0, step * 80, 2)))) for step in range(length)]


def test_a_pair_is_only_dropped_for_a_twin_that_stays(make_sample: MakeSample) -> None:
    sample = make_sample(chain(3))
    similarity = verify(np.array([[0, 1], [1, 2], [0, 2]]), sample.keys, sample.pair_texts, 0.6).tolist()
    assert min(similarity[:2]) > 0.75 > similarity[2]
    assert twins(sample, threshold=0.75) == {1: 0}


def test_a_dropped_row_is_neither_twin_nor_found(make_sample: MakeSample) -> None:
    sample = make_sample([ROW, ROW, ROW])
    assert twins(sample, np.array([False, True, True])) == {2: 1}


def test_nothing_is_found_among_nothing(make_sample: MakeSample) -> None:
    assert twins(make_sample([])) == twins(make_sample([ROW])) == {}


EDITS = st.lists(st.sampled_from(range(0, 200, 12)), max_size=6).map(lambda places: edited(CHOSEN, places))
ROWS = st.lists(st.tuples(st.sampled_from([PROMPT, passage(8)]), EDITS, st.sampled_from(["好", REJECTED])), max_size=9)


@given(ROWS)
def test_every_dropped_pair_has_a_kept_earlier_twin_that_is_similar(make_sample: MakeSample, rows: list[Row]) -> None:
    sample = make_sample(rows)
    found = twins(sample)
    pairs = np.array([[twin, row] for row, twin in found.items()], dtype=np.int64).reshape(-1, 2)
    assert not set(found.values()) & set(found)
    assert (pairs[:, 0] < pairs[:, 1]).all()
    assert (verify(pairs, sample.keys, sample.pair_texts, 0.8) >= 0.8).all()


@given(ROWS)
def test_no_two_kept_pairs_are_near_duplicates(make_sample: MakeSample, rows: list[Row]) -> None:
    sample = make_sample(rows)
    alive = sample.alive
    alive[list(twins(sample))] = False
    assert twins(sample, alive) == {}


@given(ROWS, st.integers(2, 3))
def test_the_number_of_workers_changes_nothing(make_sample: MakeSample, rows: list[Row], workers: int) -> None:
    sample = make_sample(rows)
    one, many = find(sample), find(sample, workers=workers)
    assert (one.rows.tolist(), one.notes) == (many.rows.tolist(), many.notes)


@given(ROWS, st.data())
def test_rows_that_are_out_change_nothing_for_those_that_are_in(
    make_sample: MakeSample, rows: list[Row], data: st.DataObject
) -> None:
    alive = np.array(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))), dtype=bool)
    inside = np.flatnonzero(alive)
    alone = twins(make_sample([rows[place] for place in inside]))
    assert twins(make_sample(rows), alive) == {int(inside[row]): int(inside[twin]) for row, twin in alone.items()}


@given(st.lists(st.sampled_from([ROW, (passage(8), "好", "坏"), (passage(9), CHOSEN, "坏")]), max_size=9), st.data())
def test_what_is_kept_of_equal_pairs_does_not_depend_on_the_order(
    make_sample: MakeSample, rows: list[Row], data: st.DataObject
) -> None:
    permuted = data.draw(st.permutations(rows))

    def kept(some: list[Row]) -> set[Row]:
        dropped = twins(make_sample(some))
        return {row for place, row in enumerate(some) if place not in dropped}

    assert kept(permuted) == kept(rows) == set(rows)


@given(st.integers(0, 40), st.integers(1, 10))
def test_portions_hold_all_candidates_in_order_and_none_is_too_large(count: int, size: int) -> None:
    pairs = np.arange(2 * count).reshape(-1, 2)
    parts = portions(pairs, size)
    assert np.concatenate(parts).tolist() == pairs.tolist()
    assert len(parts) >= 2
    assert max(map(len, parts)) <= size
