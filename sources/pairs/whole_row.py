"""Rows that are looked at whole (WHOLE_ROW) as one column of Arrow.

Where all rows of a batch have the same keys, it is a struct with a field for each: of strings, or of JSON texts
(binary) where a cell is anything else. So rows of plain texts, which most files hold, need no JSON on the way from the
file to the pairs. Rows of several shapes are JSON texts, one each.
"""

from collections.abc import Sequence
from types import NoneType
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

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
    sizes = [pc.fill_null(pc.binary_length(column), 0).cast(pa.int64()) for column in columns]
    largest = pc.max(sizes[0] if len(sizes) == 1 else _sums(sizes)).as_py()
    return whole if largest <= max_row_bytes else None


def _column(cells: list[Any]) -> pa.Array:
    if {*map(type, cells)} <= {str, NoneType}:
        return pa.array(cells, pa.string())
    return pa.array([None if cell is None else spell(cell) for cell in cells], pa.binary())


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
    if pa.types.is_string(column.type):
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
