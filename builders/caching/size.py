"""Sizes as people write them, and the cache as the surroundings set it."""

import os
import re

from builders.caching.folder import CacheFolder
from sources.command.errors import UsageError
from sources.fetch.download import cache_folder

SIZE = "BUILD_PREFS_CACHE_SIZE"
UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
UNITS |= {"KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "TIB": 1 << 40}


def parse_size(text: str, where: str) -> int:
    """The bytes that a text such as 500MB or 2.5GiB stands for.

    Raises:
        UsageError: it stands for none.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMGT]I?B|)", text.strip().upper())
    if found is None:
        raise UsageError(where, f"{text!r} is no size", expected="one such as 500MB or 2GiB")
    return int(float(found[1]) * UNITS[found[2]])


def shown_bytes(size: int) -> str:
    """Bytes for people to read."""
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"


def users_cache() -> CacheFolder | None:
    """The folder `rows` of the user's cache, as large as BUILD_PREFS_CACHE_SIZE says; None where that says 0.

    Raises:
        UsageError: it says something else.
    """
    given = os.environ.get(SIZE)
    max_bytes = parse_size(given, SIZE) if given else None
    return None if max_bytes == 0 else CacheFolder(cache_folder() / "rows", max_bytes)
