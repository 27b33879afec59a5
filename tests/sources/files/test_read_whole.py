"""Rows of any layout from any kind of file: the same rows, numbered, bad ones told with their reason."""

import gzip
import json
import lzma
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sources.command.errors import BadRowsError, BrokenFileError, FetchError, FileTooLargeError
from sources.files.read_whole import look_at, whole_rows
from sources.files.rows import Limits
from sources.pairs.whole_row import whole_cells

ROWS = [{"prompt": f"问{number}", "chosen": "好", "rejected": "坏\n坏"} for number in range(5)]


def as_jsonl(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    """The rows as the name of the file says."""
    bare = path.with_suffix("") if path.suffix in (".gz", ".xz") else path
    if bare.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
        return path
    content = as_jsonl(rows)
    if bare.suffix == ".json":
        content = json.dumps(rows, ensure_ascii=False, indent=1).encode()
    if bare.suffix in (".csv", ".tsv"):
        cells = [list(rows[0]), *(list(row.values()) for row in rows)]
        between = "\t" if bare.suffix == ".tsv" else ","
        content = "".join(between.join(f'"{cell}"' for cell in row) + "\r\n" for row in cells).encode()
    pack = {".gz": gzip.compress, ".xz": lzma.compress}.get(path.suffix, bytes)
    path.write_bytes(pack(content))
    return path


def read(path: Path, max_rows: int | None = None, **limits: Any) -> tuple[list[tuple[int, Any]], list[tuple[Any, ...]]]:
    """(number, row) of all rows, and (number, reason, evidence) of the bad ones."""
    good: list[tuple[int, Any]] = []
    bad: list[tuple[Any, ...]] = []
    for batch in whole_rows(path, path.name, Limits(**limits), max_rows):
        table = batch.rows
        good += zip(table["row"].to_pylist(), whole_cells(table), strict=True)
        bad += [tuple(row.values()) for row in batch.bad.to_pylist()]
    return good, bad


NAMES = [f"rows.{end}{pack}" for end in ("json", "jsonl", "csv", "tsv") for pack in ("", ".gz", ".xz")]


@pytest.mark.parametrize("name", [*NAMES, "rows.parquet"])
def test_every_kind_of_file_gives_the_same_rows(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / name, ROWS)
    assert read(path) == (list(enumerate(ROWS)), [])
    assert look_at(path, name, Limits(), 2).rows == ROWS[:2]


@pytest.mark.parametrize("name", ["rows.json", "rows.jsonl", "rows.csv", "rows.parquet"])
@pytest.mark.parametrize("most", [1, 3, 5, 99])
def test_no_more_rows_are_read_than_asked_for(name: str, most: int, tmp_path: Path) -> None:
    good, _ = read(write(tmp_path / name, ROWS), max_rows=most)
    assert good == list(enumerate(ROWS))[:most]


def test_nested_rows_come_through_whole(tmp_path: Path) -> None:
    rows = [{"messages": [{"role": "user", "content": "一\u2028\x00"}], "n": 1.5, "none": None, "deep": {"a": [[1]]}}]
    for name in ("rows.json", "rows.jsonl", "rows.parquet"):
        assert read(write(tmp_path / name, rows)) == ([(0, rows[0])], [])


def test_blocks_are_numbered_on(tmp_path: Path) -> None:
    rows = [{"prompt": "问" * 50, "number": number} for number in range(300)]
    good, _ = read(write(tmp_path / "rows.jsonl", rows), block_bytes=1000)
    assert good == list(enumerate(rows))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"prompt": "x"', "bad_json"),
        (b"nonsense", "bad_json"),
        (b"7", "not_an_object"),
        (b'["a"]', "not_an_object"),
        (b"null", "not_an_object"),
        (b'{"prompt": "\xff"}', "invalid_utf8"),
        (b'{"prompt": "\\ud800"}', "invalid_utf8"),
        (b'{"prompt": "' + b"x" * 3000 + b'"}', "row_too_large"),
    ],
)
def test_a_bad_row_costs_itself_and_says_why(line: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(as_jsonl(ROWS[:2]) + line + b"\n" + as_jsonl(ROWS[2:]))
    good, bad = read(path, max_row_bytes=2000)
    assert [number for number, _ in good] == [0, 1, 3, 4, 5]
    assert [(number, why) for number, why, _ in bad] == [(2, reason)]
    assert bad[0][2]


def test_more_bad_rows_than_allowed_fail_and_are_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(as_jsonl(ROWS) + b"x\ny\n")
    with pytest.raises(BadRowsError, match=r"2 of 7 rows cannot be read: row 5: bad_json"):
        read(path)
    assert len(read(path, max_bad_share=0.5)[1]) == 2


def test_a_record_of_other_length_costs_itself(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('prompt,chosen,rejected\n一,好,坏\n一,好\n一,"好\n好",坏\n', encoding="utf-8")
    good, bad = read(path)
    assert [number for number, _ in good] == [0, 2]
    assert good[1][1]["chosen"] == "好\n好"
    assert bad == [(1, "wrong_field_count", "2 fields, expected 3")]


def test_what_json_has_no_word_for_becomes_its_text(tmp_path: Path) -> None:
    good, _ = read(write(tmp_path / "rows.parquet", [{"prompt": "一", "day": date(2024, 5, 1), "nan": float("nan")}]))
    assert good == [(0, {"prompt": "一", "day": "2024-05-01", "nan": None})]


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("rows.jsonl", b"", BrokenFileError),
        ("rows.json", b'[{"prompt": "x"}, {"pro', BrokenFileError),
        ("rows.csv", b"", BrokenFileError),
        ("rows.parquet", b"PAR1 no PAR1", BrokenFileError),
        ("rows.jsonl.gz", gzip.compress(as_jsonl(ROWS) * 999)[:200], BrokenFileError),
        ("rows.jsonl.xz", lzma.compress(as_jsonl(ROWS) * 999)[:200], BrokenFileError),
    ],
)
def test_a_broken_file_is_named(name: str, content: bytes, error: type[Exception], tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(error, match=name):
        read(path)
    with pytest.raises(error, match=name):
        look_at(path, name, Limits(), 9999)


def test_a_file_that_is_not_there_and_one_that_grows_too_large(tmp_path: Path) -> None:
    with pytest.raises(FetchError):
        read(tmp_path / "none.jsonl")
    packed = tmp_path / "bomb.jsonl.gz"
    packed.write_bytes(gzip.compress(as_jsonl(ROWS) * 2000))
    with pytest.raises(FileTooLargeError):
        read(packed, max_file_bytes=10_000)


def test_bad_rows_are_no_part_of_the_first_ones(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"x\n" + as_jsonl(ROWS))
    assert look_at(path, "rows.jsonl", Limits(), 1).rows == ROWS[:1]
