"""JSON arrays and JSON lines, cut into blocks anywhere."""

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.command.errors import BrokenFileError
from sources.files.read_json import Bad
from tests.examples import examples
from tests.sources.files.json_text import broken, read

NASTY = st.sampled_from(
    [
        "}, {",
        "},{",
        "}\n,\n{",
        "}]",
        "]",
        "[",
        "{",
        '"',
        '\\"',
        "\\",
        "\\\\",
        "\n",
        "\t",
        "\x00",
        "\x7f",
        "\u2028",
        "\\u007d",
        '"}, {"a": "',
        "你",
        "🙂",
        "e\u0301",
        "null",
        ",",
        " ",
    ]
)
TEXT = st.lists(NASTY, max_size=6).map("".join) | st.text(max_size=8)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
ROWS = st.lists(st.dictionaries(TEXT, VALUE, max_size=4), max_size=8)


@settings(max_examples=examples(300), deadline=None)
@given(ROWS, st.sampled_from([None, 0, 1, 3]), st.booleans(), st.integers(16, 200))
def test_any_array_reads_back_equal_wherever_its_blocks_are_cut(
    rows: list[dict[str, Any]], indent: int | None, ascii_only: bool, block_bytes: int
) -> None:
    content = json.dumps(rows, indent=indent, ensure_ascii=ascii_only).encode()
    assert read(content, block_bytes) == rows


@settings(max_examples=examples(100), deadline=None)
@given(ROWS, st.sampled_from([",", " ,", ",\r\n\r\n\t", "\n, "]), st.integers(16, 120))
def test_an_array_may_have_any_white_space_around_its_rows(
    rows: list[dict[str, Any]], comma: str, block_bytes: int
) -> None:
    content = ("[ \n" + comma.join(json.dumps(row) for row in rows) + " \n]\n\n").encode()
    assert read(content, block_bytes) == rows


@settings(max_examples=examples(150), deadline=None)
@given(
    ROWS.filter(bool), st.booleans(), st.sampled_from(["\n", "\r\n", "\n\n \n"]), st.booleans(), st.integers(16, 200)
)
def test_any_lines_read_back_equal_wherever_their_blocks_are_cut(
    rows: list[dict[str, Any]], ascii_only: bool, line_break: str, closed: bool, block_bytes: int
) -> None:
    text = line_break.join(json.dumps(row, ensure_ascii=ascii_only) for row in rows) + line_break * closed
    assert read(text.encode(), block_bytes) == rows


@settings(max_examples=examples(60), deadline=None)
@given(ROWS.filter(bool), st.integers(16, 100))
def test_lone_surrogates_and_bad_bytes_do_not_move_a_boundary(rows: list[dict[str, Any]], block_bytes: int) -> None:
    rows = [{**row, "lone": "\ud83d}, {"} for row in rows]
    assert read(json.dumps(rows, indent=1).encode(), block_bytes) == rows


@pytest.mark.parametrize("block_bytes", [16, 40, 1 << 20])
def test_many_false_boundaries_inside_one_row_only_make_the_block_grow(block_bytes: int) -> None:
    rows = [{"a": 1}, {"code": '{"x": 1}, ' * 700, "nested": [{"b": n} for n in range(700)]}, {"a": 2}]
    assert read(json.dumps(rows).encode(), block_bytes) == rows


@pytest.mark.parametrize("block_bytes", [16, 1 << 20])
@pytest.mark.parametrize("content", [b'[{"a": "b"}, {"a": "c"}]', b'{"a": "b"}\n{"a": "c"}\n'], ids=["array", "lines"])
def test_a_byte_order_mark_is_no_part_of_the_first_row(content: bytes, block_bytes: int) -> None:
    assert read(b"\xef\xbb\xbf" + content, block_bytes) == [{"a": "b"}, {"a": "c"}]


@pytest.mark.parametrize("content", [b"", b" \n\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n"])
def test_an_empty_file_is_called_empty(content: bytes) -> None:
    assert broken(content) == "a.json: empty; expected a JSON array or JSON lines. Get the file again."


def test_an_empty_array_has_no_rows() -> None:
    assert read(b"[]") == read(b" [ \n ] \n") == []


@pytest.mark.parametrize("block_bytes", [16, 1 << 20])
def test_a_lone_surrogate_costs_no_other_row(block_bytes: int) -> None:
    expected = [{"a": "x"}, {"a": "\ud800"}, {"a": "y"}]
    assert read(b'[{"a": "x"},\n{"a": "\\ud800"},\n{"a": "y"}]', block_bytes) == expected
    assert read(b'{"a": "x"}\n{"a": "\\ud800"}\n{"a": "y"}', block_bytes) == expected


@pytest.mark.parametrize("block_bytes", [16, 1 << 20])
def test_invalid_utf_8_becomes_surrogates_and_costs_no_other_row(block_bytes: int) -> None:
    expected = [{"a": "x"}, {"a": "\udcff\udcfe}, {"}, {"a": "你"}]
    rows = [b'{"a": "x"}', b'{"a": "\xff\xfe}, {"}', '{"a": "你"}'.encode()]
    assert read(b"[" + b", ".join(rows) + b"]", block_bytes) == expected
    assert read(b"\n".join(rows), block_bytes) == expected


