"""Workbooks of Excel: the rows of the first sheet, bounded, or one line."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from sources.command.errors import BrokenFileError, FileTooLargeError, ReadError
from sources.files.read_whole import look_at, whole_rows
from sources.files.rows import Limits

spec = importlib.util.spec_from_file_location("workbooks", Path(__file__).parent / "workbooks.py")
assert spec is not None
assert spec.loader is not None
workbooks = importlib.util.module_from_spec(spec)
spec.loader.exec_module(workbooks)
inline, shared, sheet, workbook = workbooks.inline, workbooks.shared, workbooks.sheet, workbooks.workbook

HEADER = inline("prompt", "chosen", "rejected")
ROW = {"prompt": "问", "chosen": "好", "rejected": "坏"}


def read(path: Path, content: bytes, **limits: Any) -> list[object]:
    path.write_bytes(content)
    return look_at(path, path.name, Limits(**limits), 999).rows


def test_the_first_of_two_sheets_is_read_and_said(tmp_path: Path) -> None:
    two = workbook({"数据": sheet(HEADER, inline("问", "好", "坏")), "其他": sheet(inline("x"), inline("y"))})
    for name in ("a.xlsx", "a.zip", "a.csv"):
        assert read(tmp_path / name, two) == [ROW]
        assert look_at(tmp_path / name, name, Limits()).how == "sheet 数据, the first of 2"


def test_every_kind_of_cell_is_read_as_it_is_shown(tmp_path: Path) -> None:
    texts = shared(
        "<t>a</t>", "<t>b</t>", "<t>c</t>", "<t>d</t>", "<r><t>漢</t></r><r><t>字</t></r><rPh><t>かんじ</t></rPh>"
    )
    cells = (
        "".join(f'<c r="{c}1" t="s"><v>{n}</v></c>' for n, c in enumerate(("A", "B", "C", "AB"))),
        '<c r="A2" t="s"><v>4</v></c><c r="C2"><v>3</v></c><c r="AB2"><v>1.5</v></c>',
        '<c r="B3" t="b"><v>1</v></c><c r="C3" t="str"><f>A1</f><v>x_x000D_y</v></c><c r="AB3" t="e"><v>#N/A</v></c>',
        '<c r="A4"/><c r="B4" s="1"><v/></c>',
        '<c r="A5" t="inlineStr"><is><t> &lt;_x0007_ </t></is></c>',
    )
    assert read(tmp_path / "a.xlsx", workbook({"s": sheet(*cells)}, texts)) == [
        {"a": "漢字", "b": None, "c": 3, "d": 1.5},
        {"a": None, "b": True, "c": "x\ry", "d": "#N/A"},
        {"a": " <\x07 ", "b": None, "c": None, "d": None},
    ]


def test_a_cell_without_a_name_above_costs_its_row(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook({"s": sheet(HEADER, inline("问", "好", "坏"), inline("1", "2", "3", "4"))}))
    (batch,) = whole_rows(path, "a", Limits(), None)
    assert [(bad["row"], bad["reason"]) for bad in batch.bad.to_pylist()] == [(1, "wrong_field_count")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (workbook({"s": sheet(inline("a", "b", "a"), inline("1", "2", "3"))}), "two columns are called a"),
        (workbook({"s": sheet()}), "the first sheet is empty"),
        (workbook({"s": sheet(HEADER)}), "holds no row"),
        (workbook({"s": sheet(HEADER)})[:-30], "zip archive that cannot be read"),
        (workbook({"s": "<worksheet><sheetData><row>"}), "a workbook that cannot be read"),
        (workbook({"s": sheet('<c t="s"><v>7</v></c>')}), "a workbook that cannot be read"),
        (workbook({"s": '<!DOCTYPE x [<!ENTITY a "b">]><worksheet>&a;</worksheet>'}), "declares a document type"),
        (workbook({"s": "<a>" * 999}), "nested too deep"),
        (workbook({}), "no sheet of cells"),
    ],
)
def test_a_workbook_that_cannot_be_used_is_one_line(content: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(ReadError) as caught:
        read(tmp_path / "a.xlsx", content)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_sheet_that_claims_to_be_huge_takes_no_memory(tmp_path: Path) -> None:
    far = '<c r="A1" t="str"><v>a</v></c><c r="XFD1" t="str"><v>b</v></c>', '<c r="A1048576" t="str"><v>x</v></c>'
    assert read(tmp_path / "a.xlsx", workbook({"s": sheet(*far)})) == [{"a": "x", "b": None}]


@pytest.mark.parametrize(
    "content",
    [
        workbook({"s": sheet(HEADER, inline("x" * 3_000_000, "y", "z"))}),
        workbook({"s": sheet('<c t="s"><v>0</v></c>')}, shared(*["<t>" + "x" * 900 + "</t>"] * 3000)),
        workbook({"s": sheet(*['<c t="s"><v>0</v></c>'] * 3000)}, shared("<t>" + "x" * 900 + "</t>")),
    ],
    ids=["a cell", "texts", "texts again and again"],
)
def test_a_bomb_is_too_large(content: bytes, tmp_path: Path) -> None:
    assert len(content) < 100_000
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    with pytest.raises(FileTooLargeError, match="unpacks to more than 2,000,000"):
        list(whole_rows(path, "a.xlsx", Limits(max_file_bytes=2_000_000), None))


def test_a_cell_larger_than_a_row_may_be_is_refused(tmp_path: Path) -> None:
    content = workbook({"s": sheet(HEADER, inline("x" * 3000, "y", "z"))})
    with pytest.raises(BrokenFileError, match="a cell of more than 1,000 characters"):
        read(tmp_path / "a.xlsx", content, max_row_bytes=1000)
