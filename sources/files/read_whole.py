"""Rows of any layout, whole, for readers that look into single rows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from sources.command.errors import BrokenFileError
from sources.command.printable import printable
from sources.files.own.open_file import own_blocks
from sources.files.read_json import Bad, Block
from sources.files.rows import Limits, RowBatch, fitting_columns, tolerate
from sources.pairs.source import SKIPPED, WHOLE_ROW, skipped
from sources.pairs.whole_row import rows_in_columns, spell, whole_cells

LOOKED_AT = 200
"""So many rows tell what a file is."""

MAX_BAD = 10_000
"""So many rows that cannot be read, and none before them that can, are enough to give a file up."""


def whole_rows(
    path: Path, name: str, limits: Limits, max_rows: int | None, *, encoding: str = ""
) -> Iterator[RowBatch]:
    """The objects of a file in batches with the columns of WHOLE_ROW; others are bad rows. `encoding` is that of a
    text, empty where it is to be found out.

    Raises:
        ReadError: the file is broken or too large, or has more bad rows than allowed.
    """
    first, bad_rows = 0, list[tuple[int, str, str]]()
    for block in own_blocks(path, name, limits, encoding, []):
        wanted = block if max_rows is None else block[: max_rows - first]
        batch = to_whole_rows(wanted, first, limits.max_row_bytes)
        first += len(batch)
        bad_rows += zip(*(batch.bad[column].to_pylist() for column in SKIPPED.names), strict=True)
        tolerate(bad_rows, first, limits.max_bad_share, name, at_end=False)
        yield batch
        if max_rows is not None and first >= max_rows:
            break
    tolerate(bad_rows, first, limits.max_bad_share, name, at_end=True)


def with_columns(batches: Iterator[RowBatch], columns: Sequence[Sequence[str]], name: str) -> Iterator[RowBatch]:
    """The batches of WHOLE_ROW, if the first object among them has one of these sets of columns, or none is asked for.

    Raises:
        MissingColumnError: it has none.
    """
    seen = not columns
    for batch in batches:
        if not seen and len(batch.rows):
            (first,) = whole_cells(batch.rows.slice(0, 1))
            fitting_columns(first, columns, f"{name}: row {batch.rows['row'][0].as_py()}")
            seen = True
        yield batch


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first rows of a file as JSON has them; and what was guessed to read it: packing, encoding, delimiter, sheet,
    form; empty where nothing was."""

    rows: list[object]
    how: str


def look_at(path: Path, name: str, limits: Limits, count: int = LOOKED_AT, *, encoding: str = "") -> Beginning:
    """The first so many rows of a file that can be read, at least one, and how it was read.

    Raises:
        ReadError: none can be read; says what is wrong with the first.
    """
    rows, said = list[object](), list[str]()
    number, first_bad = 0, ""
    for block in own_blocks(path, name, limits, encoding, said):
        for row in block:
            if isinstance(row, Bad):
                first_bad = first_bad or f"row {number}: {row.reason} ({printable(row.evidence, max_chars=200)})"
            else:
                rows.append(row)
            number += 1
        if len(rows) >= count or (not rows and number > MAX_BAD):
            break
    if not rows:
        found = f"none of {number:,} rows can be read; {first_bad}" if number else "holds no row"
        raise BrokenFileError(
            name, found, expected="JSON, CSV, Parquet, Arrow or xlsx", hint="Correct the file, or leave it out."
        )
    return Beginning(rows[:count], ", ".join(said))


def to_whole_rows(block: Block, first: int, max_row_bytes: int) -> RowBatch:
    """The objects of a block, numbered from `first`, with the columns of WHOLE_ROW; others are bad rows."""
    columns = rows_in_columns(block, max_row_bytes)
    if columns is None:
        return _batch(block, first, max_row_bytes)
    return RowBatch(_table(columns, range(first, first + len(block))), skipped([]))


def _batch(block: Block, first: int, max_row_bytes: int) -> RowBatch:
    texts: list[bytes] = []
    numbers: list[int] = []
    bad: list[tuple[int, str, str]] = []
    for number, row in enumerate(block, first):
        if isinstance(row, dict):
            try:
                text = spell(row)
                if len(text) > max_row_bytes:
                    bad.append((number, "row_too_large", f"{len(text):,} bytes, at most {max_row_bytes:,}"))
                    continue
                texts.append(text)
                numbers.append(number)
            except (TypeError, RecursionError) as error:
                bad.append((number, "invalid_utf8" if "UTF-8" in str(error) else "wrong_type", str(error)))
        elif isinstance(row, Bad):
            bad.append((number, row.reason, row.evidence))
        else:
            bad.append((number, "not_an_object", type(row).__name__))
    return RowBatch(_table(pa.array(texts, pa.binary()), numbers), skipped(bad))


def _table(whole: pa.Array, numbers: Iterable[int]) -> pa.Table:
    return pa.table({WHOLE_ROW.names[0]: whole, "row": pa.array(numbers, pa.int64())})
