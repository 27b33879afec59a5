"""What --cache-info and --cache-clear say."""

from builders.caching.folder import CacheFolder
from builders.caching.size import SIZE, shown_bytes, users_cache

OFF = f"The cache is off: {SIZE} is 0."


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
    return f"{cache.path}: {shown_bytes(gone)} removed{left}"


def _held(cache: CacheFolder) -> str:
    sizes = [size for _, size, _ in cache.entries()]
    bound = shown_bytes(cache.bound(sum(sizes)))
    return f"the rows of {len(sizes):,} files that were read and checked, {shown_bytes(sum(sizes))} of at most {bound}"