@pytest.mark.parametrize("block_bytes", [16, 1 << 20])
def test_nan_and_infinity_are_read_as_numbers(block_bytes: int) -> None:
    for content in (b'[{"a": NaN}, {"a": -Infinity}, {"a": 1}]', b'{"a": NaN}\n{"a": -Infinity}\n{"a": 1}'):
        first, second, third = (row["a"] for row in read(content, block_bytes))
        assert math.isnan(first)
        assert (second, third) == (-math.inf, 1)


@pytest.mark.parametrize("block_bytes", [16, 1 << 20])
def test_raw_control_characters_stay_in_the_text(block_bytes: int) -> None:
    assert read(b'[{"a": "x\ty\nz\x00\x1b}, {"}, {"a": ""}]', block_bytes) == [{"a": "x\ty\nz\x00\x1b}, {"}, {"a": ""}]
    assert read(b'{"a": "x\ty\x00\x1b"}\n{"a": ""}', block_bytes) == [{"a": "x\ty\x00\x1b"}, {"a": ""}]


@pytest.mark.parametrize("block_bytes", [16, 1 << 20])
def test_a_row_of_an_array_larger_than_allowed_is_bad(block_bytes: int) -> None:
    rows = [{"a": "x"}, {"a": "y" * 500}, {"a": "z"}]
    first, second, third = read(json.dumps(rows).encode(), block_bytes, max_row_bytes=100)
    assert (first, third) == (rows[0], rows[2])
    assert second == Bad("row_too_large", "508 bytes, at most 100")


@pytest.mark.parametrize("block_bytes", [16, 1 << 20])
def test_a_line_larger_than_allowed_is_bad(block_bytes: int) -> None:
    rows = [{"a": "x"}, {"a": "y" * 500}, {"a": "z"}]
    content = "\n".join(json.dumps(row) for row in rows).encode()
    first, second, third = read(content, block_bytes, max_row_bytes=100)
    assert (first, third) == (rows[0], rows[2])
    assert second == Bad("row_too_large", "509 bytes, at most 100")


@pytest.mark.parametrize("block_bytes", [16, 1 << 20])
def test_a_large_row_with_a_lone_surrogate_is_bad_too(block_bytes: int) -> None:
    rows = [{"a": "x"}, {"a": "\ud800" * 500}]
    first, second = read(json.dumps(rows).encode(), block_bytes, max_row_bytes=100)
    assert first == rows[0]
    assert isinstance(second, Bad)
    assert second.reason == "row_too_large"


def test_a_row_without_end_breaks_the_file_before_the_memory_is_full() -> None:
    content = b'[{"a": "x"}, {"a": "' + b"y" * 4000
    with pytest.raises(BrokenFileError, match=r"row 1 does not end within 500 bytes, at byte 13 \(line 1\)"):
        read(content, 16, max_span=500)


@pytest.mark.parametrize("end", [b'\n{"a": "z"}\n{"a": "zz"}', b'\n{"a": "z"}\n{"a": "zz"}\n'])
def test_a_line_without_end_is_let_go_and_the_lines_below_are_read(end: bytes) -> None:
    first, second, *others = read(b'{"a": "x"}\n{"a": "' + b"y" * 4000 + b'"}' + end, 16, max_span=500)
    assert first == {"a": "x"}
    assert isinstance(second, Bad)
    assert second.reason == "row_too_large"
    assert others == [{"a": "z"}, {"a": "zz"}]


def test_a_last_line_without_end_is_one_bad_row() -> None:
    first, second = read(b'{"a": "x"}\n{"a": "' + b"y" * 4000, 16, max_span=500)
    assert first == {"a": "x"}
    assert isinstance(second, Bad)


def test_a_broken_line_costs_only_itself() -> None:
    rows = read(b'{"a": 1}\n{"a": \nnot json\n{"a": 2}\n')
    assert rows[0] == {"a": 1}
    assert [row.reason for row in rows[1:3]] == ["bad_json", "bad_json"]
    assert all("line 1 column" in row.evidence for row in rows[1:3])
    assert rows[3] == {"a": 2}


def test_what_is_no_object_is_given_as_it_is() -> None:
    assert read(b'[{"a": 1}, 2, null, "x", [3]]') == [{"a": 1}, 2, None, "x", [3]]
    assert read(b'{"a": 1}\n2\nnull\n"x"\n[3]') == [{"a": 1}, 2, None, "x", [3]]


def test_a_row_nested_too_deep_breaks_an_array_and_costs_a_line() -> None:
    deep = b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}"
    assert "nested too deep, at byte 1 (line 1)" in broken(b"[" + deep + b"]")
    first, second = read(deep + b'\n{"a": 1}')
    assert isinstance(first, Bad)
    assert (first.reason, second) == ("bad_json", {"a": 1})


HUGE_NUMBER = b'{"a": ' + b"1" * 5000 + b"}"


def test_a_line_with_a_number_of_5000_digits_costs_only_itself() -> None:
    first, second = read(HUGE_NUMBER + b'\n{"a": 1}')
    assert isinstance(first, Bad)
    assert second == {"a": 1}


def test_an_array_with_a_number_of_5000_digits_is_a_broken_file_and_no_crash() -> None:
    assert "a.json: " in broken(b'[{"a": 1}, ' + HUGE_NUMBER + b"]")
