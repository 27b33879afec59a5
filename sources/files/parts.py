"""Parts of a large file that can be read side by side: lines of JSON by their bytes, Parquet by its row groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from sources.command.errors import BrokenFileError
from sources.files.own.encodings import LOOKED_AT_BYTES, find_encoding
from sources.files.own.first_bytes import HEAD_BYTES, kind_of
from sources.files.read_json import BOM, MAX_SPAN_BYTES

PART_BYTES = 16 << 20
"""About how much of a file, unpacked, is one part."""

MAX_LINE_BYTES = MAX_SPAN_BYTES // 2
"""A file with a longer line is read in one go."""

OTHER_TEXTS = (".csv", ".tsv", ".tab", ".gz", ".xz", ".bz2", ".zst", ".zip")


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of a file, the first of which is its row `first`: those in its bytes from `begin` to `end` if it is JSON
    lines, in its row groups from `begin` to `end` if it is Parquet."""

    first: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Lines:
    """Where the first line begins that begins in some bytes of a file, and how many that are not blank begin there;
    `rows` is -1 where a line is longer than MAX_LINE_BYTES."""

    begin: int
    rows: int


def row_group_parts(path: Path) -> list[Part]:
    """The parts of a Parquet file; none where it has one row group or cannot be read."""
    try:
        with pq.ParquetFile(path) as file:
            groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
            sizes = [(group.num_rows, group.total_byte_size) for group in groups]
    except (pa.ArrowException, OSError):
        return []
    parts: list[Part] = []
    first = begin = rows = size = 0
    for number, (group_rows, group_bytes) in enumerate(sizes, 1):
        rows, size = rows + group_rows, size + group_bytes
        if size >= PART_BYTES or number == len(sizes):
            parts.append(Part(first, begin, number))
            first, begin, rows, size = first + rows, number, 0, 0
    return parts


def line_cuts(path: Path, name: str, encoding: str) -> list[tuple[int, int]]:
    """Pieces of a text (bytes from, to) whose lines can be counted side by side; none where it may be no JSON lines."""
    size = path.stat().st_size
    if size <= PART_BYTES or not _holds_lines(path, name, encoding):
        return []
    count = -(-size // PART_BYTES)
    return list(pairwise(size * number // count for number in range(count + 1)))


def _holds_lines(path: Path, name: str, encoding: str) -> bool:
    """Whether every reader takes the file for JSON lines: UTF-8, an object that is whole in its first line, and another
    one in the next."""
    if path.suffix.lower() in OTHER_TEXTS or encoding not in ("", "utf-8"):
        return False
    with path.open("rb") as file:
        head = file.read(LOOKED_AT_BYTES)
    first, _, rest = head.removeprefix(BOM).partition(b"\n")
    try:
        is_row = isinstance(orjson.loads(first), dict) and rest.lstrip().startswith(b"{")
        return is_row and find_encoding(head, name, is_all=False).name == "utf-8"
    except (orjson.JSONDecodeError, BrokenFileError):
        return False


def count_lines(path: Path, begin: int, end: int) -> Lines:
    """The lines that begin in these bytes."""
    rows = 0
    with path.open("rb") as file:
        file.seek(max(begin - 1, 0))
        if begin and not _line(file).endswith(b"\n"):
            return Lines(begin, -1)
        start = at = file.tell()
        while at < end and (line := _line(file)):
            if len(line) > MAX_LINE_BYTES:
                return Lines(start, -1)
            rows += not line.isspace()
            at += len(line)
    return Lines(start, rows)


def _line(file: BinaryIO) -> bytes:
    return file.readline(MAX_LINE_BYTES + 1)


def line_parts(counted: Sequence[Lines], size: int) -> list[Part]:
    """The parts of a file of `size` bytes from the lines of its pieces in order; none where a line is too long."""
    if any(lines.rows < 0 for lines in counted):
        return []
    parts, first = [], 0
    for lines, end in zip(counted, [*(after.begin for after in counted[1:]), size], strict=True):
        if lines.rows:
            parts.append(Part(first, lines.begin, end))
        first += lines.rows
    return parts


def is_parquet(path: Path) -> bool:
    """Whether a file is Parquet by its first bytes."""
    with path.open("rb") as file:
        return kind_of(file.read(HEAD_BYTES)) == "parquet"
