"""A file of any packing as a stream of plain bytes, bounded, with the name and the packing that it has inside.

Packings do not nest, but for the one data file of a zip: what is packed twice is refused.
"""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

import pyarrow as pa

from sources.command.errors import BrokenFileError, FetchError
from sources.command.printable import printable
from sources.fetch.data_files import is_data
from sources.files.own.first_bytes import HEAD_BYTES, Kind, kind_of, refusal
from sources.files.unpack import BoundedStream

BUFFER_BYTES = 1 << 20
WORKBOOK = "xl/workbook.xml"
MAX_LISTED = 6


@dataclass(frozen=True, slots=True)
class Plain:
    """The unpacked bytes, the name that they have inside and, where that is no matter of course, how they were
    packed."""

    stream: BinaryIO
    name: str
    packing: str = ""


def first_bytes(path: Path, name: str) -> bytes:
    """The first HEAD_BYTES of a file, or all of it.

    Raises:
        FetchError: it cannot be opened.
    """
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError as error:
        raise FetchError(name, f"cannot be opened ({error.strerror or error})") from error


def is_workbook(path: Path) -> bool:
    """Whether a zip is a workbook of Excel."""
    try:
        with zipfile.ZipFile(path) as archive:
            return WORKBOOK in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


@contextmanager
def open_plain(path: Path, name: str, kind: Kind, max_bytes: int) -> Iterator[Plain]:
    """The bytes of a text file of that kind of packing; `name` is what errors call it.

    Raises:
        BrokenFileError: what it holds is no text, or it is packed twice, or a zip without exactly one data file.
    """
    with _open(path, name, kind) as packed, _buffered(packed, name, max_bytes) as stream:
        head = stream.peek(HEAD_BYTES)[:HEAD_BYTES]
        inside = kind_of(head)
        if kind != "text" and inside != "text":
            what = f"a {kind} file that holds a {inside} file"
            raise BrokenFileError(name, what, expected="text in one packing", hint="Unpack it first.")
        refuse_others(head, name)
        member = printable(getattr(packed, "name", ""), max_chars=200) if kind == "zip" else ""
        bare = name.rpartition(".")[0] if PurePosixPath(name).suffix.lower() == f".{kind}" else name
        yield Plain(stream, member or bare, _packing(kind, name, member))


def refuse_others(head: bytes, name: str) -> None:
    """Nothing, unless the first bytes are of something that cannot be read.

    Raises:
        BrokenFileError: says what it is and what to do.
    """
    if refused := refusal(head):
        what, advice = refused
        expected = "JSON, CSV, Parquet, Arrow or xlsx, plain or packed with gz, xz, bz2, zst or zip"
        raise BrokenFileError(name, f"is {what}, by its first bytes", expected=expected, hint=advice)


def _packing(kind: Kind, name: str, member: str) -> str:
    if member:
        return f"zip, its file {member}"
    return kind if kind != "text" and PurePosixPath(name).suffix.lower() != f".{kind}" else ""


def _buffered(packed: BinaryIO, name: str, max_bytes: int) -> io.BufferedReader:
    return io.BufferedReader(BoundedStream(packed, name, max_bytes), BUFFER_BYTES)


def _open(path: Path, name: str, kind: Kind) -> BinaryIO:
    match kind:
        case "gz":
            return cast(BinaryIO, gzip.open(path, "rb"))
        case "xz":
            return cast(BinaryIO, lzma.open(path, "rb"))
        case "bz2":
            return cast(BinaryIO, bz2.open(path, "rb"))
        case "zst":
            return cast(BinaryIO, pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"))
        case "zip":
            return _open_member(path, name)
    return path.open("rb")


def _open_member(path: Path, name: str) -> BinaryIO:
    """The one data file of a zip.

    Raises:
        BrokenFileError: it has none or several, or it cannot be unpacked.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [one for one in archive.infolist() if not one.is_dir()]
            data = [one for one in members if is_data(one.filename)] or members
            if len(data) == 1:
                return cast(BinaryIO, archive.open(data[0]))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        found = f"is a zip archive that cannot be read ({error})"
        raise BrokenFileError(name, found, hint="Get the file again, or unpack it first.") from error
    names = ", ".join(one.filename for one in data[:MAX_LISTED]) + ", ..." * (len(data) > MAX_LISTED)
    raise BrokenFileError(
        name,
        f"is a zip archive of {len(data)} files ({printable(names, max_chars=300) or 'none'})",
        expected="exactly one data file in it",
        hint="Unpack it and give the folder.",
    )
