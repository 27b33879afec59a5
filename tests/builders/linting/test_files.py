"""Files of every format are read; what cannot be is one line, and bad rows are findings."""

import csv
import gzip
import json
import lzma
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest


def as_csv(rows: list[dict[str, str]], delimiter: str = ",") -> bytes:
    with tempfile.TemporaryFile("w+", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
        file.seek(0)
        return file.read().encode()


def as_parquet(rows: list[dict[str, str]]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return bytes(sink.getvalue())


def as_lines(rows: list[dict[str, str]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


FORMATS: dict[str, Callable[[list[dict[str, str]]], bytes]] = {
    "data.json": lambda rows: json.dumps(rows).encode(),
    "data.jsonl": as_lines,
    "data.csv": as_csv,
    "data.tsv": lambda rows: as_csv(rows, "\t"),
    "data.parquet": as_parquet,
    "data.json.gz": lambda rows: gzip.compress(json.dumps(rows).encode()),
    "data.jsonl.xz": lambda rows: lzma.compress(as_lines(rows)),
    "data.csv.gz": lambda rows: gzip.compress(as_csv(rows)),
    "data": as_lines,
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_read(name: str, lint: Any, tmp_path: Path, pair: Any, clean_rows: Any) -> None:
    path = tmp_path / name
    path.write_bytes(FORMATS[name]([*clean_rows, pair(rejected="它的尾巴\n真漂亮。")]))
    linted = lint(path)
    assert (linted.said["pairs"], linted.counts) == (13, {"identical_sides": 1})
    if "." in name:
        assert lint(tmp_path).counts == linted.counts


def test_a_parquet_file_of_messages_and_other_columns_is_read(lint: Any, tmp_path: Path) -> None:
    from datetime import UTC, datetime

    row = {
        "prompt": [{"role": "user", "content": "问？"}],
        "chosen": [{"role": "assistant", "content": ""}],
        "rejected": [{"role": "assistant", "content": "答。"}],
        "when": datetime(2024, 1, 1, tzinfo=UTC),
        "bytes": b"\xff",
        "score": float("nan"),
    }
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "a.parquet")
    assert lint(tmp_path).counts == {"empty_side": 1}


BROKEN: dict[str, tuple[bytes, list[str]]] = {
    "empty.jsonl": (b"", ["empty.jsonl: empty"]),
    "blank.json": (b"  \n", ["blank.json: empty"]),
    "empty.csv": (b"", ["empty.csv: empty", "a header line"]),
    "none.json": (b"[]", ["none.json: holds no row"]),
    "header.csv": (b"prompt,chosen,rejected\n", ["header.csv: holds no row"]),
    "half.json": (b'[{"prompt": "a", "chosen": "b", "rejected": "c"}, {"prom', ["half.json: ends in the middle"]),
    "cut.jsonl.gz": (gzip.compress(b"{}" * 999)[:-9], ["cut.jsonl.gz: broken after"]),
    "no.parquet": (b"PAR1 and no more", ["no.parquet: cannot be read", "a Parquet file"]),
    "other.jsonl": (b'{"text": "a"}\n', ["other.jsonl: no known layout; the first row has text", "keys(prompt="]),
    "words.jsonl": (b"one\ntwo\n", ["words.jsonl: none of 2 rows can be read; row 0: bad_json"]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_cannot_be_used_is_one_line(name: str, refused: Any, tmp_path: Path) -> None:
    content, words = BROKEN[name]
    (tmp_path / name).write_bytes(content)
    for place in (tmp_path / name, tmp_path):
        said = refused(place, status=1)
        assert [word for word in words if word not in said] == []


def test_what_is_not_there_is_one_line(refused: Any, tmp_path: Path) -> None:
    assert "no such file or folder" in refused(tmp_path / "none", status=1)
    assert "no such file or folder" in refused("none/data.jsonl", status=1)
    (tmp_path / "README.md").write_text("hello")
    assert "no data file below it; expected .json, .jsonl" in refused(tmp_path, status=1)


def test_a_file_that_may_not_be_read_is_one_line(refused: Any, write: Callable[..., Path], pair: Any) -> None:
    path = write([pair()])
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    assert "Permission denied" in refused(path, status=1)


BAD_ROWS: list[Any] = [
    ("bad_json", b'{"prompt": "a\n'),
    ("not_an_object", b'["a", "b"]\n'),
    ("not_an_object", b"null\n"),
    ("invalid_utf8", b'{"prompt": "\\ud800", "chosen": "b", "rejected": "c"}\n'),
    ("invalid_utf8", b'{"prompt": "\xff\xfe", "chosen": "b", "rejected": "c"}\n'),
    ("row_too_large", b'{"prompt": "' + b"x" * (4 << 20) + b'"}\n'),
]


@pytest.mark.parametrize(("reason", "line"), BAD_ROWS, ids=[f"{r}-{n}" for n, (r, _) in enumerate(BAD_ROWS)])
def test_rows_that_cannot_be_read_are_findings_however_many(
    reason: str, line: bytes, lint: Any, write: Callable[..., Path], clean_rows: Any
) -> None:
    path = write(clean_rows)
    path.write_bytes(path.read_bytes() + 3 * line)
    linted = lint(path)
    assert linted.counts == {"unreadable_row": 3}
    assert linted.examples("unreadable_row")[0][0] == "data.jsonl:12"
    assert linted.examples("unreadable_row")[0][1].startswith(f"{reason}: ")
    assert (linted.said["rows"], linted.said["pairs"], linted.said["findings"][0]["of"]) == (15, 12, 15)


def test_csv_records_with_too_few_fields_are_findings(lint: Any, tmp_path: Path, clean_rows: Any) -> None:
    (tmp_path / "data.csv").write_bytes(as_csv(clean_rows) + b'a,b\r\na "b,"c" d,e\r\n')
    linted = lint(tmp_path)
    assert linted.counts == {"unreadable_row": 2}
    assert [evidence.partition(":")[0] for _, evidence in linted.examples("unreadable_row")] == [
        "wrong_field_count",
        "bad_csv",
    ]


NO_PAIRS: list[Any] = [
    ({"prompt": "a", "chosen": 7, "rejected": "d"}, "wrong_type: chosen is 7, expected text"),
    ({"prompt": "a", "chosen": "b", "rejected": "c", "images": ["x.png"]}, "has_media: images is ['x.png']"),
    ({"prompt": 1, "chosen": "b", "rejected": "d"}, "wrong_type: prompt is 1, expected a string"),
    ({"prompt": "a", "chosen": "b", "rejected": {"a": 1}}, "broken_turns: rejected[0] is {"),
]


@pytest.mark.parametrize(("row", "evidence"), NO_PAIRS)
def test_rows_of_another_shape_give_no_pair_and_are_findings(
    row: dict[str, Any], evidence: str, lint: Any, write: Callable[..., Path], clean_rows: Any
) -> None:
    linted = lint(write([*clean_rows, row]))
    assert linted.counts == {"no_pair": 1}
    ((where, said),) = linted.examples("no_pair")
    assert where == "data.jsonl:12"
    assert said.startswith(evidence)


@pytest.mark.parametrize("row", [{"prompt": "a", "chosen": "b"}, {"prompt": "a", "chosen": None, "rejected": "b"}, {}])
def test_a_side_that_is_not_there_is_an_empty_one(
    row: dict[str, Any], lint: Any, write: Callable[..., Path], clean_rows: Any
) -> None:
    assert lint(write([*clean_rows, row])).counts == {"empty_side": 1}


@pytest.mark.parametrize("row", [{}, {"prompt": None}, {"prompt": []}, {"prompt": [{}], "chosen": 1, "rejected": []}])
def test_rows_without_the_keys_of_their_layout_give_no_pair(
    row: dict[str, Any], lint: Any, write: Callable[..., Path], clean_rows: Any
) -> None:
    rows = [
        {
            "prompt": [{"role": "user", "content": each["prompt"]}],
            "chosen": [{"role": "assistant", "content": each["chosen"]}],
            "rejected": [{"role": "assistant", "content": each["rejected"]}],
        }
        for each in clean_rows
    ]
    assert lint(write([*rows, row])).counts == {"no_pair": 1}
