"""Upstream files as typed Arrow tables of rows, with a reason for every row that cannot be read."""

from collections import Counter
from collections.abc import Iterator, Sequence
from math import isnan
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from sources.command.printable import printable, shown
from sources.files.blocks import blocks
from sources.files.read_json import Bad, Block
from sources.files.read_parquet import read_parquet
from sources.files.rows import Limits, RowBatch, fitting_columns, tolerate
from sources.files.unpack import open_unpacked
from sources.pairs.source import OPTIONAL, SKIPPED, skipped

UNFIT = (KeyError, TypeError, IndexError, UnicodeEncodeError, OverflowError, RecursionError, pa.ArrowException)
"""What Python and Arrow raise where a row is no object, lacks a column or holds a value of another type."""


class WrongCellError(Exception):
    """A row is not an object, lacks a column or holds a value of another type: reason and evidence."""


def read_rows(
    path: Path, name: str, layouts: tuple[pa.Schema, ...], limits: Limits, *, max_rows: int | None = None
) -> Iterator[RowBatch]:
    """The rows of one upstream file in batches, in order; `name` is what errors and evidence call the file.

    Raises:
        ReadError: the file is broken or too large, has another layout, or more bad rows than allowed.
    """
    if path.suffix == ".parquet":
        yield from read_parquet(path, name, layouts, limits, max_rows)
        return
    layout, first, bad_rows = None, 0, list[tuple[int, str, str]]()
    with open_unpacked(path, name, limits.max_file_bytes) as stream:
        for block in blocks(stream, path, name, limits):
            wanted = block if max_rows is None else block[: max_rows - first]
            layout = layout or fitting_layout(wanted, layouts, name, first)
            batch = to_table(wanted, layout or layouts[0], first)
            first += len(wanted)
            bad_rows += zip(*(batch.bad[column].to_pylist() for column in SKIPPED.names), strict=True)
            tolerate(bad_rows, first, limits.max_bad_share, name, at_end=False)
            yield batch
            if max_rows is not None and first >= max_rows:
                break
    tolerate(bad_rows, first, limits.max_bad_share, name, at_end=True)


def fitting_layout(block: Block, layouts: tuple[pa.Schema, ...], name: str, first: int) -> pa.Schema | None:
    """The first layout whose columns the first object of the block has; None if the block holds no object.

    Raises:
        MissingColumnError: no layout fits.
    """
    row = next((row for row in block if isinstance(row, dict)), None)
    if row is None:
        return None
    wanted = [[column.name for column in layout if column.metadata != OPTIONAL] for layout in layouts]
    expected = " or ".join(", ".join(layout.names) for layout in layouts)
    return layouts[fitting_columns(row, wanted, f"{name}: row {first + block.index(row)}", expected)]


def to_table(block: Block, layout: pa.Schema, first: int) -> RowBatch:
    """The rows of `block`, numbered from `first`, as columns of `layout`; rows that do not fit are bad."""
    numbers = np.arange(first, first + len(block), dtype=np.int64)
    unused = _unused(block, layout)
    try:
        return RowBatch(_columns(block, layout, numbers), skipped([]), unused)
    except (*UNFIT, WrongCellError):
        return _row_by_row(block, layout, numbers, unused)


def _unused(block: Block, layout: pa.Schema) -> Counter[str]:
    """In how many rows each column is that the layout does not have."""
    shapes = Counter(tuple(row) for row in block if isinstance(row, dict))
    unused = Counter[str]()
    for columns, count in shapes.items():
        unused.update(dict.fromkeys((str(name) for name in columns if name not in layout.names), count))
    return unused


def _columns(rows: Block, layout: pa.Schema, numbers: np.ndarray) -> pa.Table:
    columns = {}
    for column in layout:
        values = [_cell(row, column) for row in rows] if column.metadata == OPTIONAL else _cells(rows, column.name)
        if column.type == pa.json_():
            values = [None if value is None else orjson.dumps(value).decode() for value in values]
        shaped = not (pa.types.is_list(column.type) or pa.types.is_floating(column.type))
        if not (shaped or all(_has_shape(value, column.type) for value in values)):
            raise WrongCellError(column.name)
        array = pa.array(values, pa.string() if column.type == pa.json_() else column.type)
        if array.null_count and not column.nullable:
            raise WrongCellError(column.name)
        columns[column.name] = array
    return pa.table({**columns, "row": pa.array(numbers)})


