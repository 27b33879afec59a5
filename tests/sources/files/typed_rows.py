"""A layout, a row of it, and files of rows as they are read in it."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from sources.files.read import read_rows
from sources.files.rows import Limits, RowBatch

LAYOUT = pa.schema(
    [
        pa.field("text", pa.string(), nullable=False),
        pa.field("note", pa.string(), nullable=True),
        pa.field("answers", pa.list_(pa.string()), nullable=False),
        pa.field("votes", pa.float64(), nullable=True),
        pa.field("safe", pa.bool_(), nullable=False),
        pa.field("extra", pa.json_(), nullable=True),
    ]
)
OTHER = pa.schema([pa.field("text", pa.string(), nullable=False), pa.field("old", pa.string(), nullable=False)])

GOOD: dict[str, Any] = {"text": "x", "note": None, "answers": ["a"], "votes": 1.5, "safe": True, "extra": {"k": [1]}}
ALL_MAY_BE_BAD = Limits(max_bad_share=1.0)


def write(tmp_path: Path, rows: list[Any], name: str = "a.json") -> Path:
    path = tmp_path / name
    lines = "\n".join(json.dumps(row) for row in rows)
    path.write_text(lines if name == "a.jsonl" else json.dumps(rows), "utf-8")
    return path


def read(
    path: Path,
    limits: Limits = ALL_MAY_BE_BAD,
    *,
    layouts: tuple[pa.Schema, ...] = (LAYOUT,),
    max_rows: int | None = None,
) -> list[RowBatch]:
    return list(read_rows(path, "there/a.json", layouts, limits, max_rows=max_rows))


def good_rows(batches: list[RowBatch]) -> list[int]:
    return [number for batch in batches for number in batch.rows["row"].to_pylist()]


def bad_rows(batches: list[RowBatch]) -> list[tuple[int, str, str]]:
    return [(bad["row"], bad["reason"], bad["evidence"]) for batch in batches for bad in batch.bad.to_pylist()]
