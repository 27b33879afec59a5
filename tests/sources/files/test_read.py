"""Upstream files as typed rows, and a reason for every row that is none."""

import gzip
import json
import lzma
import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sources.command.errors import BadRowsError, BrokenFileError, FetchError, MissingColumnError
from sources.files import read_json
from sources.files.rows import Limits
from tests.sources.files.typed_rows import GOOD, LAYOUT, OTHER, bad_rows, good_rows, read, write


def test_columns_that_the_layout_does_not_have_are_counted(tmp_path: Path) -> None:
    (batch,) = read(write(tmp_path, [GOOD, {**GOOD, "more": 1}, {**GOOD, "more": 2, "meta": {}}, 7]))
    assert dict(batch.unused) == {"more": 2, "meta": 1}


def test_good_rows_become_columns_of_the_layout_with_their_number(tmp_path: Path) -> None:
    (batch,) = read(write(tmp_path, [GOOD, {**GOOD, "more": 1}]))
    assert batch.rows.column_names == [*LAYOUT.names, "row"]
    assert batch.rows.to_pylist() == [{**GOOD, "extra": '{"k":[1]}', "row": n} for n in (0, 1)]
    assert len(batch.bad) == 0
    assert len(batch) == 2


BAD_ROWS: list[tuple[Any, str, str]] = [
    (3, "not_an_object", "int: 3"),
    (None, "not_an_object", "NoneType: None"),
    (["x"], "not_an_object", "list: ['x']"),
    ("a\x1b", "not_an_object", "str: a\\x1b"),
    ({"text": "x", "note": "n"}, "missing_column", "no column answers; found text, note"),
    ({**GOOD, "text": None}, "null_value", "text is null"),
    ({**GOOD, "safe": None}, "null_value", "safe is null"),
    ({**GOOD, "answers": None}, "null_value", "answers is null"),
    ({**GOOD, "text": math.nan}, "null_value", "text is null"),
    ({**GOOD, "text": 7}, "wrong_type", "text is 7, expected string"),
    ({**GOOD, "text": ["x"]}, "wrong_type", "text is ['x'], expected string"),
    ({**GOOD, "answers": {"x": "y"}}, "wrong_type", "answers is {'x': 'y'}, expected list<"),
    ({**GOOD, "answers": ["x", 2]}, "wrong_type", "answers is 2, expected string"),
    ({**GOOD, "answers": [["x"]]}, "wrong_type", "answers is ['x'], expected string"),
    ({**GOOD, "votes": "many"}, "wrong_type", "votes is 'many', expected double"),
    ({**GOOD, "votes": [1]}, "wrong_type", "votes is [1], expected double"),
    ({**GOOD, "safe": "maybe"}, "wrong_type", "safe is 'maybe', expected bool"),
    ({**GOOD, "safe": 1}, "wrong_type", "safe is 1, expected bool"),
    ({**GOOD, "text": "\ud800"}, "invalid_utf8", "text: \\ud800"),
    ({**GOOD, "answers": ["x", "\udcff"]}, "invalid_utf8", "answers: \\udcff"),
]


