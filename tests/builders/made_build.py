"""A small build on the disk, made of pairs that a test writes down."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sources.pairs.schema import DROPPED, PAIRS, content_ids, turns

Turns = list[tuple[str, str]]
Row = dict[str, Any]

HOSTILE = "零\x00\x1b[31m\x7f\u2028\u202e<script>alert(1)</script>\"'\\\t\r\n=1+1,\ufeff𝄞"
"""Text that must come through every format as it is."""


def pair(prompt: str | Turns, chosen: str, rejected: str, **others: Any) -> dict[str, Any]:
    """A row of PAIRS; `others` are its columns beside the text."""
    said = [("user", prompt)] if isinstance(prompt, str) else prompt
    sides = {"prompt": said, "chosen": [("assistant", chosen)], "rejected": [("assistant", rejected)]}
    columns = {side: turns([messages]) for side, messages in sides.items()}
    row = {name: column[0].as_py() for name, column in columns.items()}
    fixed = {"lang": "zh", "source": "test", "license": "MIT", "signal": "human", "prompt_group": "0" * 16, "tags": []}
    id_ = content_ids(*columns.values())[0].as_py()
    return {**fixed, "id": id_, "source_row": f"file:{id_[:6]}", **row, **others}


def dropped(row: dict[str, Any], stage: str, reason: str, evidence: str = "") -> dict[str, Any]:
    """A row of dropped.parquet."""
    return {**row, "stage": stage, "reason": reason, "evidence": evidence}


def make_build(folder: Path, train: list[Row], test: Sequence[Row] = (), lost: Sequence[Row] = ()) -> Path:
    """A build of these pairs in `folder`; returns it."""
    (folder / "data").mkdir(parents=True)
    outputs = []
    for split, rows in (("train", train), ("test", test)):
        if rows:
            name = f"data/{split}-00000-of-00001.parquet"
            pq.write_table(pa.Table.from_pylist(list(rows), PAIRS), folder / name)
            outputs.append({"path": name, "rows": len(rows), "bytes": 1, "sha256": "0" * 64})
    pq.write_table(pa.Table.from_pylist(list(lost), DROPPED), folder / "dropped.parquet")
    outputs.append({"path": "dropped.parquet", "rows": len(lost), "bytes": 1, "sha256": "0" * 64})
    names = dict.fromkeys(row["source"] for row in (*train, *test, *lost))
    manifest = {
        "format": 1,
        "lang": "zh",
        "recipe": {"name": "made", "limits": {"max_answer_chars": 9}},
        "sources": [{"source": name, "license": "MIT"} for name in names],
        "outputs": outputs,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder
