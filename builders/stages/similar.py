"""Pairs of documents that share MinHash bands, or several rare MinHash digests."""

import numpy as np

from builders.engines.this_machine import map_in_threads
from builders.stages.found import run_starts
from sources.text.codes import mix
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


def edited_candidates(digests: np.ndarray, sizes: np.ndarray, threshold: float, workers: int) -> np.ndarray:
    """int64[c, 2]: places (earlier, later) of documents that share a band, or MIN_SHARED_DIGESTS of their digests.

    `sizes` is uint16[n, parts]: how long each part of a document is. Edits of a share below 1 - threshold leave
    each part at least `threshold` times as long as it was.
    """

    def share_several(column: np.ndarray) -> np.ndarray:
        pairs = _rare_bucket(column)
        pairs = pairs[alike(sizes[pairs[:, 0]], sizes[pairs[:, 1]], threshold)]
        shared = (digests[pairs[:, 0]] == digests[pairs[:, 1]]).sum(axis=1)
        return np.asarray(pairs[shared >= MIN_SHARED_DIGESTS])

    several = map_in_threads(share_several, digests.T, workers)
    return distinct(np.concatenate([candidates(bands_of(digests), min_shared=1), *several]), len(digests))


def distinct(pairs: np.ndarray, count: int) -> np.ndarray:
    """The pairs of places among `count`, each once, in order."""
    codes = np.unique(pairs[:, 0].astype(np.uint64) * np.uint64(count) + pairs[:, 1].astype(np.uint64))
    return np.stack([codes // np.uint64(max(count, 1)), codes % np.uint64(max(count, 1))], axis=1).astype(np.int64)


def alike(left: np.ndarray, right: np.ndarray, threshold: float) -> np.ndarray:
    """bool[n]: whether all parts of two documents, uint16[n, parts], are about equally long. Lengths
    are counted up to 65,535: of two longer ones they say that they are."""
    sizes = np.stack([left, right]).astype(np.float64)
    return np.asarray((sizes.min(axis=0) >= threshold * sizes.max(axis=0)).all(axis=1))


def _rare_bucket(column: np.ndarray) -> np.ndarray:
    """(earlier, later) of all places with equal values, where at most MAX_RARE have them."""
    order, ranked = ranks(column)
    starts = run_starts(ranked)
    sizes = np.diff(np.append(starts, len(ranked)))
    kept = (sizes > 1) & (sizes <= MAX_RARE)
    return pairs_in_runs(order, starts[kept], sizes[kept])


def ranks(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The stable order of values (uint32), and the values in it; some times faster than argsort."""
    ranked = np.sort((values.astype(np.uint64) << np.uint64(32)) | np.arange(len(values), dtype=np.uint64))
    return (ranked & np.uint64(0xFFFFFFFF)).astype(np.int64), (ranked >> np.uint64(32)).astype(np.uint32)


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


def crowded(digests: np.ndarray, workers: int) -> np.ndarray:
    """bool[n]: the documents that share a template with more than MAX_BUCKET others.

    Such documents have two digests in a row in common, and that in several places; one that was edited much has at
    least a digest in common with a crowd of them.
    """
    places = np.zeros(len(digests), np.int64)
    pairs = digests[:, ::2].astype(np.uint64) << np.uint64(32) | digests[:, 1::2]
    for rows, _, _ in map_in_threads(_of_crowds, pairs.T, workers):
        places[rows] += 1
    core = places >= MIN_CROWDED_PLACES
    crowd = core.copy()
    for rows, which, sizes in map_in_threads(_of_crowds, digests.T, workers) if core.any() else []:
        cores = np.bincount(which, core[rows], len(sizes))
        crowd[rows] |= ((cores > 0) & (2 * cores >= sizes))[which]
    return crowd


def _of_crowds(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The places of the values that more than MAX_BUCKET have, the crowd of each, and the size of each crowd.

    Counted in as many buckets as there are values first: hardly a value shares its bucket with MAX_BUCKET others.
    """
    bits = np.uint64(64 - max(len(values).bit_length(), 1))
    buckets = (mix(values.astype(np.uint64)) >> bits).astype(np.int64)
    suspects = np.flatnonzero(np.bincount(buckets)[buckets] > MAX_BUCKET) if len(values) else buckets
    _, which, sizes = np.unique(values[suspects], return_inverse=True, return_counts=True)
    large = sizes > MAX_BUCKET
    kept = large[which]
    return suspects[kept], (np.cumsum(large) - 1)[which[kept]], sizes[large]


def _same_bucket(band: np.ndarray) -> np.ndarray:
    """(earlier, later) of all places with equal values; in large buckets only with the first MAX_BUCKET places."""
    order, ranked = ranks(band)
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
