"""How much memory a build needs: what stands for each pair while pairs are compared is in memory, and no text is."""

from builders.caching.size import shown_bytes
from sources.command.errors import UsageError

FIXED_BYTES, WORKER_BYTES, PAIR_BYTES = 250 << 20, 400 << 20, 410
"""Measured (docs/scale.md): what the build takes without any pair, each of its workers, and each pair."""

MIN_PAIR_TEXT_BYTES = 1500
"""Files of so many bytes, unpacked, are taken for one pair before they are read, so that few are too many."""


def needed_memory(pairs: int, workers: int) -> int:
    """About how many bytes all processes of a build have at most."""
    return FIXED_BYTES + WORKER_BYTES * workers + PAIR_BYTES * pairs


def check_memory(allowed: int | None, pairs: int, workers: int) -> None:
    """Nothing, if so many pairs fit into what is allowed.

    Raises:
        UsageError: they do not.
    """
    needed = needed_memory(pairs, workers)
    if allowed is not None and needed > allowed:
        found = f"{pairs:,} pairs and {workers} workers need about {shown_bytes(needed)}"
        hint = f"Allow that much, or fewer pairs (--only, --limit), or --workers 1 ({shown_bytes(WORKER_BYTES)} each)."
        raise UsageError("--memory", found, expected=f"at most {shown_bytes(allowed)}", hint=hint)
