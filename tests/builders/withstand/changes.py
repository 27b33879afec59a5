"""Changes to an upstream file, from its bytes to other bytes."""

import gzip
import json
from typing import Any

from tests.builders.withstand.place import Change


def change_rows(changes: dict[int, Any]) -> Change:
    """Other rows in some places of a JSON array: a dict is merged into the row, a list of one replaces it."""

    def change(data: bytes) -> bytes:
        rows = json.loads(data)
        for number, new in changes.items():
            rows[number] = new[0] if isinstance(new, list) else {**rows[number], **new}
        return json.dumps(rows, indent=1).encode()

    return change


def without(*columns: str, row: int = 0) -> Change:
    def change(data: bytes) -> bytes:
        rows = json.loads(data)
        rows[row] = {name: value for name, value in rows[row].items() if name not in columns}
        return json.dumps(rows).encode()

    return change


def gz_line(line: str, at: int = 3) -> Change:
    """One more line in a packed file of JSON lines."""

    def change(data: bytes) -> bytes:
        lines = gzip.decompress(data).splitlines()
        return gzip.compress(b"\n".join([*lines[:at], line.encode(), *lines[at:]]) + b"\n")

    return change


def replace(old: bytes, new: bytes, *, packed: bool = False) -> Change:
    def change(data: bytes) -> bytes:
        assert old in data
        return data.replace(old, new, 1)

    return change


def insert_line(data: bytes, at: int, line: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join([*lines[:at], line + b"\n", *lines[at:]])
