"""JSON arrays and JSON lines as blocks of rows, without ever holding the whole file.

A block of an array ends at a `}, {` up to which the bytes parse as a list of whole values; only a boundary
between two rows does. So the parser itself (orjson) finds the boundaries, at its own speed.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import orjson

from sources.command.errors import BrokenFileError
from sources.command.printable import printable

BLOCK_BYTES = 4 << 20
MAX_SPAN_BYTES = 256 << 20
"""A row that does not end within this many bytes breaks the file."""

MAX_TRIES = 512
"""How many `}, {` at the end of a block may lie inside one row (nested objects, text that looks like JSON)."""

BOUNDARY = re.compile(rb"\}\s*,\s*(?=\{)")
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Bad:
    """In the place of a row that cannot be read: why."""

    reason: str
    evidence: str


Block = list[object]
"""Rows in order: JSON values, or Bad."""


def json_blocks(stream: BinaryIO, name: str, max_row_bytes: int, block_bytes: int = 0) -> Iterator[Block]:
    """The rows of a JSON array or of JSON lines, found out from the first byte; about `block_bytes` at a time.

    Raises:
        BrokenFileError: an array is broken or ends too early; says the byte and the line.
    """
    size = block_bytes or BLOCK_BYTES
    head = stream.read(size)
    start = head.removeprefix(BOM).lstrip()
    if not start:
        raise BrokenFileError(name, "empty", expected="a JSON array or JSON lines", hint="Get the file again.")
    if start.startswith(b"["):
        array = _Array(stream, name, max_row_bytes, size)
        yield from array.blocks(head)
    else:
        yield from line_blocks(stream, head.removeprefix(BOM), max_row_bytes, size)


def line_blocks(stream: BinaryIO, head: bytes, max_row_bytes: int, size: int) -> Iterator[Block]:
    """The rows of JSON lines that begin with `head` and go on in the stream."""
    rest = head
    while data := stream.read(size):
        whole, newline, tail = (rest + data).rpartition(b"\n")
        if newline:
            yield [parse_line(line, max_row_bytes) for line in whole.split(b"\n") if line.strip()]
        rest = tail if newline else rest + data
        if len(rest) > MAX_SPAN_BYTES:
            yield [Bad("row_too_large", f"a line of more than {len(rest):,} bytes")]
            rest = _after_line(stream)
    yield [parse_line(line, max_row_bytes) for line in rest.split(b"\n") if line.strip()]


def _after_line(stream: BinaryIO) -> bytes:
    """What follows the end of the line in the block that holds it; the bytes before it are let go."""
    while data := stream.read(BLOCK_BYTES):
        _, newline, tail = data.partition(b"\n")
        if newline:
            return tail
    return b""


def parse_line(line: bytes, max_row_bytes: int) -> object:
    """The value of one line, or Bad."""
    if len(line) > max_row_bytes:
        return Bad("row_too_large", f"{len(line):,} bytes, at most {max_row_bytes:,}")
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        try:
            return json.loads(line.decode("utf-8", "surrogateescape"), strict=False)
        except (ValueError, RecursionError):
            return Bad("bad_json", str(error))


@dataclass(slots=True)
class Place:
    """Where in the JSON text of a file the bytes at hand begin: so many bytes, with so many line breaks, are behind."""

    name: str
    done: int = 0
    lines: int = 0

    def after(self, rest: bytes, end: int) -> bytes:
        """What follows `end`, the bytes before it counted as done."""
        self.done += end
        self.lines += rest.count(b"\n", 0, end)
        return rest[end:]

    def broken(self, found: str, offset: int, rest: bytes, expected: str = "a whole JSON array") -> BrokenFileError:
        """The error that says what is wrong at that offset in `rest`."""
        line = self.lines + rest.count(b"\n", 0, offset) + 1
        return BrokenFileError(
            self.name,
            f"{found}, at byte {self.done + offset:,} (line {line:,})",
            expected=expected,
            hint="Get the file again; it may be truncated or edited.",
        )


def is_early(error: json.JSONDecodeError) -> bool:
    """Whether a text may only end too early, and be right when more of it is read."""
    return error.pos >= len(error.doc.rstrip()) - 1 or error.msg.startswith("Unterminated string")


def not_json(error: json.JSONDecodeError, row: str = "a row") -> str:
    """What is wrong with a whole text: it ends too early, or what stands where something else should."""
    if error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated string"):
        return f"ends in the middle of {row}"
    return f"not JSON ({error.msg}, found {printable(error.doc[error.pos :], max_chars=12)})"


class _Array:
    """A JSON array read in blocks; `rows` of its rows are behind us."""

    def __init__(self, stream: BinaryIO, name: str, max_row_bytes: int, size: int) -> None:
        self._stream, self._place, self._max_row_bytes, self._size = stream, Place(name), max_row_bytes, size
        self._rows = 0

    def blocks(self, head: bytes) -> Iterator[Block]:
        rest = self._place.after(head, head.index(b"[") + 1)
        wanted = self._size
        while more := self._stream.read(wanted):
            rest += more
            end, rows = self._whole_rows(rest)
            if end:
                yield sized(rows, len(rest), self._max_row_bytes)
                self._rows += len(rows)
                rest, wanted = self._place.after(rest, end), self._size
            elif len(rest) > MAX_SPAN_BYTES:
                raise self._place.broken(f"row {self._rows} does not end within {MAX_SPAN_BYTES:,} bytes", 0, rest)
            else:
                wanted = len(rest)
        rows = self._parse(b"[" + _without_last_comma(rest), rest, last=True) or []
        yield sized(rows, len(rest), self._max_row_bytes)

    def _whole_rows(self, rest: bytes) -> tuple[int, Block]:
        """The end of the last boundary between two rows in `rest`, and the rows before it; 0 if there is none."""
        stop = len(rest)
        for _ in range(MAX_TRIES):
            boundary = _last_boundary(rest, stop)
            if boundary is None:
                break
            stop = boundary.start()
            rows = self._parse(b"[" + rest[: stop + 1] + b"]", rest, last=False)
            if rows is not None:
                return boundary.end(), rows
        return 0, []

    def _parse(self, document: bytes, rest: bytes, *, last: bool) -> Block | None:
        """The rows of `document`; None where it ends too early and more may follow.

        Falls back on the standard library for what it alone reads: bytes that are not UTF-8, lone
        surrogates, NaN and raw control characters, each of which costs a row and not the file.
        """
        try:
            return _as_rows(orjson.loads(document))
        except orjson.JSONDecodeError as error:
            if not last and error.doc and error.pos >= len(error.doc) - 1:
                return None
        text = document.decode("utf-8", "surrogateescape")
        try:
            return _as_rows(json.loads(text, strict=False))
        except RecursionError as error:
            raise self._place.broken("nested too deep", 0, rest) from error
        except json.JSONDecodeError as error:
            if is_early(error) and not last:
                return None
            offset = len(text[1 : error.pos].encode("utf-8", "surrogateescape"))
            raise self._place.broken(not_json(error), offset, rest) from error
        except ValueError as error:  # a number of thousands of digits
            raise self._place.broken(f"not readable ({error})", 0, rest) from error


def _without_last_comma(rest: bytes) -> bytes:
    """The end of an array without a comma behind its last row."""
    before = rest.rstrip()[:-1].rstrip()
    return before[:-1] + b"]" if before.endswith(b",") and rest.rstrip().endswith(b"]") else rest


def sized(rows: Block, span: int, most: int) -> Block:
    """Rows that took `span` bytes, those of more than `most` as Bad."""
    if span <= most:
        return rows
    return [row if (size := _size(row)) <= most else _too_large(size, most) for row in rows]


def _as_rows(document: object) -> Block:
    return document if isinstance(document, list) else []


def _last_boundary(rest: bytes, stop: int) -> "re.Match[bytes] | None":
    """The last `}, {` in `rest` that begins before `stop`."""
    at = rest.rfind(b"}", 0, stop)
    while at >= 0:
        if boundary := BOUNDARY.match(rest, at):
            return boundary
        at = rest.rfind(b"}", 0, at)
    return None


def _size(row: object) -> int:
    try:
        return len(orjson.dumps(row))
    except (TypeError, orjson.JSONEncodeError):
        return len(str(row))


def _too_large(size: int, most: int) -> Bad:
    return Bad("row_too_large", f"{size:,} bytes, at most {most:,}")
