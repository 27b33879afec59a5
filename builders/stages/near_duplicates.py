"""Near duplicates: pairs whose prompt, chosen and rejected are each nearly the same text as an earlier pair's.

MinHash names the candidates; the texts decide, side by side, so that a ranking (the same prompt and chosen, another
rejected) is no duplicate. Pairs that fill one template with different items are none either (`same_template.py`).
"""

from collections.abc import Sequence
from functools import partial

import numpy as np

from builders.engines.this_machine import map_in_threads
from builders.stages.found import Found, TextReader
from builders.stages.keys import Keys
from builders.stages.same_template import drop_other_items
from builders.stages.similar import alike, crowded, distinct, edited_candidates
from builders.stages.uncrowd import rest_candidates
from sources.pairs.languages import IS_DENSE
from sources.text.edits import edit_similarity
from sources.text.ngrams import MAX_TEXTS, similarities, token_sets
from sources.text.texts import PairTexts

CANDIDATES_AT_ONCE = MAX_TEXTS // 16
"""Candidates whose text is in memory at the same time while they are verified."""

MIN_EDITED_CHARS = np.where(IS_DENSE, 6, 12)
"""By place in LANGS. Shorter texts must be equal: "通过" and "不通过" are no two spellings of one answer."""

MIN_SHARED, MAX_SHORT_CHARS = 0.05, 200
"""Longer texts that share a smaller part of their n-grams than this are not compared character by character."""


def find_near_duplicates(
    keys: Keys, alive: np.ndarray, read_texts: TextReader, threshold: float, workers: int
) -> list[Found]:
    """Every pair that is similar enough to an earlier pair that is kept, with that pair and the similarity.

    Goes by precedence: a pair is only dropped for a twin that stays, so no chain of small steps
    drops a pair that resembles nothing in the dataset.
    """
    rows = np.flatnonzero(alive)
    pairs = rows[_candidates(keys, rows, read_texts, threshold, workers)]
    verified = map_in_threads(
        partial(verify, keys=keys, read_texts=read_texts, threshold=threshold),
        portions(pairs, CANDIDATES_AT_ONCE),
        workers,
    )
    similar = np.concatenate([np.empty(0), *verified])
    pairs, similar = pairs[similar >= threshold], similar[similar >= threshold]
    same = drop_other_items(pairs, keys, read_texts)
    twins = _keep_first(pairs[same], similar[same])
    dropped = np.array(sorted(twins), dtype=np.int64)
    kept = np.array([twins[row][0] for row in dropped.tolist()], dtype=np.int64)
    notes = {row: f"similarity {similarity:.3f}" for row, (_, similarity) in twins.items()}
    return [Found("near_duplicate", dropped, kept, notes=notes)]


def _candidates(keys: Keys, rows: np.ndarray, read_texts: TextReader, threshold: float, workers: int) -> np.ndarray:
    """Places among `rows`: of a crowd that shares a template, also those that are alike in the rest of their text and
    about equally long."""
    digests, sizes = keys.pair_digests[rows], keys.side_sizes[rows]
    found = edited_candidates(digests, sizes, threshold, workers)
    crowd = np.flatnonzero(crowded(digests, workers))
    if not len(crowd):
        return found
    more = crowd[rest_candidates(rows[crowd], read_texts)]
    more = more[alike(sizes[more[:, 0]], sizes[more[:, 1]], threshold)]
    return distinct(np.concatenate([found, more]), len(rows))


def portions(pairs: np.ndarray, size: int) -> list[np.ndarray]:
    """The candidate pairs in order, in at least two equal parts of at most `size`."""
    return np.array_split(pairs, max(2, -(-len(pairs) // size)))


def verify(
    pairs: np.ndarray, keys: Keys, read_texts: TextReader, threshold: float, sides: Sequence[int] = range(3)
) -> np.ndarray:
    """The least similarity of the three sides of each (earlier, later) pair of rows; equal sides are not read.

    `sides[s]` is the side of the later row that side s of the earlier is compared with. Once a side is below the
    threshold, the others are not compared.
    """
    rows, places = np.unique(pairs, return_inverse=True)
    texts = read_texts(rows)
    earlier, later = places.reshape(-1, 2).T
    similarity = np.ones(len(pairs))
    for side, other in enumerate(sides):
        equal = keys.sides[pairs[:, 0], side] == keys.sides[pairs[:, 1], other]
        differ = np.flatnonzero(~equal & (similarity >= threshold))
        left, right = 3 * earlier[differ] + side, 3 * later[differ] + other
        similarity[differ] = np.minimum(similarity[differ], _similarities(texts, left, right, threshold))
    return similarity


def _similarities(texts: PairTexts, left: np.ndarray, right: np.ndarray, threshold: float) -> np.ndarray:
    """Of texts left[i] and right[i] the share of n-grams, or if greater that of characters, that are the same."""
    named, places = np.unique(np.concatenate([left, right]), return_inverse=True)
    shared = similarities(token_sets(texts.tokens.select(named)), *places.reshape(2, -1))
    shorter = np.minimum(texts.folded.lengths[left], texts.folded.lengths[right])
    unsure = (shared < threshold) & (shorter >= MIN_EDITED_CHARS[texts.langs[left]])
    unsure &= (shared >= MIN_SHARED) | (shorter <= MAX_SHORT_CHARS)
    edited = edit_similarity(texts.folded, left[unsure], right[unsure], threshold)
    shared[unsure] = np.maximum(shared[unsure], edited)
    return shared


def _keep_first(pairs: np.ndarray, similarity: np.ndarray) -> dict[int, tuple[int, float]]:
    """For each dropped row its kept twin: the earliest of the rows that it resembles and that are kept."""
    twins: dict[int, tuple[int, float]] = {}
    order = np.lexsort((pairs[:, 0], pairs[:, 1]))
    for (earlier, later), value in zip(pairs[order].tolist(), similarity[order].tolist(), strict=True):
        if later not in twins and earlier not in twins:
            twins[later] = (earlier, value)
    return twins
