"""Near contradictions: nearly the same prompt with nearly the same two answers, once each way round.

Sketches name the candidates; the texts decide, side by side. Pairs that fill one template with different items
contradict nothing, and neither do copies of a pair whose two answers are nearly the same.
"""

from functools import partial

import numpy as np

from builders.engines.this_machine import map_in_threads
from builders.stages.found import Found, TextReader, kept_in_memory
from builders.stages.keys import Keys
from builders.stages.near_duplicates import CANDIDATES_AT_ONCE, portions, verify
from builders.stages.same_template import drop_other_items
from builders.stages.similar import MAX_BUCKET, alike, distinct, ranks

MIN_APART = 2
"""Unswapped, the two differ at least so many times as much."""

SWAPPED = (0, 2, 1)


def find_near_contradictions(
    keys: Keys, alive: np.ndarray, read_texts: TextReader, threshold: float, workers: int
) -> Found:
    """Both pairs of every near contradiction, each with the pair that it contradicts most and the similarity.

    A near duplicate of one pair of a plain contradiction is a near contradiction of the other.
    """
    rows = np.flatnonzero(alive)
    pairs = rows[_candidates(keys, rows, threshold, workers)]
    read_texts = kept_in_memory(read_texts, np.unique(pairs))
    check = partial(_contradict, keys=keys, read_texts=read_texts, threshold=threshold)
    similar = np.concatenate([np.empty(0), *map_in_threads(check, portions(pairs, CANDIDATES_AT_ONCE), workers)])
    pairs, similar = pairs[similar >= threshold], similar[similar >= threshold]
    meant = drop_other_items(pairs, keys, read_texts, SWAPPED)
    pairs, similar = pairs[meant], similar[meant]
    both, similarity = np.concatenate([pairs, pairs[:, ::-1]]), np.concatenate([similar, similar])
    order = np.lexsort((both[:, 1], -similarity, both[:, 0]))
    found, first = np.unique(both[order, 0], return_index=True)
    best = order[first]
    said = [f"similarity {value:.3f}" for value in similarity[best].tolist()]
    return Found("near_contradiction", found, both[best, 1], notes=dict(zip(found.tolist(), said, strict=True)))


def _candidates(keys: Keys, rows: np.ndarray, threshold: float, workers: int) -> np.ndarray:
    """int64[c, 2]: places (earlier, later) among `rows` where what one prefers is like what the other rejects."""
    columns = zip(keys.chosen_sketches[rows].T, keys.rejected_sketches[rows].T, strict=True)
    pairs = distinct(np.concatenate([*map_in_threads(_matches, columns, workers)]), len(rows))
    sizes = keys.side_sizes[rows]
    fits = alike(sizes[pairs[:, 0]], sizes[pairs[:, 1]][:, SWAPPED], threshold)
    return np.asarray(pairs[fits])


def _matches(columns: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """int64[c, 2]: places (earlier, later) that have a value in common, one in each column.

    Of many that have the same in the first column, each is only compared with MAX_BUCKET.
    """
    (prefers, likes), (rejects, wanted) = map(ranks, columns)
    first = np.searchsorted(likes, wanted)
    count = np.minimum(np.searchsorted(likes, wanted, side="right") - first, MAX_BUCKET)
    ramp = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    both = prefers[np.repeat(first, count) + ramp], np.repeat(rejects, count)
    pairs = np.sort(np.stack(both, axis=1), axis=1)
    return np.asarray(pairs[pairs[:, 0] < pairs[:, 1]])


def _contradict(pairs: np.ndarray, keys: Keys, read_texts: TextReader, threshold: float) -> np.ndarray:
    """The least similarity of the three sides of each two rows, the answers of one swapped; 0 where they are not much
    less similar unswapped: then chosen and rejected are much the same, or all of them are of one kind."""
    similarity = verify(pairs, keys, read_texts, threshold, SWAPPED)
    near = np.flatnonzero(similarity >= threshold)
    straight = verify(pairs[near], keys, read_texts, 1 - MIN_APART * (1 - threshold))
    similarity[near[1 - straight < MIN_APART * (1 - similarity[near])]] = 0
    similarity[near[straight == 1]] = 0
    return similarity
