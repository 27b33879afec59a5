"""What --cache-info and --cache-clear say."""

from builders.caching.folder import CacheFolder
from builders.caching.size import SIZE, users_cache

OFF = f"The cache is off: {SIZE} is 0."


def gigabytes(size: int) -> str:
    """Bytes for people to read."""
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"


def cache_info() -> str:
    """Where the cache is, what it holds and how much it may hold."""
    cache = users_cache()
    return OFF if cache is None else f"{cache.path}: {_held(cache)}. Remove them with --cache-clear."


def clear_cache() -> str:
    """What was removed from the cache, and what is left since a build uses it now."""
    cache = users_cache()
    if cache is None:
        return OFF
    gone = cache.clear()
    left = f"; in use now: {_held(cache)}" if cache.entries() else ""
    return f"{cache.path}: {gigabytes(gone)} removed{left}"


def _held(cache: CacheFolder) -> str:
    sizes = [size for _, size, _ in cache.entries()]
    bound = gigabytes(cache.bound(sum(sizes)))
    return f"the rows of {len(sizes):,} files that were read and checked, {gigabytes(sum(sizes))} of at most {bound}"
