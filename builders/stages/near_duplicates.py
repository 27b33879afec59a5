"""Near duplicates: pairs whose prompt, chosen and rejected are each nearly the same text as an earlier pair's.

MinHash bands name the candidates; the Jaccard similarity of the real n-gram sets decides, side by side, so that a
ranking (the same prompt and chosen, another rejected) is no duplicate. Short texts must be equal.
"""

from functools import partial

import numpy as np

from builders.engines.this_machine import map_in_threads
from builders.stages.found import Found, TokenReader
from builders.stages.keys import Keys
from builders.stages.similar import candidates
from sources.text.ngrams import MAX_TEXTS, similarities, token_sets

CANDIDATES_AT_ONCE = MAX_TEXTS // 16
"""Candidates whose text is in memory at the same time while they are verified."""


def find_near_duplicates(
    keys: Keys, alive: np.ndarray, read_tokens: TokenReader, threshold: float, workers: int
) -> list[Found]:
    """Every pair that is similar enough to an earlier pair that is kept, with that pair and the similarity.

    Goes by precedence: a pair is only dropped for a twin that stays, so no chain of small steps
    drops a pair that resembles nothing in the dataset.
    """
    rows = np.flatnonzero(alive)
    pairs = rows[candidates(keys.pair_bands[rows], min_shared=1)]
    verified = map_in_threads(
        partial(verify, keys=keys, read_tokens=read_tokens), portions(pairs, CANDIDATES_AT_ONCE), workers
    )
    similar = np.concatenate([np.empty(0), *verified])
    twins = _keep_first(pairs[similar >= threshold], similar[similar >= threshold])
    dropped = np.array(sorted(twins), dtype=np.int64)
    kept = np.array([twins[row][0] for row in dropped.tolist()], dtype=np.int64)
    notes = {row: f"similarity {similarity:.3f}" for row, (_, similarity) in twins.items()}
    return [Found("near_duplicate", dropped, kept, notes=notes)]


def portions(pairs: np.ndarray, size: int) -> list[np.ndarray]:
    """The candidate pairs in order, in at least two equal parts of at most `size`."""
    return np.array_split(pairs, max(2, -(-len(pairs) // size)))


def verify(pairs: np.ndarray, keys: Keys, read_tokens: TokenReader) -> np.ndarray:
    """The least similarity of the three sides of each (earlier, later) pair of rows; equal sides are not read."""
    rows, places = np.unique(pairs, return_inverse=True)
    sets = token_sets(read_tokens(rows))
    earlier, later = places.reshape(-1, 2).T
    similarity = np.ones(len(pairs))
    for side in range(3):
        differ = np.flatnonzero(keys.sides[pairs[:, 0], side] != keys.sides[pairs[:, 1], side])
        found = similarities(sets, 3 * earlier[differ] + side, 3 * later[differ] + side)
        similarity[differ] = np.minimum(similarity[differ], found)
    return similarity


def _keep_first(pairs: np.ndarray, similarity: np.ndarray) -> dict[int, tuple[int, float]]:
    """For each dropped row its kept twin: the earliest of the rows that it resembles and that are kept."""
    twins: dict[int, tuple[int, float]] = {}
    order = np.lexsort((pairs[:, 0], pairs[:, 1]))
    for (earlier, later), value in zip(pairs[order].tolist(), similarity[order].tolist(), strict=True):
        if later not in twins and earlier not in twins:
            twins[later] = (earlier, value)
    return twins