@pytest.mark.parametrize(("row", "reason", "evidence"), BAD_ROWS, ids=lambda value: None)
@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_a_row_that_does_not_fit_is_skipped_with_its_reason_and_costs_no_other(
    tmp_path: Path, row: Any, reason: str, evidence: str, name: str
) -> None:
    batches = read(write(tmp_path, [GOOD, row, GOOD], name))
    assert good_rows(batches) == [0, 2]
    ((number, found, said),) = bad_rows(batches)
    assert (number, found) == (1, reason)
    assert said.startswith(evidence)
    assert "\x1b" not in said


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"safe": "True"}, {"safe": True}),
        ({"safe": "false"}, {"safe": False}),
        ({"votes": "12.0"}, {"votes": 12.0}),
        ({"votes": 3}, {"votes": 3.0}),
        ({"votes": ""}, {"votes": None}),
        ({"votes": "nan"}, {"votes": None}),
        ({"note": math.nan}, {"note": None}),
        ({"extra": None}, {"extra": None}),
        ({"extra": "{'a': True}"}, {"extra": "\"{'a': True}\""}),
        ({"answers": []}, {"answers": []}),
        ({"votes": 2**60 + 1}, {"votes": float(2**60)}),
    ],
    ids=repr,
)
def test_numbers_and_flags_may_be_spelled_otherwise(
    tmp_path: Path, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    for others in ([], [{**GOOD, "text": 1}]):
        (batch,) = read(write(tmp_path, [{**GOOD, **changes}, *others]))
        (row,) = batch.rows.to_pylist()
        assert row == {**GOOD, "extra": '{"k":[1]}', "row": 0, **expected}


@pytest.mark.parametrize("answers", ["ab", ""])
def test_a_string_in_the_place_of_a_list_is_no_list_of_characters(tmp_path: Path, answers: str) -> None:
    batches = read(write(tmp_path, [GOOD, {**GOOD, "answers": answers}]))
    assert good_rows(batches) == [0]
    assert bad_rows(batches)[0][1] == "wrong_type"


@pytest.mark.parametrize("history", [["ab"], "ab"], ids=repr)
def test_a_string_in_the_place_of_an_inner_list_is_no_list_of_characters(tmp_path: Path, history: Any) -> None:
    layout = pa.schema([pa.field("history", pa.list_(pa.list_(pa.string())), nullable=False)])
    batches = read(write(tmp_path, [{"history": [["a", "b"]]}, {"history": history}]), layouts=(layout,))
    assert good_rows(batches) == [0]


def test_a_flag_in_the_place_of_a_number_is_bad_whatever_stands_beside_it(tmp_path: Path) -> None:
    assert good_rows(read(write(tmp_path, [GOOD, {**GOOD, "votes": True}]))) == [0]


def test_a_nan_number_is_null_whatever_stands_beside_it(tmp_path: Path) -> None:
    (batch,) = read(write(tmp_path, [{**GOOD, "votes": math.nan}]))
    assert batch.rows["votes"].to_pylist() == [None]


@pytest.mark.parametrize(
    "extra",
    ['{"k": "\\ud800"}', '{"k": ' + "[" * 300 + "]" * 300 + "}", '{"n": NaN, "k": 123456789012345678901234567890}'],
    ids=["lone surrogate", "nested deep", "large number"],
)
def test_a_json_cell_that_cannot_be_written_costs_only_its_row(tmp_path: Path, extra: str) -> None:
    path = tmp_path / "a.jsonl"
    good = json.dumps(GOOD)
    odd = good.replace(json.dumps(GOOD["extra"]), extra)
    path.write_text(f"{good}\n{odd}\n{good}\n", "utf-8")
    batches = read(path)
    assert good_rows(batches) == [0, 2]
    assert [row for row, _, _ in bad_rows(batches)] == [1]


def test_rows_are_numbered_through_all_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_json, "BLOCK_BYTES", 256)
    rows: list[Any] = [GOOD if n % 7 else n for n in range(50)]
    for name in ("a.json", "a.jsonl"):
        batches = read(write(tmp_path, rows, name))
        assert len(batches) > 3
        assert good_rows(batches) == [n for n in range(50) if n % 7]
        assert [row for row, _, _ in bad_rows(batches)] == [n for n in range(50) if not n % 7]


@pytest.mark.parametrize("wanted", [1, 2, 7, 49, 50, 60])
def test_no_more_rows_than_wanted_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: int) -> None:
    monkeypatch.setattr(read_json, "BLOCK_BYTES", 256)
    for name in ("a.json", "a.jsonl"):
        batches = read(write(tmp_path, [GOOD] * 50, name), max_rows=wanted)
        assert good_rows(batches) == list(range(min(wanted, 50)))


