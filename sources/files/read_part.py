"""The rows of one part of a file, as they are where the whole file is read; how many bad ones are too many is for all
parts together to say."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import orjson
import pyarrow as pa

from sources.command.errors import FetchError
from sources.files.own.arrow_rows import arrow_blocks
from sources.files.parts import PART_BYTES, Part, is_parquet
from sources.files.read import fitting_layout, to_table
from sources.files.read_json import BOM, Block, line_blocks
from sources.files.read_parquet import read_row_groups
from sources.files.read_whole import to_whole_rows
from sources.files.rows import Limits, RowBatch


def read_part(path: Path, name: str, layouts: tuple[pa.Schema, ...], limits: Limits, part: Part) -> Iterator[RowBatch]:
    """The rows that `read_rows` gives of this part.

    Raises:
        ReadError: the file is broken, or has another layout.
    """
    if path.suffix == ".parquet":
        yield from read_row_groups(path, name, layouts, range(part.begin, part.end), part.first)
        return
    layout = fitting_layout([_first_row(path, name)], layouts, name, 0) or layouts[0]
    first = part.first
    for block in _line_blocks(path, name, part, limits):
        yield to_table(block, layout, first)
        first += len(block)


def whole_part(path: Path, name: str, limits: Limits, part: Part) -> Iterator[RowBatch]:
    """The rows that `whole_rows` gives of this part.

    Raises:
        ReadError: the file is broken.
    """
    first = part.first
    if is_parquet(path):
        blocks = arrow_blocks(path, name, "parquet", limits, range(part.begin, part.end))
    else:
        blocks = _line_blocks(path, name, part, limits)
    for block in blocks:
        yield to_whole_rows(block, first, limits.max_row_bytes)
        first += len(block)


def _line_blocks(path: Path, name: str, part: Part, limits: Limits) -> Iterator[Block]:
    """The rows of JSON lines that are in one part of their file."""
    with _opened(path, name, part) as stream:
        head = stream.read(len(BOM)).removeprefix(BOM) if part.first == 0 else b""
        yield from line_blocks(stream, head, limits.max_row_bytes, limits.block_bytes or PART_BYTES // 4)


def _first_row(path: Path, name: str) -> object:
    """The first row of a file that has parts, which is a line of JSON."""
    with _opened(path, name, Part(0, 0, path.stat().st_size)) as stream:
        return orjson.loads(stream.readline().removeprefix(BOM))


@contextmanager
def _opened(path: Path, name: str, part: Part) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise FetchError(name, f"cannot be opened ({error.strerror or error})") from error
    with file, io.BufferedReader(_Span(file, part.begin, part.end), 1 << 20) as stream:
        yield cast(BinaryIO, stream)


class _Span(io.RawIOBase):
    """The bytes of a file from `begin` to `end`."""

    def __init__(self, file: BinaryIO, begin: int, end: int) -> None:
        file.seek(begin)
        self._file, self._left = file, end - begin

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        data = self._file.read(min(len(buffer), self._left))
        self._left -= len(data)
        buffer[: len(data)] = data
        return len(data)
