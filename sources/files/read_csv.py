"""CSV and TSV as blocks of rows; a stray quote costs the row that it stands in, not the rest of the file."""

import csv
import io
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

from sources.command.errors import BrokenFileError
from sources.command.printable import printable
from sources.files.read_json import Bad, Block

BLOCK_ROWS = 4096


def csv_blocks(stream: BinaryIO, name: str, delimiter: str, max_row_bytes: int) -> Iterator[Block]:
    """The records below the header line as dicts of strings. Bytes that are not UTF-8 become lone surrogates.

    Raises:
        BrokenFileError: there is no header, or one that names a column twice.
    """
    csv.field_size_limit(max_row_bytes)
    lines = _Lines(io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline=""))
    records = _records(lines, delimiter)
    header = next(records, None)
    if not isinstance(header, list):
        raise BrokenFileError(name, "empty", expected="a header line and rows", hint="Get the file again.")
    if twice := [each for each in header if header.count(each) > 1]:
        raise BrokenFileError(name, f"two columns are called {printable(twice[0])}", hint="Rename one of them.")
    block: Block = []
    for record in records:
        block.append(record if isinstance(record, Bad) else _row(header, record))
        if len(block) == BLOCK_ROWS:
            yield block
            block = []
    if block:
        yield block


def _row(header: list[str], record: list[str]) -> object:
    if len(record) != len(header):
        return Bad("wrong_field_count", f"{len(record)} fields, expected {len(header)}")
    return dict(zip(header, record, strict=True))


def _records(lines: "_Lines", delimiter: str) -> Iterator[list[str] | Bad]:
    """Every record; after a broken one the reader starts again at the line below the one where it began."""
    while True:
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        lines.forget()
        try:
            for record in reader:
                if record:
                    yield record
                lines.forget()
            return
        except csv.Error as error:
            yield Bad("bad_csv", f"line {lines.go_back_to_second():,}: {error}")


class _Lines:
    """Physical lines that can be read again: those of the record that is being read are remembered."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text, self._again, self._seen, self._number = text, deque[str](), list[str](), 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._text)
        self._seen.append(line)
        self._number += 1
        return line

    def forget(self) -> None:
        """The record is whole: its lines are not needed any more."""
        self._seen.clear()

    def go_back_to_second(self) -> int:
        """Give all remembered lines but the first again; returns the number of that first line, from 1."""
        self._number -= len(self._seen) - 1
        self._again.extendleft(reversed(self._seen[1:]))
        self._seen.clear()
        return self._number
