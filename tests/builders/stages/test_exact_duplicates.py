"""Of equal pairs the first is kept."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.stages.exact_duplicates import find_exact_duplicates
from builders.stages.found import equal_neighbours
from builders.stages.keys import Keys

MakeSample = Callable[..., Any]
Row = tuple[str, str, str]

ROW = ("你好吗？", "我很好，谢谢。", "不好。")
SIDE = st.sampled_from(["甲", "乙", "a b", "ab"])
ROWS = st.lists(st.tuples(SIDE, SIDE, SIDE), max_size=12)


def twins(keys: Keys, alive: np.ndarray | None = None) -> dict[int, int]:
    """Each dropped row with its twin."""
    (found,) = find_exact_duplicates(keys, keys.alive if alive is None else alive)
    assert found.reason == "exact_duplicate"
    assert found.twins is not None
    return dict(zip(found.rows.tolist(), found.twins.tolist(), strict=True))


@pytest.mark.parametrize(
    "other",
    [
        ROW,
        ("你好吗？\n", "\n我很好，谢谢。", " 不好。"),
        ("你好吗?", "我很好,谢谢。", "不好。"),
        ("你好吗？", "我很好，\n谢谢。", "不好。\r\n"),
    ],
)
def test_pairs_that_differ_in_width_and_line_breaks_are_equal(make_sample: MakeSample, other: Row) -> None:
    assert twins(make_sample([ROW, ("别的", "问题", "呢"), other]).keys) == {2: 0}


@pytest.mark.parametrize(
    "other",
    [
        ("你好", "我很好，谢谢。", "不好。"),
        ("你好吗？", "我很好，谢谢", "不好。"),
        ("你好吗？", "不好。", "我很好，谢谢。"),
        ("你好吗？", "我 很好，谢谢。", "不好。"),
    ],
)
def test_pairs_that_differ_in_more_are_kept(make_sample: MakeSample, other: Row) -> None:
    assert twins(make_sample([ROW, other]).keys) == {}


def test_the_same_words_in_two_languages_are_no_duplicates(make_sample: MakeSample) -> None:
    assert twins(make_sample([("OK?", "OK", "KO")] * 2, lang=["zh", "en"]).keys) == {}


def test_rows_that_a_check_dropped_are_nobodys_twin(make_sample: MakeSample) -> None:
    assert twins(make_sample([ROW] * 3).keys, np.array([False, True, True])) == {2: 1}


@given(ROWS)
def test_one_pair_of_each_content_is_kept_and_it_is_the_first(make_sample: MakeSample, rows: list[Row]) -> None:
    found = twins(make_sample(rows).keys)
    assert found == {place: rows.index(row) for place, row in enumerate(rows) if rows.index(row) < place}


@given(ROWS, st.data())
def test_what_is_kept_does_not_depend_on_the_order(
    make_sample: MakeSample, rows: list[Row], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(rows))))
    permuted = [rows[place] for place in order]

    def kept(some: list[Row]) -> set[Row]:
        dropped = twins(make_sample(some).keys)
        return {row for place, row in enumerate(some) if place not in dropped}

    assert kept(permuted) == kept(rows)
    assert len(twins(make_sample(permuted).keys)) == len(twins(make_sample(rows).keys))


@given(ROWS)
def test_what_is_kept_has_no_duplicates(make_sample: MakeSample, rows: list[Row]) -> None:
    sample = make_sample(rows)
    dropped = list(twins(sample.keys))
    alive = sample.alive
    alive[dropped] = False
    assert twins(sample.keys, alive) == {}


@given(st.lists(st.integers(0, 5)))
def test_equal_neighbours_name_the_first_of_every_later_place(values: list[int]) -> None:
    first, other = equal_neighbours(np.array(values, dtype=np.uint64))
    expected = {place: values.index(value) for place, value in enumerate(values) if values.index(value) < place}
    assert dict(zip(other.tolist(), first.tolist(), strict=True)) == expected
