"""A pinned file as a stream of plain bytes, whatever it is packed with, and never more of them than allowed.

Files of one's own are known by their first bytes: own/packing.py.
"""

import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from sources.command.errors import BrokenFileError, FetchError, FileTooLargeError

UNPACK_ERRORS = (EOFError, gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, lzma.LZMAError)


class BoundedStream(io.RawIOBase):
    """The bytes of `packed`, with a clear error where the packing breaks or `max_bytes` is passed."""

    def __init__(self, packed: BinaryIO, name: str, max_bytes: int) -> None:
        self._packed, self._name, self._max_bytes = packed, name, max_bytes
        self.bytes_read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        try:
            data = self._packed.read(len(buffer))
        except (*UNPACK_ERRORS, OSError) as error:
            found = f"broken after {self.bytes_read:,} unpacked bytes ({error})"
            raise BrokenFileError(
                self._name, found, expected="a whole file", hint="Get the file again; it may be truncated."
            ) from error
        self.bytes_read += len(data)
        if self.bytes_read > self._max_bytes:
            raise FileTooLargeError(
                self._name,
                f"unpacks to more than {self._max_bytes:,} bytes",
                hint="If the file is trusted, raise limits.max_file_bytes in the recipe.",
            )
        buffer[: len(data)] = data
        return len(data)


def _open(path: Path) -> BinaryIO:
    match path.suffix:
        case ".gz":
            return cast(BinaryIO, gzip.open(path, "rb"))
        case ".xz":
            return cast(BinaryIO, lzma.open(path, "rb"))
    return path.open("rb")


@contextmanager
def open_unpacked(path: Path, name: str, max_bytes: int) -> Iterator[BinaryIO]:
    """`path` as plain bytes; `.gz` and `.xz` are unpacked. `name` is what errors call it."""
    try:
        packed = _open(path)
    except OSError as error:
        raise FetchError(name, f"cannot be opened ({error.strerror or error})") from error
    with packed, io.BufferedReader(BoundedStream(packed, name, max_bytes), 1 << 20) as stream:
        yield cast(BinaryIO, stream)
