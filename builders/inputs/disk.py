"""How much disk a build needs, from the sizes of its files: about, since what texts are left of them nobody knows."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from builders.caching.folder import CacheFolder
from builders.caching.size import shown_bytes
from sources.command.errors import OutputError

PACKING = {".gz": 5, ".xz": 8, ".parquet": 3}
"""About how many times its size a file unpacks to."""

ROWS, RESULT, KEPT = 1.0, 0.4, 1.4
"""Shares of the unpacked input, measured with the generator beside the project: the rows on the disk while a build runs
0.9, the result 0.32, what the cache keeps of it 1.3."""


@dataclass(frozen=True, slots=True)
class DiskNeeded:
    """Bytes: of rows while the build runs, of the result, and at most in the cache."""

    rows: int
    result: int
    cache: int

    def __str__(self) -> str:
        return f"{shown_bytes(self.rows)} while it runs, {shown_bytes(self.result)} for the result"


def unpacked_bytes(name: PurePath, size: int) -> int:
    """About how many bytes a file of that name and size has when it is unpacked."""
    return size * PACKING.get(name.suffix, 1)


def needed_disk(
    unread: Mapping[str, int], everything: Mapping[str, int], cache: CacheFolder | None = None
) -> DiskNeeded:
    """What a build needs that has yet to read some of its files; both are the unpacked bytes by file."""
    new, whole = sum(unread.values()), sum(everything.values())
    kept = 0 if cache is None else min(int(KEPT * new), cache.bound(cache.held()))
    return DiskNeeded(int(ROWS * new), int(RESULT * whole), kept)


def check_disk(folder: Path, needed: DiskNeeded) -> None:
    """Nothing, if the disk of that folder has room for the rows and the result.

    Raises:
        OutputError: it has not.
    """
    free = shutil.disk_usage(folder).free
    if free < needed.rows + needed.result:
        found = f"the disk is full: about {shown_bytes(needed.rows + needed.result)} are needed there ({needed})"
        hint = "Free some space, or give a folder on another disk; nothing was changed there."
        raise OutputError(folder, f"{found}, {shown_bytes(free)} are free", hint=hint)
