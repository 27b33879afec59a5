"""Which rows a report shows: some of every source, reason and tag, fairly, and the same however they come."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.report import sample
from builders.report.sample import DRAWN, Draw, order_keys, ranks
from sources.pairs.schema import DROPPED, PAIRS

NO_TWINS = np.empty(0, np.uint64)


def rows_of(pairs: pa.Table, reason: str | None = None, tags: list[str] | None = None) -> pa.Table:
    columns = {name: pairs[name] for name in PAIRS.names}
    for name, value in (("stage", "check" if reason else None), ("reason", reason), ("evidence", reason)):
        columns[name] = pa.array([value] * len(pairs), pa.string())
    if tags is not None:
        columns["tags"] = pa.array([tags] * len(pairs), PAIRS.field("tags").type)
    return pa.table([columns[field.name] for field in DROPPED], schema=DROPPED)


@pytest.fixture
def pairs(make_pairs: Callable[..., pa.Table]) -> pa.Table:
    return make_pairs([(f"问题{n}", f"好{n}", f"坏{n}") for n in range(300)])


def test_at_most_so_many_of_each_source_and_reason_are_kept_those_with_the_lowest_ids(
    pairs: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample, "KEPT_PER_SOURCE", 50)
    monkeypatch.setattr(sample, "DROPPED_PER_REASON", 7)
    draw = Draw(NO_TWINS)
    draw.add(pairs.select(PAIRS.names).slice(0, 200), "train")
    draw.add(rows_of(pairs.slice(200), "mojibake"), None)
    assert draw.rows.schema == DRAWN
    kept = draw.rows.filter(pa.compute.is_null(draw.rows["stage"]))
    assert sorted(kept["id"].to_pylist()) == sorted(pairs["id"].to_pylist()[:200])[:50]
    assert len(draw.rows) == 57


@given(order=st.permutations(range(6)))
def test_the_draw_does_not_depend_on_how_the_rows_come(order: list[int], make_pairs: Callable[..., pa.Table]) -> None:
    pairs = make_pairs([(f"问题{n}", f"好{n}", f"坏{n}") for n in range(120)])
    parts = [pairs.slice(20 * n, 20) for n in range(6)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample, "KEPT_PER_SOURCE", 30)
        one, several = Draw(NO_TWINS), Draw(NO_TWINS)
        one.add(pairs, "train")
        for place in order:
            part = Draw(NO_TWINS)
            part.add(parts[place], "train")
            several.absorb(part)
        assert one.in_rounds().equals(several.in_rounds())


def test_a_rare_tag_and_a_twin_are_shown_however_many_pairs_there_are(
    pairs: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample, "KEPT_PER_SOURCE", 5)
    by_id = pairs.take(pa.array(np.argsort(order_keys(pairs))))
    last, before = by_id.slice(299, 1), by_id.slice(298, 1)
    draw = Draw(order_keys(before))
    draw.add(rows_of(by_id.slice(0, 299)).select(PAIRS.names), "train")
    draw.add(rows_of(last, tags=["rare"]).select(PAIRS.names), "train")
    assert len(draw.rows) == 7
    assert {last["id"][0].as_py(), before["id"][0].as_py()} <= set(draw.rows["id"].to_pylist())


def test_rows_without_a_pair_are_drawn_by_where_they_come_from(pairs: pa.Table) -> None:
    lost = rows_of(pairs.slice(0, 3), "bad_json")
    nothing = pa.table(
        [
            pa.nulls(3, field.type)
            if field.name in ("id", "prompt", "chosen", "rejected", "tags")
            else lost[field.name]
            for field in DROPPED
        ],
        schema=DROPPED,
    )
    draw = Draw(NO_TWINS)
    draw.add(nothing, None)
    assert len(draw.rows) == 3
    assert len(set(order_keys(draw.rows).tolist())) == 3


def test_ranks_count_from_zero_within_each_code() -> None:
    codes, keys = np.array([7, 3, 7, 3, 3]), np.array([5, 9, 1, 2, 4], np.uint64)
    assert ranks(codes, keys).tolist() == [1, 2, 0, 0, 1]
    assert ranks(codes[:0], keys[:0]).tolist() == []
