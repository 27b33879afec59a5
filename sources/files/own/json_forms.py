"""JSON in all the forms that people write rows in: lines, an array, objects one after the other, or one object that
holds the rows as a list or as columns."""

import json
import re
from collections.abc import Iterator, Mapping
from io import BufferedReader
from typing import Any, cast

import orjson

from sources.command.printable import printable
from sources.files.read_json import (
    BLOCK_BYTES,
    BOM,
    MAX_SPAN_BYTES,
    Block,
    Place,
    is_early,
    json_blocks,
    line_blocks,
    not_json,
    parse_line,
    sized,
)
from sources.files.rows import Limits

EXPECTED = "JSON lines, an array, or whole objects one after the other"
BETWEEN = re.compile(r"[\s,\ufeff]*")
ENDS_OPEN = (b"{", b"[", b",", b":")
GOES_ON = (b"}", b"]", b",")
ROWS_KEYS = ("data", "rows", "examples", "instances", "items", "records")
SPLITS = {"train", "test", "validation", "valid", "val", "dev", "eval"}


def any_json_blocks(stream: BufferedReader, name: str, limits: Limits, said: list[str]) -> Iterator[Block]:
    """The rows of a JSON text of any form; `said` gets what a reader should be told of the form.

    Raises:
        BrokenFileError: it is broken; says the line and the byte, and what was found there.
    """
    size = limits.block_bytes or BLOCK_BYTES
    if stream.peek(1 << 10).removeprefix(BOM).lstrip()[:1] != b"{":
        yield from json_blocks(stream, name, limits.max_row_bytes, limits.block_bytes)
        return
    first = _first_line(stream)
    rest = _more_than_space(stream, size)
    if _goes_on(first, rest):
        yield from _values(stream, name, first + rest, limits, said)
    elif rest.strip() or len(first) >= MAX_SPAN_BYTES:
        yield from line_blocks(stream, first.removeprefix(BOM) + rest, limits.max_row_bytes, size)
    else:
        row = parse_line(first.removeprefix(BOM), MAX_SPAN_BYTES)
        yield sized(rows_within(row, said), len(first), limits.max_row_bytes)


def _first_line(stream: BufferedReader) -> bytes:
    """The first line that is not blank, with the blank ones before it."""
    lines = b""
    while line := stream.readline(MAX_SPAN_BYTES):
        lines += line
        if line.removeprefix(BOM).strip():
            break
    return lines


def _more_than_space(stream: BufferedReader, size: int) -> bytes:
    """The next bytes, at least one of them no white space; only white space, or none, at the end of the file."""
    data = stream.read(size)
    while data and not data.strip() and (more := stream.read(size)):
        data = more
    return data


def _goes_on(first: bytes, rest: bytes) -> bool:
    """Whether an object that begins in the first line goes on in the next, or others follow it behind a comma."""
    try:
        orjson.loads(first.removeprefix(BOM))
    except orjson.JSONDecodeError:
        is_open = first.rstrip().endswith(ENDS_OPEN) or rest.lstrip().startswith(GOES_ON)
        return is_open or _is_followed(first.decode("utf-8", "surrogateescape"))
    return False


def _is_followed(line: str) -> bool:
    """Whether another object follows a whole one in the same line."""
    try:
        _, end = json.JSONDecoder(strict=False).raw_decode(line, _skip(line, 0))
    except (ValueError, RecursionError):
        return False
    return line[end:].lstrip().startswith("{")


def _values(stream: BufferedReader, name: str, head: bytes, limits: Limits, said: list[str]) -> Iterator[Block]:
    """Values that follow one another with white space or commas between; a lone one may hold the rows."""
    place, rest, held, is_first = Place(name), head, list[object](), True
    size, span = limits.block_bytes or BLOCK_BYTES, len(head)
    while True:
        more = stream.read(max(size, len(rest)))
        rest += more
        span = max(span, len(rest))
        values, end = _whole_values(rest, place, is_last=not more)
        rest = place.after(rest, end)
        held += values
        if not more:
            break
        if len(rest) > MAX_SPAN_BYTES:
            raise place.broken(f"an object does not end within {MAX_SPAN_BYTES:,} bytes", 0, rest, EXPECTED)
        if len(held) > is_first:
            _tell(is_first, said)
            yield sized(held, span, limits.max_row_bytes)
            held, span, is_first = [], 0, False
    if is_first and len(held) == 1:
        held = rows_within(held[0], said)
    else:
        _tell(is_first, said)
    yield sized(held, span, limits.max_row_bytes)


def _tell(is_first: bool, said: list[str]) -> None:
    if is_first:
        said.append("objects one after the other")


