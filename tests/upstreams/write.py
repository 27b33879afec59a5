"""Rows written as the file that a source reads: its packing, format and place in a mirror."""

import gzip
import json
import lzma
from collections.abc import Sequence
from functools import partial
from pathlib import Path, PurePath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sources.pairs.source import UpstreamFile

PACKERS = {".gz": partial(gzip.compress, mtime=0), ".xz": lzma.compress}


PART = "train-00000-of-00001"
NAMED = (("train-*-of-", "train-00000-of-"), ("train-*.", f"{PART}."), ("/*.", f"/{PART}."))
"""What a pattern becomes for the first part of a table."""


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
    return bytes(PACKERS.get(PurePath(name).suffix, bytes)(text.encode()))


def write(folder: Path, file: UpstreamFile, rows: Sequence[dict[str, Any]]) -> Path:
    """The file in a mirror."""
    path = folder / place(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(as_file(rows, path.name))
    return path
