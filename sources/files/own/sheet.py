"""The rows of the first sheet of a workbook of Excel (.xlsx): read as a stream, cell by cell, with nothing but the
standard library, since a table in memory of what a hostile file claims to hold would take all of it.

calamine makes such a table: one kilobyte ends the process (https://github.com/tafia/calamine/issues/693).
"""

import re
import zipfile
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast
from xml.parsers import expat

from sources.command.errors import BrokenFileError, FileTooLargeError
from sources.command.printable import printable
from sources.files.read_json import MAX_SPAN_BYTES, Bad, Block
from sources.files.rows import Limits
from sources.files.unpack import UNPACK_ERRORS, BoundedStream

READ_BYTES = 1 << 16
BLOCK_ROWS = 1024
ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
"""How Excel writes a character that XML does not allow."""

COLUMN = re.compile("[A-Z]{1,3}")
NUMBER = re.compile(r"-?[0-9]+")

WANTED = {"Relationship", "sheet", "si", "t", "rPh", "row", "c", "v"}
"""The elements whose end is told."""

BROKEN = (*UNPACK_ERRORS, OSError, RuntimeError, NotImplementedError, LookupError, ValueError, expat.ExpatError)
"""What a hostile or truncated workbook makes the standard library raise."""

Cell = str | int | float | bool
Event = tuple[str, dict[str, str], str]
"""An element that ends: its name, its attributes and the text inside it."""


