"""CSV and TSV with everything that goes wrong in them."""

import csv
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.command.errors import BrokenFileError
from sources.files import read_csv
from sources.files.read import read_rows
from sources.files.read_csv import csv_blocks
from sources.files.read_json import Bad
from sources.files.rows import Limits
from tests.examples import examples

LAYOUT = pa.schema([pa.field("q", pa.string(), nullable=False), pa.field("a", pa.string(), nullable=True)])

CELL = st.lists(st.sampled_from(['"', '""', ",", "\t", "\n", "\r\n", "\\n", "你", "a", " ", "'"]), max_size=5).map(
    "".join
)


def read(content: bytes | str, delimiter: str = ",", max_row_bytes: int = 1 << 20) -> list[Any]:
    stream = io.BytesIO(content.encode() if isinstance(content, str) else content)
    return [row for block in csv_blocks(stream, "a.csv", delimiter, max_row_bytes) for row in block]


def reasons(rows: list[Any]) -> list[str]:
    return [row.reason if isinstance(row, Bad) else "good" for row in rows]


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(st.tuples(CELL, CELL), max_size=6), st.sampled_from([",", "\t"]), st.sampled_from(["\n", "\r\n"]))
def test_any_cells_that_a_csv_writer_wrote_read_back_equal(
    rows: list[tuple[str, str]], delimiter: str, line_break: str
) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=line_break).writerows([("q", "a"), *rows])
    assert read(text.getvalue(), delimiter) == [{"q": q, "a": a} for q, a in rows]


def test_a_cell_may_have_several_lines() -> None:
    content = 'q,a\n"one\ntwo\n\nthree",x\r\nfour,"five\r\nsix"\n'
    assert read(content) == [{"q": "one\ntwo\n\nthree", "a": "x"}, {"q": "four", "a": "five\r\nsix"}]


def test_a_quote_inside_a_cell_is_a_quote() -> None:
    assert read('q,a\nhe said "hi",x\n"a ""b""",y\n') == [{"q": 'he said "hi"', "a": "x"}, {"q": 'a "b"', "a": "y"}]


@pytest.mark.parametrize(
    "stray",
    ['"opened,x', '"closed" early,x', 'x,"opened', '"a"b,x'],
)
def test_a_stray_quote_costs_only_its_row(stray: str) -> None:
    content = f'q,a\n1,x\n{stray}\n2,y\n"3",z\n"4\n5","v"\n'
    rows = read(content)
    assert reasons(rows) == ["good", "bad_csv", "good", "good", "good"]
    assert rows[1].evidence.startswith("line 3: ")
    assert [row["q"] for row in rows if not isinstance(row, Bad)] == ["1", "2", "3", "4\n5"]


def test_stray_quotes_in_two_rows_cost_two_rows_and_name_their_lines() -> None:
    rows = read('q,a\n"a"b,x\n1,x\n2,x\n"c"d,x\n3,x\n')
    assert reasons(rows) == ["bad_csv", "good", "good", "bad_csv", "good"]
    assert [row.evidence.split(":")[0] for row in rows if isinstance(row, Bad)] == ["line 2", "line 5"]


def test_a_quote_that_the_last_row_leaves_open_costs_that_row() -> None:
    assert reasons(read('q,a\n1,x\n2,"y')) == ["good", "bad_csv"]


def test_a_row_with_too_few_or_too_many_fields_is_bad() -> None:
    rows = read("q,a\n1,x\n2\n3,x,y\n4,z\n")
    assert reasons(rows) == ["good", "wrong_field_count", "wrong_field_count", "good"]
    assert [row.evidence for row in rows[1:3]] == ["1 fields, expected 2", "3 fields, expected 2"]


def test_empty_lines_are_no_rows() -> None:
    assert len(read("q,a\n\n1,x\n\r\n\n2,y\n\n")) == 2


def test_a_nul_costs_no_row() -> None:
    assert read("q,a\n1\x00,x\n2,y\n") == [{"q": "1\x00", "a": "x"}, {"q": "2", "a": "y"}]


@pytest.mark.parametrize("header", ["q,a", '"q",a'])
def test_a_byte_order_mark_is_no_part_of_the_first_column(header: str) -> None:
    assert read(b"\xef\xbb\xbf" + f"{header}\n1,x\n".encode()) == [{"q": "1", "a": "x"}]


def test_a_cell_larger_than_allowed_costs_its_row() -> None:
    rows = read(f"q,a\n1,x\n2,{'y' * 200}\n3,z\n", max_row_bytes=100)
    assert reasons(rows) == ["good", "bad_csv", "good"]
    assert "line 3: field larger than field limit (100)" in rows[1].evidence


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", '"q,a\n1,x\n'])
def test_a_file_without_header_is_broken(content: str) -> None:
    with pytest.raises(BrokenFileError, match=r"a\.csv: empty; expected a header line and rows"):
        read(content)


def test_a_header_alone_has_no_rows() -> None:
    assert read("q,a\n") == []


def test_rows_come_in_blocks_that_lose_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_csv, "BLOCK_ROWS", 3)
    content = "q,a\n" + "".join(f"{n},x\n" for n in range(7))
    blocks = list(csv_blocks(io.BytesIO(content.encode()), "a.csv", ",", 1 << 20))
    assert [len(block) for block in blocks] == [3, 3, 1]


def test_bytes_that_are_not_utf_8_cost_only_their_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("q,a\n1,你\n2,".encode() + b"\xff\xfe\n" + "3,好\n".encode())
    (batch,) = read_rows(path, "a.csv", (LAYOUT,), Limits())
    assert batch.rows.to_pylist() == [{"q": "1", "a": "你", "row": 0}, {"q": "3", "a": "好", "row": 2}]
    (bad,) = batch.bad.to_pylist()
    assert (bad["row"], bad["reason"]) == (1, "invalid_utf8")
    assert bad["evidence"].startswith("a: ")


@pytest.mark.parametrize(("suffix", "delimiter"), [(".csv", ","), (".tsv", "\t")])
def test_the_suffix_says_what_separates_the_cells(tmp_path: Path, suffix: str, delimiter: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_text(f"a{delimiter}q{delimiter}more\nx{delimiter}1{delimiter}\n", "utf-8")
    (batch,) = read_rows(path, path.name, (LAYOUT,), Limits())
    assert batch.rows.to_pylist() == [{"q": "1", "a": "x", "row": 0}]