def _whole_values(rest: bytes, place: Place, *, is_last: bool) -> tuple[Block, int]:
    """The values that are whole in `rest`, and where they end.

    Raises:
        BrokenFileError: what follows is no JSON, or is cut off at the end of the file.
    """
    text, at, values = rest.decode("utf-8", "surrogateescape"), 0, list[object]()
    decoder = json.JSONDecoder(strict=False)
    while (start := _skip(text, at)) < len(text):
        try:
            value, at = decoder.raw_decode(text, start)
        except RecursionError as error:
            raise place.broken("nested too deep", _bytes(text, start), rest, EXPECTED) from error
        except json.JSONDecodeError as error:
            if is_early(error) and not is_last:
                break
            found = not_json(error, "an object")
            raise place.broken(found, _bytes(text, error.pos), rest, EXPECTED) from error
        except ValueError as error:  # a number of thousands of digits
            raise place.broken(f"not readable ({error})", _bytes(text, start), rest, EXPECTED) from error
        values.append(value)
    return values, _bytes(text, at)


def _skip(text: str, at: int) -> int:
    between = BETWEEN.match(text, at)
    return between.end() if between else at


def _bytes(text: str, chars: int) -> int:
    return len(text[:chars].encode("utf-8", "surrogateescape"))


def rows_within(document: object, said: list[str]) -> Block:
    """The rows that the only object of a file holds; the object itself where it is a row."""
    if not isinstance(document, Mapping) or not document:
        return [document]
    for form in (_splits, _under_a_key, _split_table, _columns, _numbered_columns, _numbered_rows):
        if found := form(document):
            rows, what = found
            said.append(what)
            return rows
    return [document]


Found = tuple[Block, str] | None


def _under_a_key(document: Mapping[str, Any]) -> Found:
    """{"data": [{...}, ...]}, and as the Hub's viewer answers {"rows": [{"row_idx": 0, "row": {...}}, ...]}."""
    keys = [key for key, value in document.items() if _is_rows(value)]
    known = [key for key in keys if key.lower() in ROWS_KEYS] or [key for key in keys if key.lower() in SPLITS]
    key = keys[0] if len(document) == 1 and keys else known[0] if len(known) == 1 else None
    if key is None:
        return None
    rows = document[key]
    if all(isinstance(row.get("row"), dict) and "row_idx" in row for row in rows):
        rows = [row["row"] for row in rows]
    others = [printable(name) for name in document if name != key]
    return rows, f"the rows are the list {printable(key)}" + f"; not used: {', '.join(others)}" * bool(others)


def _splits(document: Mapping[str, Any]) -> Found:
    """{"train": [{...}, ...], "test": [{...}, ...]}."""
    if not all(key.lower() in SPLITS and _is_rows(value) for key, value in document.items()):
        return None
    return [row for rows in document.values() for row in rows], f"the rows are the lists {', '.join(document)}"


def _split_table(document: Mapping[str, Any]) -> Found:
    """{"columns": ["prompt", ...], "data": [["...", ...], ...]}, as pandas writes it."""
    columns, data = document.get("columns", []), document.get("data", [])
    if not _is_list_of(columns, str) or not _is_list_of(data, list) or any(len(row) != len(columns) for row in data):
        return None
    return [dict(zip(columns, row, strict=True)) for row in data], "the rows are lists below a list of columns"


def _columns(document: Mapping[str, Any]) -> Found:
    """{"prompt": ["...", ...], "chosen": ["...", ...]}; lists of messages alone are the sides of one row."""
    lists = list(document.values())
    if len(lists) < 2 or not all(isinstance(each, list) and each and len(each) == len(lists[0]) for each in lists):
        return None
    plain = [not any(isinstance(cell, dict) for cell in each) for each in lists]
    if not (all(plain) if len(lists[0]) == 1 else any(plain)):
        return None
    return [dict(zip(document, row, strict=True)) for row in zip(*lists, strict=True)], "the columns are lists"


def _numbered_columns(document: Mapping[str, Any]) -> Found:
    """{"prompt": {"0": "...", ...}, "chosen": {"0": "...", ...}}, as pandas writes it."""
    first = next(iter(document.values()))
    if len(document) < 2 or not isinstance(first, dict) or not _are_numbers(first):
        return None
    if not all(isinstance(column, dict) and column.keys() == first.keys() for column in document.values()):
        return None
    rows: Block = [
        {name: column[number] for name, column in document.items()} for number in cast(Mapping[str, Any], first)
    ]
    return rows, "the columns are objects with a key for each row"


def _numbered_rows(document: Mapping[str, Any]) -> Found:
    """{"0": {...}, "1": {...}}, as pandas writes it."""
    if not _are_numbers(document) or not all(isinstance(row, dict) for row in document.values()):
        return None
    return list(document.values()), "the rows are the values of an object"


def _is_rows(value: Any) -> bool:
    """A list of objects that are no messages."""
    return _is_list_of(value, dict) and not any(
        {"role", "content"} <= row.keys() or {"from", "value"} <= row.keys() for row in value
    )


def _is_list_of(value: Any, kind: type) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, kind) for each in value)


def _are_numbers(names: Mapping[str, Any]) -> bool:
    return all(name.isascii() and name.isdigit() for name in names)
