"""Rows of any layout: each as the bytes of one JSON text, for readers that look into single rows."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from sources.command.errors import BrokenFileError
from sources.files.blocks import blocks
from sources.files.read_json import Bad, Block
from sources.files.rows import Limits, RowBatch, tolerate
from sources.files.unpack import open_unpacked
from sources.pairs.extras import read_json
from sources.pairs.source import SKIPPED, WHOLE_ROW, skipped

BATCH_ROWS = 4096


def whole_rows(path: Path, name: str, limits: Limits, max_rows: int | None) -> Iterator[RowBatch]:
    """The objects of a JSON, CSV or Parquet file in batches with the columns of WHOLE_ROW; others are bad rows.

    Raises:
        ReadError: the file is broken or too large, or has more bad rows than allowed.
    """
    first, bad_rows = 0, list[tuple[int, str, str]]()
    for block in _blocks(path, name, limits):
        batch = _batch(block if max_rows is None else block[: max_rows - first], first)
        first += len(batch)
        bad_rows += zip(*(batch.bad[column].to_pylist() for column in SKIPPED.names), strict=True)
        tolerate(bad_rows, first, limits.max_bad_share, name, at_end=False)
        yield batch
        if max_rows is not None and first >= max_rows:
            break
    tolerate(bad_rows, first, limits.max_bad_share, name, at_end=True)


def first_rows(path: Path, name: str, limits: Limits, count: int) -> list[object]:
    """The first so many rows that can be read, as JSON has them."""
    rows = (row for block in _blocks(path, name, limits) for row in block if not isinstance(row, Bad))
    return list(islice(rows, count))


def _blocks(path: Path, name: str, limits: Limits) -> Iterator[Block]:
    if path.suffix == ".parquet":
        yield from _parquet_blocks(path, name)
        return
    with open_unpacked(path, name, limits.max_file_bytes) as stream:
        yield from blocks(stream, path, name, limits)


def _parquet_blocks(path: Path, name: str) -> Iterator[Block]:
    try:
        with pq.ParquetFile(path) as file:
            json = [field.name for field in file.schema_arrow if _holds_json(field.type)]
            for batch in file.iter_batches(BATCH_ROWS):
                yield [_parsed(row, json) for row in batch.to_pylist()]
    except (pa.ArrowException, OSError) as error:
        raise BrokenFileError(name, f"cannot be read ({error})", expected="a Parquet file") from error


def _holds_json(kind: pa.DataType) -> bool:
    return bool(kind == pa.json_() or (pa.types.is_list(kind) and kind.value_type == pa.json_()))


def _parsed(row: dict[str, Any], json: list[str]) -> dict[str, Any]:
    """The row with the JSON texts of these columns as the values that they spell."""
    for name in json:
        cell = row[name]
        row[name] = [read_json(each) for each in cell] if isinstance(cell, list) else read_json(cell)
    return row


def _batch(block: Block, first: int) -> RowBatch:
    texts: list[bytes] = []
    numbers: list[int] = []
    bad: list[tuple[int, str, str]] = []
    for number, row in enumerate(block, first):
        if isinstance(row, dict):
            try:
                texts.append(orjson.dumps(row, default=str))
                numbers.append(number)
            except (TypeError, RecursionError) as error:
                bad.append((number, "invalid_utf8" if "UTF-8" in str(error) else "wrong_type", str(error)))
        elif isinstance(row, Bad):
            bad.append((number, row.reason, row.evidence))
        else:
            bad.append((number, "not_an_object", type(row).__name__))
    table = pa.table({WHOLE_ROW.names[0]: pa.array(texts, pa.binary()), "row": pa.array(numbers, pa.int64())})
    return RowBatch(table, skipped(bad))