def sheet_blocks(path: Path, name: str, limits: Limits, said: list[str]) -> Iterator[Block]:
    """The rows below the header of the first sheet; `said` gets which one that is.

    Raises:
        BrokenFileError: it cannot be read, or has no header or one with a name twice.
        FileTooLargeError: it unpacks to more than allowed.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            book = _Book(archive, name, limits)
            title, count, sheet, texts = book.first_sheet()
            said.append(f"sheet {printable(title)}" + f", the first of {count}" * (count > 1))
            with closing(book.cells(sheet, book.texts(texts))) as rows:
                yield from _blocks(rows, name)
    except BROKEN as error:
        raise BrokenFileError(
            name,
            f"is a workbook that cannot be read ({error})",
            expected="an .xlsx file without a password",
            hint="Save it again, or as CSV.",
        ) from error


def _blocks(rows: Iterator[dict[int, Cell]], name: str) -> Iterator[Block]:
    """Rows by the names in the first one."""
    header = {column: str(cell).strip() for column, cell in next(rows, {}).items()}
    if not header:
        raise BrokenFileError(name, "the first sheet is empty", expected="a header and rows")
    names = list(header.values())
    if twice := [each for each in names if names.count(each) > 1]:
        raise BrokenFileError(name, f"two columns are called {printable(twice[0])}", hint="Rename one of them.")
    block: Block = []
    for row in rows:
        beyond = [cell for column, cell in row.items() if column not in header]
        if beyond:
            block.append(Bad("wrong_field_count", f"a cell in a column without a name: {printable(str(beyond[0]))}"))
        else:
            block.append({each: row.get(column) for column, each in header.items()})
        if len(block) == BLOCK_ROWS:
            yield block
            block = []
    if block:
        yield block


@dataclass(frozen=True, slots=True)
class _Book:
    """The parts of a workbook, none of them unpacked to more than allowed."""

    archive: zipfile.ZipFile
    name: str
    limits: Limits

    def first_sheet(self) -> tuple[str, int, str, str]:
        """The title of the first sheet, how many there are, and the parts that hold it and the texts of all sheets."""
        targets: dict[str, str] = {}
        kinds: dict[str, str] = {}
        for element, attributes, _ in self._elements("xl/_rels/workbook.xml.rels"):
            if element == "Relationship":
                targets[attributes["Id"]] = str(PurePosixPath("/xl", attributes["Target"])).lstrip("/")
                kinds[attributes["Id"]] = attributes["Type"].rpartition("/")[2]
        sheets = [
            (attributes["name"], next((value for key, value in attributes.items() if key.endswith(":id")), ""))
            for element, attributes, _ in self._elements("xl/workbook.xml")
            if element == "sheet"
        ]
        worksheets = [(title, targets[key]) for title, key in sheets if kinds.get(key) == "worksheet"]
        if not worksheets:
            raise ValueError("it has no sheet of cells")
        texts = next((targets[key] for key, kind in kinds.items() if kind == "sharedStrings"), "")
        return worksheets[0][0], len(worksheets), worksheets[0][1], texts

    def texts(self, part: str) -> list[str]:
        """The texts that cells refer to by their number."""
        texts: list[str] = []
        pieces: list[str] = []
        size = 0
        for element, _, text in self._elements(part) if part else ():
            if element == "t":
                pieces.append(text)
                size += len(text)
            elif element == "rPh" and pieces:
                pieces.pop()  # how a Chinese character is read aloud
            elif element == "si":
                texts.append(_unescaped("".join(pieces)))
                pieces = []
            if size > MAX_SPAN_BYTES:
                found = f"holds more than {MAX_SPAN_BYTES:,} characters of text"
                raise FileTooLargeError(self.name, found, hint="Save it as CSV.")
        return texts

    def cells(self, part: str, texts: list[str]) -> Generator[dict[int, Cell], None, None]:
        """The cells of each row that has any, by the number of their column."""
        row: dict[int, Cell] = {}
        pieces: list[str] = []
        value, column, size = "", -1, 0
        for element, attributes, text in self._elements(part):
            match element:
                case "v":
                    value = text
                case "t":
                    pieces.append(text)
                case "rPh" if pieces:
                    pieces.pop()
                case "c":
                    column = _column(attributes.get("r", ""), column)
                    cell = _cell(attributes.get("t", "n"), value, "".join(pieces), texts)
                    if cell is not None:
                        row[column] = cell
                        size += len(cell) if isinstance(cell, str) else 1
                    value, pieces = "", []
                case "row":
                    if row:
                        yield row
                    row, column = {}, -1
            if size > self.limits.max_file_bytes:
                found = f"unpacks to more than {self.limits.max_file_bytes:,} characters"
                raise FileTooLargeError(self.name, found, hint="Raise limits.max_file_bytes in the recipe.")

    def _elements(self, part: str) -> Iterator[Event]:
        """The elements of a part as they end, without their namespaces."""
        with self.archive.open(part) as packed:
            bounded = BoundedStream(cast(BinaryIO, packed), self.name, self.limits.max_file_bytes)
            reader = _Elements(self.limits.max_row_bytes)
            stream = BufferedReader(bounded, READ_BYTES)
            while data := stream.read(READ_BYTES):
                yield from reader.feed(data)
            yield from reader.feed(b"")


class _Elements:
    """XML in pieces, as the elements that end in each."""

    def __init__(self, max_chars: int) -> None:
        self._ended: list[Event] = []
        self._open: list[dict[str, str]] = []
        self._text: list[str] = []
        self._size, self._max_chars = 0, max_chars
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = self._data, self._doctype

    def feed(self, data: bytes) -> list[Event]:
        self._ended = []
        self._parser.Parse(data, not data)
        return self._ended

    def _start(self, _element: str, attributes: dict[str, str]) -> None:
        self._open.append(attributes)
        if len(self._open) > 100:
            raise ValueError("nested too deep")
        self._text, self._size = [], 0

    def _end(self, element: str) -> None:
        attributes, bare = self._open.pop(), element.rpartition(":")[2]
        if bare in WANTED:
            self._ended.append((bare, attributes, "".join(self._text)))
        self._text, self._size = [], 0

    def _data(self, text: str) -> None:
        self._text.append(text)
        self._size += len(text)
        if self._size > self._max_chars:
            raise ValueError(f"a cell of more than {self._max_chars:,} characters")

    def _doctype(self, *_: object) -> None:
        raise ValueError("it declares a document type, which no workbook does")


def _column(reference: str, before: int) -> int:
    """The number of the column that a cell's reference (B7) names; the next one where it names none."""
    letters = COLUMN.match(reference)
    if letters is None:
        return before + 1
    number = 0
    for letter in letters[0]:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _cell(kind: str, value: str, inline: str, texts: list[str]) -> Cell | None:
    """What stands in a cell; None where it is empty."""
    match kind:
        case "s":
            text = texts[int(value)] if value else ""
        case "inlineStr":
            text = _unescaped(inline)
        case "b":
            return value.strip() == "1" if value else None
        case "n":
            return None if not value.strip() else int(value) if NUMBER.fullmatch(value) else float(value)
        case _:
            text = _unescaped(value)
    return text or None


def _unescaped(text: str) -> str:
    return ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
