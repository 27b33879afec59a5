"""Parquet files of PAIRS as batches of rows: what the synth stage writes and a build reads."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sources.command.errors import BrokenFileError, MissingColumnError
from sources.files.rows import Limits, RowBatch, tolerate
from sources.pairs.schema import SIDES
from sources.pairs.source import SKIPPED, skipped

BATCH_ROWS = 4096


def read_parquet(
    path: Path, name: str, layouts: tuple[pa.Schema, ...], limits: Limits, max_rows: int | None
) -> Iterator[RowBatch]:
    """The rows of the file in the first layout that it has; rows of PAIRS with a null where a turn should be are bad.

    Raises:
        ReadError: it is no Parquet file, lacks a column, or has more bad rows than allowed.
    """
    first, bad_rows = 0, list[tuple[int, str, str]]()
    try:
        with pq.ParquetFile(path) as file:
            layout, others = _fitting(file.schema_arrow.names, layouts, name)
            for rows in file.iter_batches(BATCH_ROWS, columns=layout.names):
                batch = _batch(rows.slice(0, None if max_rows is None else max_rows - first), layout, others, first)
                first += len(batch)
                bad_rows += zip(*(batch.bad[column].to_pylist() for column in SKIPPED.names), strict=True)
                yield batch
                if max_rows is not None and first >= max_rows:
                    break
    except (pa.ArrowException, OSError) as error:
        raise _broken(name, error) from error
    tolerate(bad_rows, first, limits.max_bad_share, name, at_end=True)


def read_row_groups(
    path: Path, name: str, layouts: tuple[pa.Schema, ...], row_groups: range, first: int
) -> Iterator[RowBatch]:
    """The rows of some row groups, the first of which is row `first` of the file; as `read_parquet`, however many are
    bad.

    Raises:
        ReadError: it is no Parquet file, or lacks a column.
    """
    try:
        with pq.ParquetFile(path) as file:
            layout, others = _fitting(file.schema_arrow.names, layouts, name)
            for rows in file.iter_batches(BATCH_ROWS, row_groups=list(row_groups), columns=layout.names):
                yield _batch(rows, layout, others, first)
                first += len(rows)
    except (pa.ArrowException, OSError) as error:
        raise _broken(name, error) from error


def _batch(rows: pa.RecordBatch, layout: pa.Schema, others: list[str], first: int) -> RowBatch:
    table = pa.Table.from_batches([rows]).select(layout.names).cast(layout)
    numbers = np.arange(first, first + len(table), dtype=np.int64)
    whole = np.ones(len(table), dtype=bool) if "reason" in layout.names else _has_all_turns(table)
    why = "a turn, its role or content, or a tag is null"
    bad = skipped([(int(number), "null_value", why) for number in numbers[~whole]])
    kept = table.append_column("row", pa.array(numbers)).filter(pa.array(whole))
    return RowBatch(kept, bad, dict.fromkeys(others, len(table)))


def _broken(name: str, error: Exception) -> BrokenFileError:
    return BrokenFileError(name, f"cannot be read as PAIRS ({error})", expected="a Parquet file of PAIRS")


def _fitting(columns: list[str], layouts: tuple[pa.Schema, ...], name: str) -> tuple[pa.Schema, list[str]]:
    """The first layout all of whose columns are there, and the columns that it does not have.

    Raises:
        MissingColumnError: there is none.
    """
    for layout in layouts:
        missing = [column for column in layout.names if column not in columns]
        if not missing:
            return layout, [column for column in columns if column not in layout.names]
    raise MissingColumnError(name, f"no column {', '.join(missing)}; found {', '.join(columns)}", expected="PAIRS")


def _has_all_turns(rows: pa.Table) -> np.ndarray:
    """bool[n]: no side, message, role, content or tag is null, and the language is said."""
    whole = pc.is_valid(rows["lang"]).to_numpy()
    for side in SIDES:
        turns = rows[side].combine_chunks()
        whole = whole & (pc.fill_null(pc.list_value_length(turns), 0).to_numpy(zero_copy_only=False) > 0)
        messages = pc.list_flatten(turns)
        broken = pc.or_(pc.is_null(messages.field("role")), pc.is_null(messages.field("content")))
        whole[pc.list_parent_indices(turns).to_numpy()[broken.to_numpy(zero_copy_only=False)]] = False
    tags = rows["tags"].combine_chunks()
    nulls = pc.is_null(pc.list_flatten(tags)).to_numpy(zero_copy_only=False)
    whole[pc.list_parent_indices(tags).to_numpy()[nulls]] = False
    return np.asarray(whole & pc.is_valid(tags).to_numpy(zero_copy_only=False))