def _cells(rows: Sequence[Any], column: str) -> list[Any]:
    """The cells of a column that every row must have."""
    return list(map(itemgetter(column), rows))


def _cell(row: Any, column: pa.Field) -> Any:
    return None if column.metadata == OPTIONAL and column.name not in row else row[column.name]


def _has_shape(value: object, wanted: pa.DataType) -> bool:
    """Whether Arrow would read the value as it is meant: it takes a string for a list of letters, True for 1.

    A list with a null in it has not, nor has a NaN.
    """
    if pa.types.is_list(wanted):
        inner = wanted.value_type
        return value is None or (isinstance(value, list) and all(v is not None and _has_shape(v, inner) for v in value))
    return not (pa.types.is_floating(wanted) and (isinstance(value, bool) or value != value))  # noqa: PLR0124 - NaN


def _row_by_row(rows: Block, layout: pa.Schema, numbers: np.ndarray, unused: Counter[str]) -> RowBatch:
    good: Block = []
    kept: list[int] = []
    bad: list[tuple[int, str, str]] = []
    for row, number in zip(rows, numbers.tolist(), strict=True):
        try:
            good.append(_fit(row, layout))
            kept.append(number)
        except WrongCellError as wrong:
            reason, evidence = wrong.args
            bad.append((number, reason, evidence))
    return RowBatch(_columns(good, layout, np.array(kept, dtype=np.int64)), skipped(bad), unused)


def _fit(row: object, layout: pa.Schema) -> dict[str, object]:
    """The cells of one row as `layout` wants them.

    Raises:
        WrongCellError: reason and evidence.
    """
    if isinstance(row, Bad):
        raise WrongCellError(row.reason, row.evidence)
    if not isinstance(row, dict):
        raise WrongCellError(
            "not_an_object", f"{type(row).__name__}: {printable(row) if isinstance(row, str) else shown(row)}"
        )
    fitted = {}
    for column in layout:
        if column.name not in row and column.metadata != OPTIONAL:
            found = printable(", ".join(map(str, row)), max_chars=200)
            raise WrongCellError("missing_column", f"no column {column.name}; found {found}")
        fitted[column.name] = value = _coerce(_cell(row, column), column.type, column.name)
        if value is None and not column.nullable:
            raise WrongCellError("null_value", f"{column.name} is null")
    return fitted


def _coerce(value: object, wanted: pa.DataType, name: str) -> object:
    """`value` as `wanted`: numbers and flags may be spelled as strings, an empty or NaN one is null."""
    if value is None or (isinstance(value, float) and isnan(value)):
        return None
    if pa.types.is_string(wanted) and isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise WrongCellError("invalid_utf8", f"{name}: {printable(value)}") from None
        return value
    if pa.types.is_list(wanted) and isinstance(value, list):
        elements = [_coerce(element, wanted.value_type, name) for element in value]
        if any(element is None for element in elements):
            raise WrongCellError("null_value", f"{name} has a null in it: {shown(value)}")
        return elements
    if pa.types.is_boolean(wanted) and str(value).casefold() in ("true", "false"):
        return str(value).casefold() == "true"
    if pa.types.is_floating(wanted) and isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            number = float(value) if str(value).strip() else None
        except (ValueError, OverflowError):
            number = None
        else:
            return None if number is None or isnan(number) else number
    if wanted == pa.json_() and _is_json(value):
        return value
    raise WrongCellError("wrong_type", f"{name} is {shown(value)}, expected {wanted}")


def _is_json(value: object) -> bool:
    """Whether the value can be spelled again: no half surrogate, no number beyond 64 bits, no bottomless nesting."""
    try:
        orjson.dumps(value)
    except (TypeError, RecursionError):
        return False
    return True
