"""JSON arrays that are broken in every way: where they are broken is said."""

import re

import pytest

from tests.sources.files.json_text import broken


def place(message: str) -> tuple[int, int]:
    """The byte and the line that the message names."""
    found = re.search(r"at byte ([\d,]+) \(line ([\d,]+)\)", message)
    assert found, message
    return int(found[1].replace(",", "")), int(found[2].replace(",", ""))


BROKEN_ROWS = [
    b'{"n": 2 "text": "x"}',
    b'{"n": 2, text: "x"}',
    b'{"n": 2, "text": "x"',
    b'{"n": 2, "text": "x"}}',
    b'{"n": 2, "text": \'x\'}',
    b'{"n": 2, "text": "\\q"}',
    b"<html>",
]


@pytest.mark.parametrize("row", BROKEN_ROWS, ids=lambda row: row.decode())
@pytest.mark.parametrize("block_bytes", [16, 64, 300, 1 << 20])
def test_a_broken_array_is_reported_with_its_byte_and_line(row: bytes, block_bytes: int) -> None:
    good = b'{"n": 1, "text": "\xe4\xbd\xa0\xe5\xa5\xbd"}'
    before, after = b",\n".join([good] * 20), b",\n".join([good] * 20)
    content = b"[\n" + before + b",\n" + row + b",\n" + after + b"\n]\n"
    message = broken(content, block_bytes)
    assert message.startswith("a.json: not JSON (")
    start = content.index(row)
    byte, line = place(message)
    assert start <= byte <= start + len(row) + 3
    assert line == content.count(b"\n", 0, byte) + 1
    assert line in (22, 23)


@pytest.mark.parametrize("block_bytes", [16, 1 << 20])
def test_a_missing_quote_is_reported_near_its_row(block_bytes: int) -> None:
    content = b'[\n{"a": "x"},\n{"a": "y},\n{"a": "z"}\n]'
    byte, line = place(broken(content, block_bytes))
    assert 14 <= byte <= len(content)
    assert 3 <= line <= 4


@pytest.mark.parametrize("cut", range(1, 44))
@pytest.mark.parametrize("block_bytes", [16, 1 << 20])
def test_an_array_that_ends_too_early_is_reported_and_never_taken_as_whole(cut: int, block_bytes: int) -> None:
    content = b'[\n{"a": "x\\n", "b": [1]},\n{"a": "y", "b": []}\n]'
    byte, line = place(broken(content[:cut], block_bytes))
    assert 1 <= byte <= cut
    assert line == content.count(b"\n", 0, byte) + 1


def test_a_truncated_array_is_called_truncated() -> None:
    assert "ends in the middle of a row" in broken(b'[{"a": "x"}, {"a": "y')
    assert "it may be truncated" in broken(b'[{"a": "x"}')


@pytest.mark.parametrize("block_bytes", [16, 1 << 20])
def test_what_follows_the_array_breaks_the_file(block_bytes: int) -> None:
    byte, _ = place(broken(b'[{"a": "x"},\n{"a": "y"}]\n[{"a": "z"}]', block_bytes))
    assert byte == 25


def test_the_byte_of_an_error_counts_the_byte_order_mark() -> None:
    content = b'[{"a": 1 "b": 2}]'
    assert place(broken(b"\xef\xbb\xbf" + content))[0] == place(broken(content))[0] + 3
