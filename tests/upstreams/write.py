"""Rows written as the file that a source reads: its packing, format and place in a mirror."""

import gzip
import json
import lzma
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sources.pairs.source import UpstreamFile

PACKERS: dict[str, Callable[[bytes], bytes]] = {".gz": partial(gzip.compress, mtime=0), ".xz": lzma.compress}
PART = "train-00000-of-00001"
NAMED = (("train-*-of-", "train-00000-of-"), ("train-*.", f"{PART}."), ("/*.", f"/{PART}."))
"""What a pattern becomes for the first part of a table."""

ROW_GROUP = 10_000


def place(file: UpstreamFile) -> str:
    """Where the file, or the first part of a table, lies in a mirror."""
    path = file.mirror_path
    for pattern, name in NAMED:
        path = path.replace(pattern, name)
    return path


def as_file(rows: Sequence[dict[str, Any]], name: str) -> bytes:
    """The rows in the format and packing that the file's name asks for."""
    if name.endswith(".parquet"):
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pylist(list(rows)), sink, compression="zstd")
        return bytes(sink.getvalue().to_pybytes())
    lines = ".jsonl" in name
    dumped = [json.dumps(row, ensure_ascii=False) for row in rows]
    text = "\n".join(dumped) + "\n" if lines else json.dumps(list(rows), ensure_ascii=False, indent=2)
    return PACKERS.get(PurePath(name).suffix, bytes)(text.encode())


class Table:
    """A file that grows row by row; Parquet is written in groups, any other file when it is closed."""

    def __init__(self, path: Path) -> None:
        self._path, self._rows = path, list[dict[str, Any]]()
        self._writer: pq.ParquetWriter | None = None

    def append(self, row: dict[str, Any]) -> None:
        self._rows.append(row)
        if self._path.suffix == ".parquet" and len(self._rows) == ROW_GROUP:
            self._write_group()

    def _write_group(self) -> None:
        schema = self._writer.schema if self._writer else None
        group = pa.Table.from_pylist(self._rows, schema=schema)
        self._writer = self._writer or pq.ParquetWriter(self._path, group.schema, compression="zstd")
        self._writer.write_table(group)
        self._rows = []

    def close(self) -> None:
        if self._path.suffix != ".parquet":
            self._path.write_bytes(as_file(self._rows, self._path.name))
            return
        if self._rows:
            self._write_group()
        if self._writer:
            self._writer.close()


@contextmanager
def open_table(path: Path) -> Iterator[Table]:
    """A file of a mirror to write rows to."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = Table(path)
    yield table
    table.close()
