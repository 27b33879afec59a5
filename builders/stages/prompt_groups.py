"""Prompt groups: one id for all pairs with nearly the same prompt, and for all pairs of one item."""

from functools import partial

import numpy as np

from builders.engines.this_machine import map_in_threads
from builders.stages.found import TokenReader, equal_neighbours
from builders.stages.keys import Keys
from builders.stages.near_duplicates import portions
from builders.stages.similar import candidates
from sources.text.ngrams import MAX_TEXTS, similarities, token_sets

MIN_SHARED_BANDS = 2
"""Prompts are short and alike, so one shared band says little; with two, 0.90 of those at 0.8 and 0.997 of those at
0.9 are candidates."""

CANDIDATES_AT_ONCE = MAX_TEXTS // 2


def group_prompts(
    keys: Keys, alive: np.ndarray, read_prompt_tokens: TokenReader, threshold: float, workers: int
) -> np.ndarray:
    """uint64[n]: the group of each pair, the least prompt hash in it, whatever the order of the pairs.

    Two pairs are in one group when their prompts are equal or similar, when they are one item, or when a chain
    of such pairs joins them.
    """
    rows = np.flatnonzero(alive)
    prompts, items = keys.sides[rows, 0], keys.items[rows]
    named = np.flatnonzero(items)
    equal = np.stack(equal_neighbours(prompts), axis=1)
    same_item = named[np.stack(equal_neighbours(items[named]), axis=1)]
    unlike = np.ones(len(rows), dtype=bool)
    unlike[equal[:, 1]] = False
    distinct_rows = np.flatnonzero(unlike)
    similar = distinct_rows[candidates(keys.prompt_bands[rows[distinct_rows]], MIN_SHARED_BANDS)]
    sizes = np.sort(keys.prompt_sizes[rows[similar]].astype(np.float64), axis=1)
    similar = similar[sizes[:, 0] >= threshold * sizes[:, 1]]
    verify = partial(_verified, rows=rows, read_prompt_tokens=read_prompt_tokens, threshold=threshold)
    verified = map_in_threads(verify, portions(similar, CANDIDATES_AT_ONCE), workers)
    labels = _components(len(rows), np.concatenate([equal, same_item, *verified]))
    least = np.full(len(rows), np.iinfo(np.uint64).max, np.uint64)
    np.minimum.at(least, labels, prompts)
    groups = np.zeros(len(keys), np.uint64)
    groups[rows] = least[labels]
    return groups


def _verified(pairs: np.ndarray, rows: np.ndarray, read_prompt_tokens: TokenReader, threshold: float) -> np.ndarray:
    """Those of the candidate pairs whose prompts are similar enough."""
    needed, places = np.unique(pairs, return_inverse=True)
    left, right = places.reshape(-1, 2).T
    return pairs[similarities(token_sets(read_prompt_tokens(rows[needed])), left, right) >= threshold]


def _components(count: int, edges: np.ndarray) -> np.ndarray:
    """The least node that each node is joined to, directly or through others."""
    labels = np.arange(count)
    while len(edges):
        low = np.minimum(labels[edges[:, 0]], labels[edges[:, 1]])
        before = labels.copy()
        np.minimum.at(labels, edges[:, 0], low)
        np.minimum.at(labels, edges[:, 1], low)
        labels = labels[labels]
        if np.array_equal(labels, before):
            break
    return labels
