"""Rows that are looked at whole (WHOLE_ROW) as one column of Arrow.

Where all rows of a batch have the same keys, it is a struct with a field for each: of strings, numbers, messages that
are a role and a text (TURNS), or of JSON texts (binary) where a cell is anything else. So rows of plain texts and plain
messages, which most files hold, need no JSON on the way from the file to the pairs. Rows of several shapes are JSON
texts, one each.
"""

from collections.abc import Sequence
from types import NoneType
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from sources.pairs.schema import TURNS
from sources.pairs.source import WHOLE_ROW

NAME = WHOLE_ROW.names[0]
UNFIT = (TypeError, UnicodeEncodeError, RecursionError, pa.ArrowException)
"""What Python and Arrow raise where a cell or a key is not to be spelled: half a surrogate, bottomless nesting."""


def rows_in_columns(rows: Sequence[object], max_row_bytes: int) -> pa.StructArray | None:
    """The rows as a struct; None where they are no objects of the same keys, or one of them cannot be spelled or is
    larger than allowed."""
    names = tuple(rows[0]) if rows and type(rows[0]) is dict else ()
    if not names or any(type(row) is not dict or tuple(row) != names for row in rows):
        return None
    objects: Sequence[Any] = rows
    try:
        columns = [_column([row[name] for row in objects]) for name in names]
        whole = pa.StructArray.from_arrays(columns, names)
    except UNFIT:
        return None
    sizes = [_sizes(column) for column in columns]
    largest = pc.max(sizes[0] if len(sizes) == 1 else _sums(sizes)).as_py()
    return whole if largest <= max_row_bytes else None


def _column(cells: list[Any]) -> pa.Array:
    kinds = {*map(type, cells)}
    if kinds <= {str, NoneType}:
        return pa.array(cells, pa.string())
    if kinds <= {float, NoneType}:
        return pa.array(cells, pa.float64(), from_pandas=True)
    if kinds == {list} and all(map(_are_bare, cells)):
        return pa.array(cells, TURNS)
    return pa.array([None if cell is None else spell(cell) for cell in cells], pa.binary())


def _are_bare(messages: list[Any]) -> bool:
    """Whether they are messages of a role and a text and nothing else, at least one."""
    for each in messages:
        if type(each) is not dict or len(each) != 2:
            return False
        if type(each.get("role")) is not str or type(each.get("content")) is not str:
            return False
    return bool(messages)


def _sizes(column: pa.Array) -> pa.Array:
    """int64: about how many bytes each cell has as JSON."""
    if pa.types.is_floating(column.type):
        return pa.repeat(pa.scalar(8, pa.int64()), len(column))
    if column.type != TURNS:
        return pc.fill_null(pc.binary_length(column), 0).cast(pa.int64())
    contents = pc.binary_length(column.values.field("content")).to_numpy()
    return pa.array(np.diff(np.concatenate([[0], np.cumsum(contents, dtype=np.int64)])[column.offsets.to_numpy()]))


def _sums(columns: Sequence[pa.Array]) -> pa.Array:
    total = columns[0]
    for column in columns[1:]:
        total = pc.add(total, column)
    return total


def spell(cell: object) -> bytes:
    """A cell or a row as JSON.

    Raises:
        TypeError: it holds what JSON cannot say.
    """
    return orjson.dumps(cell, default=str)


def whole_cells(rows: pa.Table) -> list[Any]:
    """What each row of WHOLE_ROW holds."""
    whole = rows[NAME].combine_chunks()
    if not pa.types.is_struct(whole.type):
        return [orjson.loads(text) for text in whole.to_pylist()]
    names = whole.type.names
    columns = [_cells(column) for column in whole.flatten()]
    return [dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True)]


def _cells(column: pa.Array) -> list[Any]:
    cells: list[Any] = column.to_pylist()
    if not pa.types.is_binary(column.type):
        return cells
    return [None if cell is None else orjson.loads(cell) for cell in cells]


def join_rows(tables: Sequence[pa.Table]) -> pa.Table:
    """The rows of all the tables in one; those of WHOLE_ROW as JSON where they have several shapes."""
    if NAME in tables[0].column_names and len({table[NAME].type for table in tables}) > 1:
        tables = [_as_json(table) for table in tables]
    return pa.concat_tables(tables).combine_chunks()


def _as_json(rows: pa.Table) -> pa.Table:
    texts = pa.array([spell(row) for row in whole_cells(rows)], pa.binary())
    return rows.set_column(rows.schema.get_field_index(NAME), NAME, texts)
