"""Files of every kind with bytes changed, lost or added: rows, or one line; never anything else."""

import bz2
import gzip
import io
import json
import lzma
import random
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from sources.command.errors import ReadError
from sources.files.read_whole import look_at, whole_rows
from sources.files.rows import Limits

TRIES = 60
ROWS = [
    {
        "prompt": f"第{number}个问题是什么呢？",
        "chosen": "这是一个很好的回答，我们都喜欢。",
        "turns": [{"role": "user", "content": "x"}],
    }
    for number in range(30)
]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)
INDENTED = "\n".join(json.dumps(row, indent=1) for row in ROWS)
TABLE = pa.Table.from_pylist(ROWS)


def zipped() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jsonl", LINES)
    return packed.getvalue()


def columns(kind: str) -> bytes:
    packed = io.BytesIO()
    if kind == "feather":
        feather.write_feather(TABLE, packed)
    elif kind == "parquet":
        pq.write_table(TABLE, packed, compression="none")
    else:
        new = pa.ipc.new_file if kind == "arrow" else pa.ipc.new_stream
        with new(packed, TABLE.schema) as writer:
            writer.write_table(TABLE)
    return packed.getvalue()


WHOLE = {
    "lines": LINES.encode(),
    "an array": json.dumps(ROWS, indent=1).encode(),
    "objects": INDENTED.encode(),
    "one object": json.dumps({"data": ROWS}).encode(),
    "gb18030": LINES.encode("gb18030"),
    "utf-16": LINES.encode("utf-16"),
    "utf-16 without a mark": LINES.encode("utf-16-be"),
    "csv": b'a,b,c\n1,"2\n",3\n' * 30,
    "gz": gzip.compress(LINES.encode()),
    "bz2": bz2.compress(LINES.encode()),
    "xz": lzma.compress(LINES.encode()),
    "zip": zipped(),
    **{kind: columns(kind) for kind in ("parquet", "arrow", "arrow stream", "feather")},
}


def broken(content: bytes, chance: random.Random) -> bytes:
    """The content with some bytes changed, lost or added, or without its end."""
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 5, 30))):
        place = chance.randrange(len(changed))
        match chance.choice(("change", "change", "lose", "add", "cut")):
            case "change":
                changed[place] = chance.randrange(256)
            case "lose":
                del changed[place : place + chance.randrange(1, 40)]
            case "add":
                changed[place:place] = chance.randbytes(chance.randrange(1, 9))
            case "cut":
                del changed[max(place, 1) :]
        if not changed:
            return b"x"
    return bytes(changed)


@pytest.mark.parametrize("kind", WHOLE)
def test_broken_bytes_are_rows_or_one_line(kind: str, tmp_path: Path) -> None:
    chance, path = random.Random(kind), tmp_path / "a"
    limits = Limits(max_file_bytes=10_000_000, max_bad_share=1.0)
    read = 0
    for _ in range(TRIES):
        path.write_bytes(broken(WHOLE[kind], chance))
        for reader in (
            lambda: look_at(path, "a", limits, 99),
            lambda: list(whole_rows(path, "a", limits, None)),
        ):
            line = ""
            try:
                reader()
                read += 1
            except ReadError as error:
                line = str(error)
            assert not line or (line.startswith("a: ") and "\n" not in line)
    path.write_bytes(WHOLE[kind])
    assert look_at(path, "a", limits, 99).rows
    assert read < 2 * TRIES
