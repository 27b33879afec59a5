"""The rows of any file: what it is is found out by its first bytes; what was a guess is said."""

import re
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from sources.command.errors import BrokenFileError
from sources.files.own.arrow_rows import arrow_blocks
from sources.files.own.encodings import LOOKED_AT_BYTES, Encoding, Utf8Stream, find_encoding
from sources.files.own.first_bytes import kind_of
from sources.files.own.json_forms import any_json_blocks
from sources.files.own.packing import Plain, first_bytes, is_workbook, open_plain
from sources.files.own.sheet import sheet_blocks
from sources.files.own.tables import NAMES, find_delimiter, is_table
from sources.files.read_csv import csv_blocks
from sources.files.read_json import BOM, Block
from sources.files.rows import Limits

PYTHON = re.compile(rb"\s*\[?\s*\{\s*'[\w -]+'\s*:")
SNIFFED_BYTES = 1 << 18
USUAL = {".csv": ",", ".tsv": "\t", ".tab": "\t"}


def own_blocks(path: Path, name: str, limits: Limits, encoding: str, said: list[str]) -> Iterator[Block]:
    """The rows of the file in blocks. `encoding` is that of a text, empty where it is to be found out; `said` gets
    what was guessed, before the first block.

    Raises:
        ReadError: it cannot be read; says what it is and what to do.
    """
    kind = kind_of(first_bytes(path, name))
    if kind in ("parquet", "arrow", "arrow stream"):
        yield from arrow_blocks(path, name, kind, limits)
    elif kind == "zip" and is_workbook(path):
        yield from sheet_blocks(path, name, limits, said)
    else:
        with open_plain(path, name, kind, limits.max_file_bytes) as plain:
            if plain.packing:
                said.append(plain.packing)
            yield from _text_blocks(plain, name, limits, encoding, said)


def _text_blocks(plain: Plain, name: str, limits: Limits, encoding: str, said: list[str]) -> Iterator[Block]:
    head = plain.stream.read(LOOKED_AT_BYTES)
    is_all = len(head) < LOOKED_AT_BYTES
    found = Encoding(encoding) if encoding else find_encoding(head, name, is_all=is_all)
    if found.is_guess:
        said.append(found.name.upper())
    raw = Utf8Stream(head, plain.stream, found.name, name)
    with BufferedReader(cast(Any, raw), SNIFFED_BYTES) as text:
        start = text.peek(SNIFFED_BYTES)[:SNIFFED_BYTES]
        usual = USUAL.get(PurePosixPath(plain.name).suffix.lower(), "")
        is_all = len(start) < SNIFFED_BYTES
        if PYTHON.match(start):
            what = "holds objects as Python writes them, with single quotes"
            raise BrokenFileError(name, what, expected="JSON", hint="Write it with json.dumps.")
        if _is_json(start) or not (usual or is_table(start, is_all=is_all)):
            yield from any_json_blocks(text, name, limits, said)
            return
        delimiter, first_line = find_delimiter(start, usual or ",", is_all=is_all)
        text.read(first_line)
        if delimiter != usual:
            said.append(f"a table with {NAMES.get(delimiter, delimiter)} between its cells")
        yield from csv_blocks(cast(BinaryIO, text), name, delimiter, limits.max_row_bytes)


def _is_json(start: bytes) -> bool:
    """Whether a text begins as JSON does, and not as a header that begins with a bracket."""
    text = start.removeprefix(BOM).lstrip()
    return text[:1] in (b"{", b"[") and text[1:].lstrip()[:1] in (b'"', b"{", b"[", b"]", b"}", b"")
