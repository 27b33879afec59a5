"""Rows as one column of Arrow: what goes in comes out, as a struct or as JSON, alone or joined."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.pairs.source import WHOLE_ROW
from sources.pairs.whole_row import join_rows, rows_in_columns, spell, whole_cells

cells = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(st.characters(codec="utf-8"), max_size=4),
    lambda inside: st.lists(inside, max_size=2) | st.dictionaries(st.sampled_from("ab"), inside, max_size=2),
    max_leaves=4,
)
names = st.text(st.characters(codec="utf-8"), max_size=3)
rows_of_one_shape = st.lists(names, min_size=1, max_size=3, unique=True).flatmap(
    lambda keys: st.lists(st.tuples(*[cells] * len(keys)), min_size=1, max_size=4).map(
        lambda rows: [dict(zip(keys, row, strict=True)) for row in rows]
    )
)


def table(whole: pa.Array) -> pa.Table:
    return pa.table({WHOLE_ROW.names[0]: whole, "row": pa.array(range(len(whole)), pa.int64())})


def as_json(rows: list[Any]) -> pa.Table:
    return table(pa.array([spell(row) for row in rows], pa.binary()))


@given(rows_of_one_shape)
def test_rows_of_one_shape_come_out_as_they_went_in(rows: list[Any]) -> None:
    whole = rows_in_columns(rows, 1_000_000)
    assert whole is not None
    assert pa.types.is_struct(whole.type)
    assert whole_cells(table(whole)) == whole_cells(as_json(rows)) == rows
    assert whole_cells(table(whole).slice(1)) == rows[1:]


@given(st.lists(rows_of_one_shape, min_size=1, max_size=3))
def test_batches_of_several_shapes_are_joined(batches: list[list[Any]]) -> None:
    tables = []
    for rows in batches:
        whole = rows_in_columns(rows, 1_000_000)
        assert whole is not None
        tables += [table(whole), as_json(rows)][: 1 + len(rows) % 2]
    expected = [row for each in tables for row in whole_cells(each)]
    assert whole_cells(join_rows(tables)) == expected


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{}],
        [7],
        [{"a": "x"}, None],
        [{"a": "x"}, {"b": "x"}],
        [{"a": "x", "b": "y"}, {"b": "y", "a": "x"}],
        [{"a": "\ud83d"}],
        [{"\ud83d": "x"}],
        [{"a": 10**30}],
        [{"a": "x" * 60, "b": "y" * 60}],
    ],
)
def test_other_rows_are_no_columns(rows: list[Any]) -> None:
    assert rows_in_columns(rows, 100) is None
