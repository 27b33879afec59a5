"""Rows out of a damaged SQLite file: every leaf page by itself, whatever the pages above it say.

The format is that of https://www.sqlite.org/fileformat2.html. Nothing here is sure to have been written as it is read;
the journal's records carry hashes for that.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from os.path import isfile
from pathlib import Path

TABLE_LEAF = 0x0D
HEADER = 100
WAL_HEADER, FRAME_HEADER = 32, 24
SIZES = (0, 1, 2, 3, 4, 6, 8)
"""Bytes of a whole number, by serial type."""

USUAL_PAGE = 4096

Row = tuple[int, list[object]]
"""The number of a row, and its columns."""


def rows_in(path: Path) -> Iterator[Row]:
    """Every row of every table that can be read at all, in no order; with those that are still in the -wal file."""
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        size = int.from_bytes(data[16:18])
        size = size if size >= 512 and size.bit_count() == 1 else USUAL_PAGE
        pages = Pages(data, size, dict(_frames(Path(f"{path}-wal"), size)))
        for number in range(1, pages.count + 1):
            yield from _rows(pages, number)


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of a database, counted from 1; `newer` are those that are in the -wal file."""

    data: mmap
    size: int
    newer: dict[int, bytes]

    @property
    def count(self) -> int:
        return max(len(self.data) // self.size, *self.newer, 1)

    def __getitem__(self, number: int) -> bytes:
        page = self.newer.get(number) or self.data[(number - 1) * self.size : number * self.size]
        if number < 1 or len(page) < self.size:
            raise IndexError(number)
        return page


def _frames(wal: Path, size: int) -> Iterator[tuple[int, bytes]]:
    """The pages in a -wal file with their numbers, in the order in which they were written."""
    if isfile(wal):
        data = wal.read_bytes()
        for at in range(WAL_HEADER, len(data) - FRAME_HEADER - size + 1, FRAME_HEADER + size):
            yield int.from_bytes(data[at : at + 4]), data[at + FRAME_HEADER : at + FRAME_HEADER + size]


def _rows(pages: Pages, number: int) -> Iterator[Row]:
    """The rows of a leaf page of a table, but for those that make no sense."""
    try:
        page, start = pages[number], HEADER * (number == 1)
    except IndexError:
        return
    if page[start] != TABLE_LEAF:
        return
    count = int.from_bytes(page[start + 3 : start + 5])
    for place in range(start + 8, min(start + 8 + 2 * count, pages.size - 1), 2):
        try:
            length, at = _varint(page, int.from_bytes(page[place : place + 2]))
            row, at = _varint(page, at)
            yield row, _columns(_payload(pages, page, at, length))
        except (IndexError, OverflowError, ValueError, struct.error):
            continue


def _payload(pages: Pages, page: bytes, at: int, length: int) -> bytes:
    """The bytes of a row, with those that are on overflow pages."""
    size = pages.size
    if length > size * pages.count:
        raise ValueError("a row larger than the file")
    if length <= size - 35:
        return page[at : at + length]
    least = (size - 12) * 32 // 255 - 23
    here = least + (length - least) % (size - 4)
    here = here if here <= size - 35 else least
    parts, missing, more = [page[at : at + here]], length - here, int.from_bytes(page[at + here : at + here + 4])
    while missing > 0:
        parts.append(pages[more][4 : 4 + missing])
        missing -= size - 4
        more = int.from_bytes(pages[more][:4])
    return b"".join(parts)


def _columns(payload: bytes) -> list[object]:
    """The values of a row."""
    at, (head, place) = 0, _varint(payload, 0)
    at, values = head, list[object]()
    while place < head:
        kind, place = _varint(payload, place)
        value, at = _value(payload, at, kind)
        values.append(value)
    if at != len(payload):
        raise ValueError("a row of another length")
    return values


def _value(payload: bytes, at: int, kind: int) -> tuple[object, int]:
    """The value of a serial type, and where the next one begins."""
    if kind == 0:
        return None, at
    if kind < len(SIZES):
        return int.from_bytes(payload[at : at + SIZES[kind]], signed=True), at + SIZES[kind]
    if kind == 7:
        return struct.unpack_from(">d", payload, at)[0], at + 8
    if kind < 12:
        return kind - 8, at
    end = at + (kind - 12) // 2
    return (payload[at:end].decode() if kind % 2 else payload[at:end]), end


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes, and where the next thing begins."""
    value = 0
    for count in range(8):
        byte = data[at + count]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + count + 1
    return value << 8 | data[at + 8], at + 9
