"""The only door through which upstream files come: a mirror folder, the embedded sample, or the pinned download
(download.py)."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from os.path import isdir
from pathlib import Path
from typing import Protocol

from sources.command.errors import FetchError, HashMismatchError, MissingFileError
from sources.pairs.source import UpstreamFile

SAMPLE = Path(__file__).parent.parent / "sample"
PART = re.compile(r"-(\d{5})-of-(\d{5})(?=\.)")


@dataclass(frozen=True, slots=True)
class Located:
    """A file that is here. `revision` is the one it was downloaded at; empty for a folder, which may hold any."""

    file: UpstreamFile
    path: Path
    revision: str


class Fetcher(Protocol):
    """A place that upstream files can be had from."""

    def locate(self, file: UpstreamFile) -> Located:
        """The file, on this machine.

        Raises:
            FetchError: it cannot be had.
        """

    def name_all(self, file: UpstreamFile) -> tuple[UpstreamFile, ...]:
        """Every file that the path names, in order; the file itself where it names one.

        Raises:
            FetchError: it names none, or that cannot be found out.
        """

    def describe(self, file: UpstreamFile) -> str:
        """Where the file would come from, without fetching it."""


class Mirror:
    """A folder laid out `<owner>/<repository>/<path>`; `what` is what errors call it."""

    def __init__(self, folder: Path, what: str = "mirror") -> None:
        self._folder, self._what = folder, what
        self.is_sample = folder == SAMPLE
        if not isdir(folder):
            raise MissingFileError(what, f"no folder {folder}", hint="Give an existing folder to --mirror.")

    def locate(self, file: UpstreamFile) -> Located:
        path = self._folder / file.mirror_path
        if path.is_file():
            return Located(file, path, "")
        raise MissingFileError(
            f"{self._what} {self._folder}",
            f"no file {file.mirror_path}",
            expected="the layout <owner>/<repository>/<path>",
            hint=self._what_is_there(file),
        )

    def name_all(self, file: UpstreamFile) -> tuple[UpstreamFile, ...]:
        if not file.names_several:
            return (file,)
        found = names_in(self._folder / file.repository, file.path)
        return tuple(replace(file, path=path) for path in found) or (self.locate(file).file,)

    def describe(self, file: UpstreamFile) -> str:
        return self._what if (self._folder / file.mirror_path).is_file() else "missing"

    def _what_is_there(self, file: UpstreamFile) -> str:
        """The nearest folder above the missing file that exists, and what it holds."""
        nearest = (self._folder / file.mirror_path).parent
        while not nearest.is_dir():
            nearest = nearest.parent
        names = sorted(path.name + "/" * path.is_dir() for path in nearest.iterdir())
        shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
        return f"{nearest} holds {shown or 'nothing'}."


def names_in(folder: Path, pattern: str) -> list[str]:
    """The paths of the files below a folder that the pattern fits, in order."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.glob(pattern) if path.is_file())


def missing_parts(names: Iterable[str]) -> list[str]:
    """The parts of tables that are not among these names although others count them: of train-00000-of-00002.parquet
    alone, train-00001-of-00002.parquet."""
    there = set(names)
    counted = {
        f"{name[: part.start(1)]}{number:05}{name[part.end(1) :]}"
        for name in there
        if (part := PART.search(name))
        for number in range(int(part[2]))
    }
    return sorted(counted - there)


def is_upstream(fetcher: Fetcher | None) -> bool:
    """Whether its files claim to be the upstream ones: those of the embedded sample do not."""
    return fetcher is not None and not (isinstance(fetcher, Mirror) and fetcher.is_sample)


def sample() -> Mirror:
    """The embedded sample: rows written for this project in the upstream layouts."""
    return Mirror(SAMPLE, "sample")


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal.

    Raises:
        FetchError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FetchError(path, f"cannot be read ({error.strerror or error})") from error


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What differs where a file was replaced or written to, as far as its folder tells."""

    inode: int
    bytes: int
    changed_ns: int


def file_stamp(path: Path) -> FileStamp:
    """The stamp of a file as it is now.

    Raises:
        FetchError: it is not there.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise FetchError(path, f"cannot be read ({error.strerror or error})") from error
    return FileStamp(found.st_ino, found.st_size, found.st_mtime_ns)


def verify_hash(located: Located, sha256: str) -> None:
    """Nothing, if the file has the pinned bytes or none are pinned.

    Raises:
        HashMismatchError: it has others.
    """
    pinned = located.file.sha256
    if pinned is not None and sha256 != pinned:
        raise HashMismatchError(
            f"{located.file.mirror_path} ({located.path})",
            f"SHA-256 is {sha256}",
            expected=pinned,
            hint="These are not the pinned bytes: remove the file and get it again.",
        )
