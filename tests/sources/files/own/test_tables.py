"""Tables of text: what stands between their cells is found, and said where the name says something else."""

from pathlib import Path

import pytest

from sources.command.errors import BrokenFileError
from sources.files.own.tables import find_delimiter, is_table
from sources.files.read_whole import look_at
from sources.files.rows import Limits

ROWS = [
    {"prompt": "逗号,分号;竖线|", "chosen": 'a "b"\nc;;;', "rejected": "d,e,f,g"},
    {"prompt": "1;2;3", "chosen": "", "rejected": "x\ty"},
] * 3
NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


def table(delimiter: str, *, quoted: bool = True, end: str = "\r\n") -> str:
    def cell(text: str) -> str:
        escaped = text.replace('"', '""')
        return f'"{escaped}"' if quoted or any(char in text for char in f'{delimiter}"\n') else text

    records = [list(ROWS[0]), *(list(row.values()) for row in ROWS)]
    return end.join(delimiter.join(map(cell, record)) for record in records) + end


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"], ids=["windows", "unix", "old mac"])
@pytest.mark.parametrize("quoted", [True, False])
@pytest.mark.parametrize("delimiter", NAMES)
@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt", "a"])
def test_the_delimiter_is_found(name: str, delimiter: str, quoted: bool, end: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(table(delimiter, quoted=quoted, end=end).encode())
    assert look_at(path, name, Limits(), 99).rows == ROWS
    usual = {"a.csv": ",", "a.tsv": "\t"}.get(name)
    said = f"a table with {NAMES[delimiter]} between its cells"
    assert look_at(path, name, Limits()).how == ("" if delimiter == usual else said)


def test_what_excel_says_in_a_first_line_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfsep=;\r\n" + table(";").encode())
    assert look_at(path, "a.csv", Limits(), 99).rows == ROWS


@pytest.mark.parametrize(
    ("start", "usual", "expected"),
    [
        (b"prompt\nWhy, and how; or when?\n", ",", ","),
        (b"a;b;c\n1,2,3;4;5\n", ",", ";"),
        (b"a,b;c,d\n1,2\n3,4\n", ",", ","),
        (b"a\tb\n1\t2\n", ",", "\t"),
        (b"", ",", ","),
    ],
)
def test_the_header_and_the_records_decide(start: bytes, usual: str, expected: str) -> None:
    assert find_delimiter(start, usual, is_all=True) == (expected, 0)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (b"a,b\n1,2\n", True),
        (b"a,b\n1,2\n3\n", False),
        (b"a,b\n", False),
        (b"One thing, and another\nmore, of it\n", True),
        (b"Dear all\nhow are you\n", False),
        (b"a,a\n1,2\n", False),
        (b'x\n{"a": 1, "b": 2}\n', False),
    ],
)
def test_a_text_is_a_table_only_beyond_doubt(start: bytes, expected: bool) -> None:
    assert is_table(start, is_all=True) is expected


def test_a_column_that_stands_twice_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("prompt,chosen,chosen\n1,2,3\n", encoding="utf-8")
    with pytest.raises(BrokenFileError, match="two columns are called chosen"):
        look_at(path, "a.csv", Limits(), 1)
