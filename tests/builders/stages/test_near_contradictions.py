"""Pairs that nearly contradict each other are found, and pairs that only look like it are left alone."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.stages.contradictions import find_contradictions
from builders.stages.near_contradictions import find_near_contradictions
from tests.builders.stages.template_tasks import TASKS, Row, edited, template_rows
from tests.builders.stages.test_near_duplicates import passage

MakeSample = Callable[..., Any]

ZH = (
    "请介绍一下北京的历史和文化，以及值得去的地方。",
    "北京有三千多年的建城史，是明清两代的都城，胡同、京剧和故宫都很有名，可以慢慢看。",
    "北京就是一个很大的城市，人很多，车也很多，没什么好介绍的，去哪里都差不多。",
)
EN = (
    "Please explain how a bicycle stays upright while it is being ridden down the road.",
    "A rider steers slightly into each fall, which brings the wheels back under the weight, again and again.",
    "It stays upright because the wheels are round and heavy things always want to keep standing up.",
)


def swapped(row: Row) -> Row:
    return row[0], row[2], row[1]


def found(make_sample: MakeSample, rows: list[Row], lang: str = "zh", workers: int = 1) -> dict[int, int]:
    sample = make_sample(rows, lang=lang)
    near = find_near_contradictions(sample.keys, sample.alive, sample.pair_texts, 0.8, workers)
    assert near.twins is not None
    assert near.reason == "near_contradiction"
    assert set(near.notes) == set(near.rows.tolist())
    return dict(zip(near.rows.tolist(), near.twins.tolist(), strict=True))


@pytest.mark.parametrize(("row", "lang"), [(ZH, "zh"), (EN, "en")])
@pytest.mark.parametrize("side", [0, 1, 2])
def test_a_swapped_pair_with_an_edit_is_found_both_times(
    make_sample: MakeSample, row: Row, lang: str, side: int
) -> None:
    other = list(swapped(row))
    other[side] = other[side].replace("很", "非常", 1).replace("the ", "", 1)[:-1]
    filler = (passage(1), passage(2), passage(3))
    assert found(make_sample, [row, filler, tuple(other)], lang, workers=2) == {0: 2, 2: 0}  # type: ignore[list-item]


@pytest.mark.parametrize(("row", "lang"), [(ZH, "zh"), (EN, "en")])
def test_innocent_pairs_are_left_alone(make_sample: MakeSample, row: Row, lang: str) -> None:
    prompt, chosen, rejected = row
    near = chosen.replace("慢慢看", "慢慢地看").replace("again and again", "over and over again")
    other = ("另一个问题是怎样才能做好一碗番茄鸡蛋面？", chosen, rejected)
    for rows in (
        [row, (prompt[:-1], chosen[:-1], rejected[:-1])],
        [row, swapped(other)],
        [row, (prompt, rejected, passage(4))],
        [(prompt, chosen, near), (prompt[:-1], chosen[:-1], near)],
        [(prompt, chosen, chosen)],
        [row],
        [],
    ):
        assert found(make_sample, rows, lang) == {}


def test_languages_do_not_contradict_each_other(make_sample: MakeSample) -> None:
    sample = make_sample([EN, swapped(EN)], lang=["zh", "en"])
    assert not len(find_near_contradictions(sample.keys, sample.alive, sample.pair_texts, 0.8, 1).rows)


def test_a_near_duplicate_of_one_of_a_contradiction_goes_with_it(make_sample: MakeSample) -> None:
    copy = (ZH[0] + "谢谢", ZH[1], ZH[2][:-1])
    sample = make_sample([ZH, swapped(ZH), copy])
    plain, near, circles = find_contradictions(sample.keys, sample.alive, sample.pair_texts, 0.8, 1)
    assert (plain.rows.tolist(), near.rows.tolist(), circles.rows.tolist()) == ([0, 1], [2], [])
    assert near.twins is not None
    assert near.twins.tolist() == [1]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_items_of_a_template_contradict_nothing(make_sample: MakeSample, lang: str) -> None:
    rows = [row for task in TASKS for row in template_rows(task, lang, 100)]
    rows = [row if place % 2 else swapped(row) for place, row in enumerate(rows)]
    assert len(found(make_sample, rows, lang)) <= 0.01 * len(rows)


@pytest.mark.parametrize(("share", "least"), [(0.01, 0.99), (0.03, 0.97), (0.05, 0.9)])
def test_most_swapped_copies_with_edits_are_found(make_sample: MakeSample, share: float, least: float) -> None:
    rows: list[Row] = [(passage(3 * at, 60), passage(3 * at + 1), passage(3 * at + 2)) for at in range(100)]
    rng = random.Random(str(share))
    copies = [tuple(edited(text, share, rng) for text in swapped(row)) for row in rows]
    pairs = found(make_sample, [*rows, *copies])  # type: ignore[list-item]
    assert sum(pairs.get(place) == place + 100 for place in range(100)) >= least * 100


ROWS = st.lists(st.tuples(st.booleans(), st.sampled_from([ZH, EN, (ZH[0] + "谢谢", ZH[1][:-1], ZH[2])])), max_size=6)


@given(ROWS)
def test_exactly_the_rows_with_a_swapped_near_copy_are_found(make_sample: MakeSample, rows: list[Any]) -> None:
    pairs = found(make_sample, [swapped(row) if turned else row for turned, row in rows])
    kinds = [(turned, row is EN) for turned, row in rows]
    assert set(pairs) == {at for at, (turned, kind) in enumerate(kinds) if (not turned, kind) in kinds}
    assert all(kinds[twin] == (not kinds[row][0], kinds[row][1]) for row, twin in pairs.items())
