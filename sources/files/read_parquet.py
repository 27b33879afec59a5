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
from sources.pairs.source import skipped

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
            layout = _fitting(file.schema_arrow.names, layouts, name)
            others = [column for column in file.schema_arrow.names if column not in layout.names]
            for batch in file.iter_batches(BATCH_ROWS, columns=layout.names):
                rows = pa.Table.from_batches([batch]).select(layout.names).cast(layout)
                rows = rows.slice(0, None if max_rows is None else max_rows - first)
                numbers = np.arange(first, first + len(rows), dtype=np.int64)
                first += len(rows)
                whole = np.ones(len(rows), dtype=bool) if "reason" in layout.names else _has_all_turns(rows)
                bad = [
                    (int(number), "null_value", "a turn, its role or content, or a tag is null")
                    for number in numbers[~whole]
                ]
                bad_rows += bad
                kept = rows.append_column("row", pa.array(numbers)).filter(pa.array(whole))
                yield RowBatch(kept, skipped(bad), dict.fromkeys(others, len(rows)))
                if max_rows is not None and first >= max_rows:
                    break
    except (pa.ArrowException, OSError) as error:
        raise BrokenFileError(name, f"cannot be read as PAIRS ({error})", expected="a Parquet file of PAIRS") from error
    tolerate(bad_rows, first, limits.max_bad_share, name, at_end=True)


def _fitting(columns: list[str], layouts: tuple[pa.Schema, ...], name: str) -> pa.Schema:
    """The first layout all of whose columns are there.

    Raises:
        MissingColumnError: there is none.
    """
    for layout in layouts:
        missing = [column for column in layout.names if column not in columns]
        if not missing:
            return layout
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
