"""Pairs of documents that share MinHash bands, or several rare MinHash digests."""

import numpy as np

from builders.stages.found import run_starts
from sources.text.minhash import bands_of

MAX_BUCKET = 16
"""In a band shared by more documents than this, each is only compared with the first of them."""

MAX_RARE = 8
"""A digest that more documents have than this is that of a common phrase, and names no candidates by itself."""

MIN_CROWDED_PLACES = 3
"""Of 16: documents that have sentences in common with many, but not the same ones, are crowded in fewer places."""

MIN_SHARED_DIGESTS = 5
"""Of 32: texts at similarity 0.35, which is what edits of 15 % of the characters leave, share so many with probability
0.995, those at 0.05 with 0.03."""


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


def edited_candidates(digests: np.ndarray, sizes: np.ndarray, threshold: float) -> np.ndarray:
    """int64[c, 2]: places (earlier, later) of documents that share a band, or MIN_SHARED_DIGESTS of their digests.

    `sizes` is uint16[n, parts]: how long each part of a document is. Edits of a share below 1 - threshold leave
    each part at least `threshold` times as long as it was.
    """
    found = [candidates(bands_of(digests), min_shared=1)]
    for column in digests.T:
        pairs = _rare_bucket(column)
        pairs = pairs[alike(sizes[pairs[:, 0]], sizes[pairs[:, 1]], threshold)]
        shared = (digests[pairs[:, 0]] == digests[pairs[:, 1]]).sum(axis=1)
        found.append(pairs[shared >= MIN_SHARED_DIGESTS])
    return distinct(np.concatenate(found), len(digests))


def distinct(pairs: np.ndarray, count: int) -> np.ndarray:
    """The pairs of places among `count`, each once, in order."""
    codes = np.unique(pairs[:, 0].astype(np.uint64) * np.uint64(count) + pairs[:, 1].astype(np.uint64))
    return np.stack([codes // np.uint64(max(count, 1)), codes % np.uint64(max(count, 1))], axis=1).astype(np.int64)


def alike(left: np.ndarray, right: np.ndarray, threshold: float) -> np.ndarray:
    """bool[n]: whether all parts of two documents, uint16[n, parts], are about equally long; 65,535 is any length."""
    sizes = np.stack([left, right]).astype(np.float64)
    return np.asarray((sizes.min(axis=0) >= threshold * sizes.max(axis=0)).all(axis=1))


def _rare_bucket(column: np.ndarray) -> np.ndarray:
    """(earlier, later) of all places with equal values, where at most MAX_RARE have them."""
    ranked = np.sort((column.astype(np.uint64) << np.uint64(32)) | np.arange(len(column), dtype=np.uint64))
    starts = run_starts(ranked >> np.uint64(32))
    sizes = np.diff(np.append(starts, len(ranked)))
    kept = (sizes > 1) & (sizes <= MAX_RARE)
    return pairs_in_runs((ranked & np.uint64(0xFFFFFFFF)).astype(np.int64), starts[kept], sizes[kept])


def pairs_in_runs(places: np.ndarray, starts: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """int64[c, 2]: all pairs (earlier, later) of places within each run; `sizes_of_pairs` says how many of each."""
    ramp = _ramp(sizes)
    left = np.repeat(starts, sizes) + ramp
    rest = np.repeat(sizes, sizes) - 1 - ramp
    right = np.repeat(left + 1, rest) + _ramp(rest)
    return np.stack([places[np.repeat(left, rest)], places[right]], axis=1)


def sizes_of_pairs(sizes: np.ndarray) -> np.ndarray:
    """The size of the run that each of the pairs of `pairs_in_runs` is from."""
    return np.repeat(sizes, sizes * (sizes - 1) // 2)


def crowded(digests: np.ndarray) -> np.ndarray:
    """bool[n]: the documents that share a template with more than MAX_BUCKET others.

    Such documents have two digests in a row in common, and that in several places; one that was edited much has at
    least a digest in common with a crowd of them.
    """
    places = np.zeros(len(digests), np.int64)
    for place in range(0, digests.shape[1], 2):
        both = digests[:, place].astype(np.uint64) << np.uint64(32) | digests[:, place + 1]
        places += np.isin(both, _crowds(both))
    core = places >= MIN_CROWDED_PLACES
    crowd = core.copy()
    for column in digests.T if core.any() else []:
        crowds = np.intersect1d(_crowds(column), column[core])
        rows = np.flatnonzero(np.isin(column, crowds))
        which = np.searchsorted(crowds, column[rows])
        mostly_core = 2 * np.bincount(which, core[rows], len(crowds)) >= np.bincount(which, minlength=len(crowds))
        crowd[rows] |= mostly_core[which]
    return crowd


def _crowds(column: np.ndarray) -> np.ndarray:
    """The values that more than MAX_BUCKET have, in order."""
    ranked = np.sort(column)
    starts = run_starts(ranked)
    return np.asarray(ranked[starts[np.diff(np.append(starts, len(ranked))) > MAX_BUCKET]])


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