def test_the_first_layout_that_fits_is_taken(tmp_path: Path) -> None:
    both = {**GOOD, "old": "y"}
    assert read(write(tmp_path, [both]), layouts=(LAYOUT, OTHER))[0].rows.column_names == [*LAYOUT.names, "row"]
    assert read(write(tmp_path, [both]), layouts=(OTHER, LAYOUT))[0].rows.column_names == ["text", "old", "row"]
    old = {"text": "x", "old": "y"}
    assert read(write(tmp_path, [3, old]), layouts=(LAYOUT, OTHER))[0].rows.column_names == ["text", "old", "row"]


def test_a_row_of_the_other_layout_further_down_is_bad(tmp_path: Path) -> None:
    batches = read(write(tmp_path, [{"text": "x", "old": "y"}, GOOD]), layouts=(OTHER, LAYOUT))
    assert bad_rows(batches)[0][:2] == (1, "missing_column")


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_another_layout_is_an_error_that_lists_the_found_and_the_expected_columns(tmp_path: Path, name: str) -> None:
    with pytest.raises(MissingColumnError) as caught:
        read(write(tmp_path, [5, {"text": "x", "note": None, "new\x1b": "y"}], name), layouts=(OTHER, LAYOUT))
    assert str(caught.value) == (
        "there/a.json: row 1: no column answers, votes, safe, extra; found text, note, new\\x1b; "
        "expected text, old or text, note, answers, votes, safe, extra"
    )


def test_a_csv_with_another_header_is_the_same_error(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,new\nx,y\n", "utf-8")
    with pytest.raises(MissingColumnError, match=r"row 0: no column old; found text, new; expected text, old"):
        read(path, layouts=(OTHER,))


@pytest.mark.parametrize("packer", [gzip, lzma], ids=["gz", "xz"])
def test_a_packed_file_is_read_by_the_suffix_below(tmp_path: Path, packer: Any) -> None:
    suffix = {gzip: ".gz", lzma: ".xz"}[packer]
    lines = tmp_path / f"a.jsonl{suffix}"
    lines.write_bytes(packer.compress(json.dumps(GOOD).encode()))
    cells = tmp_path / f"a.csv{suffix}"
    cells.write_bytes(packer.compress(b"text,old\nx,y\n"))
    assert good_rows(read(lines)) == [0]
    assert read(cells, layouts=(OTHER,))[0].rows.to_pylist() == [{"text": "x", "old": "y", "row": 0}]


def test_rows_larger_than_allowed_are_skipped_with_their_reason(tmp_path: Path) -> None:
    for name in ("a.json", "a.jsonl"):
        path = write(tmp_path, [GOOD, {**GOOD, "text": "x" * 500}, GOOD], name)
        batches = read(path, Limits(max_bad_share=1.0, max_row_bytes=300))
        assert good_rows(batches) == [0, 2]
        assert bad_rows(batches)[0][:2] == (1, "row_too_large")


def test_a_file_without_rows_gives_none(tmp_path: Path) -> None:
    assert good_rows(read(write(tmp_path, []))) == []


def test_a_file_of_which_no_row_is_an_object_gives_only_bad_rows(tmp_path: Path) -> None:
    assert len(bad_rows(read(write(tmp_path, [1, 2, 3])))) == 3


def test_an_html_page_in_the_place_of_a_file_is_no_row(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("<!doctype html>\n<p>404</p>\n<p>not here</p>\n", "utf-8")
    with pytest.raises(BadRowsError, match="3 of 3 rows cannot be read: row 0: bad_json"):
        read(path, Limits())


def test_errors_name_the_file_as_it_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"")
    with pytest.raises(BrokenFileError, match=r"^there/a\.json: empty"):
        read(path)
    with pytest.raises(FetchError, match=r"^there/a\.json: cannot be opened"):
        read(tmp_path / "none.json")
