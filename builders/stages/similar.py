"""Pairs of documents that share MinHash bands."""

import numpy as np

from builders.stages.found import run_starts

MAX_BUCKET = 16
"""In a band shared by more documents than this, each is only compared with the first of them."""


def candidates(bands: np.ndarray, min_shared: int) -> np.ndarray:
    """int64[c, 2]: places (earlier, later) of documents that share at least `min_shared` bands."""
    count = np.uint64(len(bands))
    found = [
        (pairs[:, 0].astype(np.uint64) * count + pairs[:, 1].astype(np.uint64))
        for band in range(bands.shape[1])
        if len(pairs := _same_bucket(bands[:, band]))
    ]
    if not found:
        return np.empty((0, 2), np.int64)
    codes, shared = np.unique(np.concatenate(found), return_counts=True)
    codes = codes[shared >= min_shared]
    return np.stack([codes // count, codes % count], axis=1).astype(np.int64)


def _same_bucket(band: np.ndarray) -> np.ndarray:
    """(earlier, later) of all places with equal values; in large buckets only with the first MAX_BUCKET places."""
    order = np.argsort(band, kind="stable")
    ranked = band[order]
    starts = run_starts(ranked)
    sizes = np.diff(np.append(starts, len(band)))
    shared = sizes > 1
    found = [np.empty((0, 2), np.int64)]
    for step in range(1, int(min(sizes.max(initial=1), MAX_BUCKET + 1))):
        # the member at distance `step` from the start of its bucket, against every later member
        wide = shared & (sizes > step)
        begin, length = starts[wide] + step - 1, sizes[wide] - step
        later = np.repeat(begin + 1, length) + _ramp(length)
        found.append(np.stack([order[np.repeat(begin, length)], order[later]], axis=1))
    return np.asarray(np.concatenate(found))


def _ramp(lengths: np.ndarray) -> np.ndarray:
    """0, 1, ... for each length in turn."""
    ends = np.cumsum(lengths)
    return np.asarray(np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths))
