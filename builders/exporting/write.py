"""The rows of one split in a file, each pair entered in the ledger: written, or left out and why."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from builders.exporting.format import MORE_THAN_TEXT, NOT_ONE_ANSWER, Format, LeftOut, Pair, RichPair, Row
from sources.pairs.built_folder import BuiltFolder, Split
from sources.pairs.extras import EXTRAS, table_of_json
from sources.pairs.schema import SIDES

BATCH_ROWS = 4096
TRACED = ["id", "source", "source_row"]


@dataclass(slots=True)
class Count:
    """One source in one split: what was read, what became of it, and the remarks on what was written."""

    read: int = 0
    written: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    remarks: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The accounts by (source, split), and the file that those left out are named in."""

    left_out: BinaryIO
    counts: dict[tuple[str, Split], Count] = field(default_factory=dict)


def write_split(built: BuiltFolder, format_: Format, split: Split, path: Path, ledger: Ledger) -> int:
    """The rows of one split in a file, a batch at a time; returns how many there are."""
    written = 0
    names = built.files(split)
    wide = bool(names) and built.is_wide(names[0]) and format_.rich is not None
    schema = format_.rich_schema if wide else format_.schema
    with _writer(path, schema) as write:
        for name in names:
            for batch in built.batches(name, [*TRACED, *SIDES], BATCH_ROWS):
                rows = [row for pair in batch.to_pylist() for row in _account(pair, format_, split, ledger, wide=wide)]
                write(rows)
                written += len(rows)
    return written


def _account(pair: dict[str, Any], format_: Format, split: Split, ledger: Ledger, *, wide: bool) -> list[Row]:
    """The rows of a pair, entered in the ledger; none if the format cannot hold it."""
    count = ledger.counts.setdefault((pair["source"], split), Count())
    count.read += 1
    made = _rows(pair, format_, count, wide=wide)
    if isinstance(made, LeftOut):
        count.left_out[made.reason] += 1
        traced = {"split": split, **{key: pair[key] for key in TRACED}, "reason": made.reason}
        ledger.left_out.write(orjson.dumps(traced, option=orjson.OPT_APPEND_NEWLINE))
        return []
    count.written += 1
    return made


def _rows(pair: dict[str, Any], format_: Format, count: Count, *, wide: bool) -> list[Row] | LeftOut:
    extras = pair.get(EXTRAS.name)
    if format_.rich is not None and (extras is not None or (wide and format_.rich_always)):
        whole: dict[str, Any] = orjson.loads(extras) if extras is not None else {"messages": pair, "tools": None}
        prompt, chosen, rejected = (whole["messages"][side] for side in SIDES)
        return format_.rich(RichPair(prompt, chosen, rejected, whole["tools"]))
    if extras is not None:
        return LeftOut(MORE_THAN_TEXT)
    for side in ("chosen", "rejected"):
        if [message["role"] for message in pair[side]] != ["assistant"]:
            return LeftOut(NOT_ONE_ANSWER)
    seen = Pair(pair["prompt"], pair["chosen"][0]["content"], pair["rejected"][0]["content"])
    rows = format_.rows(seen)
    if format_.remark and not isinstance(rows, LeftOut) and format_.remark[2](seen):
        count.remarks[format_.remark[0]] += 1
    return rows


class _Write(Protocol):
    def __call__(self, rows: list[Row], /) -> None: ...


@contextmanager
def _writer(path: Path, schema: pa.Schema | None) -> Iterator[_Write]:
    """What appends rows to a file: Parquet of that schema, or JSON lines."""
    if schema is None:
        with path.open("wb") as file:
            yield lambda rows: file.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
        return
    with pq.ParquetWriter(path, schema, compression="zstd", compression_level=3) as parquet:
        yield lambda rows: parquet.write_table(_table(rows, schema)) if rows else None


def _table(rows: list[Row], schema: pa.Schema) -> pa.Table:
    """The rows in that schema; those of columns of JSON give it as texts."""
    return table_of_json({name: [row[name] for row in rows] for name in schema.names}, schema)
