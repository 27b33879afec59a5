"""One result in the cache: a folder of files with what they must hold, and a lock for those who use it."""

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import xxhash

CONTENT, LOCK = "entry.json", "lock"
READ_BYTES = 1 << 20


class DamagedError(Exception):
    """An entry does not hold what was written."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A result that is whole, in use as long as `lock` is open: nobody removes it before."""

    folder: Path
    content: Any
    lock: IO[bytes]


def lock_entry(folder: Path, *, alone: bool) -> IO[bytes] | None:
    """The open lock of the entry in a folder, for one user alone or for several; None if there is none, or others have
    it. It is given back where it is closed, and where the process ends."""
    try:
        lock = (folder / LOCK).open("r+b" if alone else "rb")
    except OSError:
        return None
    try:
        fcntl.flock(lock, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        if os.fstat(lock.fileno()).st_ino == (folder / LOCK).stat().st_ino:
            return lock
    except OSError:
        pass  # others have it, or they just removed it
    lock.close()
    return None


def write_content(folder: Path, content: object) -> None:
    """Write down `content` and the hashes of all files that are in the folder."""
    files = {path.name: [path.stat().st_size, _hash(path)] for path in folder.iterdir() if path.name != LOCK}
    text = json.dumps({"files": files, "content": content}).encode()
    (folder / CONTENT).write_bytes(xxhash.xxh3_128_hexdigest(text).encode() + b"\n" + text)


def read_content(folder: Path) -> Any:
    """The content of an entry whose files are all as they were written.

    Raises:
        DamagedError: they are not.
    """
    try:
        written, _, text = (folder / CONTENT).read_bytes().partition(b"\n")
        if written != xxhash.xxh3_128_hexdigest(text).encode():
            raise DamagedError(CONTENT)
        whole = json.loads(text)
        _check(folder, whole["files"])
    except (OSError, ValueError) as error:
        raise DamagedError(CONTENT) from error
    return whole["content"]


def _check(folder: Path, files: Mapping[str, list[Any]]) -> None:
    for name, (size, written) in files.items():
        if (folder / name).stat().st_size != size or _hash(folder / name) != written:
            raise DamagedError(name)


def _hash(path: Path) -> str:
    found = xxhash.xxh3_128()
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            found.update(block)
    return found.hexdigest()
