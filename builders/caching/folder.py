"""The folder of the cache: results under their identity, whole or not there, and no more of them than fits.

Several builds may use it at once, and each may be killed at any moment: a result is written aside and renamed, what is
in use is locked, and what a killed build left is removed by the next one.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from builders.caching.entry import CONTENT, LOCK, DamagedError, Entry, lock_entry, read_content, write_content

MAX_BYTES = 20 << 30
PART, GONE = ".part-", ".gone-"
"""What is being written, and what is being removed."""


@dataclass(frozen=True, slots=True)
class CacheFolder:
    """Where results are kept, and how many bytes of them at most; None: 20 GiB, or half of what the disk has room for
    if that is less. What was used since `began` is not removed for a newer result."""

    path: Path
    max_bytes: int | None = None
    began: float = field(default_factory=time.time)

    def find(self, key: str) -> Entry | None:
        """The result of that identity, locked; None if there is none.

        Raises:
            DamagedError: it was there, was not what had been written, and is removed.
        """
        folder = self.path / key
        lock = lock_entry(folder, alone=False)
        if (lock is None and (folder / LOCK).exists()) or not folder.is_dir():
            return None
        try:
            content = read_content(folder)
            if lock is None:
                raise DamagedError(LOCK)
        except DamagedError:
            if lock is not None:
                lock.close()
            self._remove(folder)
            raise
        with suppress(OSError):  # a folder that may only be read
            os.utime(folder / CONTENT)
        return Entry(folder, content, lock)

    def keep(self, key: str, write: Callable[[Path], object]) -> bool:
        """Whether there is a result of that identity now. `write` puts its files into a folder and returns the rest of
        it, as JSON. What goes wrong here, such as a full disk, costs the entry and no more."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = Path(tempfile.mkdtemp(dir=self.path, prefix=PART))
        except OSError:
            return False
        try:
            (part / LOCK).touch()
            lock = lock_entry(part, alone=True)
            if lock is None:
                return False
            with lock:
                write_content(part, write(part))
                if not self._make_room(bytes_below(part)):
                    return False
                part.rename(self.path / key)
            return True
        except OSError:
            return (self.path / key).is_dir()
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def entries(self) -> list[tuple[float, int, Path]]:
        """When each result was used last, its bytes and its folder, the one that was not used for longest first."""
        found = []
        for folder in _folders(self.path):
            with suppress(OSError):  # removed just now
                if not folder.name.startswith("."):
                    content = folder / CONTENT
                    used = content.stat().st_mtime if content.exists() else 0.0
                    found.append((used, bytes_below(folder), folder))
        return sorted(found)

    def held(self) -> int:
        """The bytes of all results."""
        return sum(size for _, size, _ in self.entries())

    def bound(self, held: int) -> int:
        """How many bytes all results may have, if they have `held` now."""
        if self.max_bytes is not None:
            return self.max_bytes
        there = next(folder for folder in (self.path, *self.path.parents) if folder.is_dir())
        return min(MAX_BYTES, (shutil.disk_usage(there).free + held) // 2)

    def clean(self) -> None:
        """Remove what killed builds left, and what no longer fits."""
        for folder in _folders(self.path):
            if folder.name.startswith((PART, GONE)):
                lock = lock_entry(folder, alone=True)
                if lock is not None or not (folder / LOCK).exists():
                    shutil.rmtree(folder, ignore_errors=True)
                if lock is not None:
                    lock.close()
        with suppress(OSError):
            self._make_room(0)

    def clear(self) -> int:
        """Remove all results but those in use; how many bytes that gave."""
        self.clean()
        return sum(size for _, size, folder in self.entries() if self._remove(folder))

    def _make_room(self, size: int) -> bool:
        """Whether so many bytes more fit, once what was not used for longest is removed."""
        entries = self.entries()
        held = sum(each for _, each, _ in entries)
        bound = self.bound(held)
        for used, each, folder in entries:
            if held + size <= bound or used >= self.began:
                break
            held -= each * self._remove(folder)
        return held + size <= bound

    def _remove(self, folder: Path) -> bool:
        """Whether the entry could be removed: not while others use it."""
        lock = lock_entry(folder, alone=True)
        if lock is None and (folder / LOCK).exists():
            return False
        try:
            gone = Path(tempfile.mkdtemp(dir=self.path, prefix=GONE))
            folder.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)
        except OSError:
            return False
        finally:
            if lock is not None:
                lock.close()
        return True


@dataclass(frozen=True, slots=True)
class OpenCache:
    """The cache while a build uses it: the entries in `in_use` are locked until that ends."""

    folder: CacheFolder
    in_use: ExitStack


def bytes_below(folder: Path) -> int:
    """The bytes of all files directly in a folder."""
    return sum(path.stat().st_size for path in folder.iterdir())


def _folders(path: Path) -> Iterator[Path]:
    """The folders directly in a folder; none if it is not there."""
    with suppress(OSError):
        yield from [each for each in path.iterdir() if each.is_dir()]
