"""A pair once one way round and once the other is dropped both times."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.stages.contradictions import find_contradictions
from builders.stages.found import Found

MakeSample = Callable[..., Any]
Row = tuple[str, str, str]

ANSWERS = st.permutations(["甲", "乙", "丙"]).map(lambda order: (order[0], order[1]))
ROWS = st.lists(st.tuples(st.sampled_from(["问", "题"]), ANSWERS).map(lambda row: (row[0], *row[1])), max_size=10)


def find(sample: Any, alive: np.ndarray | None = None) -> list[Found]:
    return find_contradictions(sample.keys, sample.alive if alive is None else alive, sample.pair_texts, 0.8, 1)


def twins(sample: Any, alive: np.ndarray | None = None) -> dict[int, int]:
    found, _, _ = find(sample, alive)
    assert found.reason == "contradiction"
    assert found.twins is not None
    return dict(zip(found.rows.tolist(), found.twins.tolist(), strict=True))


def test_both_pairs_are_dropped_each_as_the_others_twin(make_sample: MakeSample) -> None:
    rows = [("问", "甲", "乙"), ("别的", "甲", "乙"), ("问", "乙", "甲")]
    assert twins(make_sample(rows)) == {0: 2, 2: 0}


def test_width_and_white_space_do_not_hide_a_contradiction(make_sample: MakeSample) -> None:
    rows = [("Who?", "A b", "C"), (" Ｗho？", "C\n", "Ab")]
    assert twins(make_sample(rows, lang="en")) == {0: 1, 1: 0}


@pytest.mark.parametrize(
    "rows",
    [
        [("问", "甲", "乙"), ("问", "乙", "丙"), ("问", "甲", "丙")],
        [("问", "甲", "乙"), ("题", "乙", "甲")],
        [("问", "甲", "乙"), ("问", "甲", "乙")],
        [("问", "甲", "乙"), ("问", "丙", "甲")],
        [],
    ],
)
def test_rankings_and_other_prompts_contradict_nothing(make_sample: MakeSample, rows: list[Row]) -> None:
    assert twins(make_sample(rows)) == {}


def test_languages_do_not_contradict_each_other(make_sample: MakeSample) -> None:
    assert twins(make_sample([("?", "A", "B"), ("?", "B", "A")], lang=["zh", "en"])) == {}


def test_rows_that_are_dropped_contradict_nothing(make_sample: MakeSample) -> None:
    assert twins(make_sample([("问", "甲", "乙"), ("问", "乙", "甲")]), np.array([True, False])) == {}


def test_a_pair_does_not_contradict_itself(make_sample: MakeSample) -> None:
    assert twins(make_sample([("问", "甲", "甲")])) == {}


@given(ROWS)
def test_exactly_the_pairs_that_stand_the_other_way_round_are_found(make_sample: MakeSample, rows: list[Row]) -> None:
    found = twins(make_sample(rows))
    assert set(found) == {place for place, (q, a, b) in enumerate(rows) if (q, b, a) in rows}
    for row, twin in found.items():
        assert rows[twin] == (rows[row][0], rows[row][2], rows[row][1])


@given(ROWS, st.data())
def test_what_is_dropped_does_not_depend_on_the_order(
    make_sample: MakeSample, rows: list[Row], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(rows))))
    permuted = twins(make_sample([rows[place] for place in order]))
    assert {order[place] for place in permuted} == set(twins(make_sample(rows)))


@given(ROWS)
def test_what_is_kept_has_no_contradictions(make_sample: MakeSample, rows: list[Row]) -> None:
    sample = make_sample(rows)
    alive = sample.alive
    alive[list(twins(sample))] = False
    assert twins(sample, alive) == {}


def circles(sample: Any) -> dict[int, int]:
    *_, found = find(sample)
    assert found.reason == "preference_cycle"
    assert found.twins is not None
    return dict(zip(found.rows.tolist(), found.twins.tolist(), strict=True))


def test_answers_in_a_circle_are_found_each_with_the_next(make_sample: MakeSample) -> None:
    rows = [
        ("问", "甲", "乙"),
        ("问", "乙", "丙"),
        ("别", "乙", "丙"),
        ("问", "丙", "甲"),
        ("问", "丁", "甲"),
        ("问", "乙", "戊"),
    ]
    assert circles(make_sample(rows)) == {0: 1, 1: 3, 3: 0}


def test_a_pair_between_two_circles_is_in_none(make_sample: MakeSample) -> None:
    one = [("Q", "a", "b"), ("Q", "b", "c"), ("Q", "c", "a")]
    other = [("Q", "x", "y"), ("Q", "y", "z"), ("Q", "z", "x")]
    assert set(circles(make_sample([*one, *other, ("Q", "a", "x")], lang="en"))) == {0, 1, 2, 3, 4, 5}


@pytest.mark.parametrize(
    "rows",
    [
        [("问", "甲", "乙"), ("问", "乙", "丙"), ("问", "甲", "丙")],
        [("问", "甲", "乙"), ("问", "乙", "丙"), ("题", "丙", "甲")],
        [("问", "甲", "乙"), ("问", "乙", "甲")],
        [("问", "甲", "甲")],
        [],
    ],
)
def test_rankings_and_plain_contradictions_are_no_circles(make_sample: MakeSample, rows: list[Row]) -> None:
    assert circles(make_sample(rows)) == {}
