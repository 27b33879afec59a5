"""A small classifier that tells chosen from rejected by the surface of the two answers, without reading the prompt.

Ridge regression on differences between chosen and rejected. Swapping the answers of a pair swaps the sign of its
differences, so a rule without anything to go by is right half the time. Features are small whole numbers and their
sums are exact, so the result does not depend on the order of the pairs or on the number of threads.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sources.pairs.languages import IS_DENSE, LANGS
from sources.text.codes import decode, mix

FOLDS = 5
FEATURES = 512
"""So many n-grams are looked at, the commonest."""

BUCKET_BITS = 16
WIDTH, DENSE_WIDTH = 4, 2
"""Characters of an n-gram: about one word of letters, or of a script whose characters say more."""

HEAD_CHARS, TAIL_CHARS = 320, 80
"""So much of a long answer is read; the marks stand for its beginning, for what was left out, and for its end."""

BEGIN, GAP, END = "\x02", "\x1f", "\x03"
MAX_DIFFERENCE = 3
RIDGE = 200.0
"""How strongly the weights are held back: as strongly as so many pairs would."""

BLOCK_PAIRS = 2048
NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of n pairs in one language, and the prompt group of each (uint64)."""

    chosen: pa.Array
    rejected: pa.Array
    lang: str
    groups: np.ndarray


def tell_apart(answers: Answers, others: np.ndarray) -> np.ndarray:
    """float64[n]: above 0 where chosen is taken for chosen, below 0 where rejected, 0 where nothing tells them apart.

    Each pair is judged by a classifier that has seen no pair of its prompt group. `others` are more differences
    between the two answers, small whole numbers [n, k].
    """
    features = np.concatenate([ngram_differences(answers), others.astype(np.int8)], axis=1)
    folds = (mix(answers.groups) >> np.uint64(32)) % np.uint64(FOLDS)
    parts = [features[folds == fold].astype(np.float32) for fold in range(FOLDS)]
    squares = [(part.T @ part).astype(np.float64) for part in parts]
    sums = [part.sum(axis=0, dtype=np.float64) for part in parts]
    held_back = RIDGE * np.eye(features.shape[1])
    scores = np.empty(len(features))
    for fold, part in enumerate(parts):
        seen = [one for one in range(FOLDS) if one != fold]
        weights = np.linalg.solve(sum(squares[one] for one in seen) + held_back, sum(sums[one] for one in seen))
        scores[folds == fold] = part @ weights
    return np.where(np.abs(scores) < NOTHING, 0.0, scores)


def ngram_differences(answers: Answers) -> np.ndarray:
    """int8[n, FEATURES]: how much more often chosen has each of the commonest n-grams than rejected."""
    sides = (answers.chosen, answers.rejected)
    starts = range(0, len(answers.groups), BLOCK_PAIRS)
    width = DENSE_WIDTH if IS_DENSE[LANGS.index(answers.lang)] else WIDTH
    blocks = [[_buckets(side.slice(start, BLOCK_PAIRS), width) for side in sides] for start in starts]
    counts = np.zeros(1 << BUCKET_BITS, np.int64)
    for block in blocks:
        for buckets, _ in block:
            counts += np.bincount(buckets, minlength=1 << BUCKET_BITS)
    column = np.full(1 << BUCKET_BITS, -1, np.int32)
    commonest = np.argsort(-counts, kind="stable")[:FEATURES]
    column[commonest] = np.arange(FEATURES)
    return np.concatenate([_differences(block, column) for block in blocks])


def _differences(block: list[tuple[np.ndarray, np.ndarray]], column: np.ndarray) -> np.ndarray:
    counts = []
    for buckets, lengths in block:
        columns = column[buckets]
        known = columns >= 0
        firsts = np.arange(0, len(lengths) * FEATURES, FEATURES, dtype=np.int32)
        cells = np.repeat(firsts, lengths)[known] + columns[known]
        counts.append(np.bincount(cells, minlength=len(lengths) * FEATURES))
    difference = np.clip(counts[0] - counts[1], -MAX_DIFFERENCE, MAX_DIFFERENCE)
    return np.asarray(difference.astype(np.int8).reshape(-1, FEATURES))


def _buckets(texts: pa.Array, width: int) -> tuple[np.ndarray, np.ndarray]:
    """(uint16, int64): the buckets of the n-grams of all texts in a row, and how many each text has."""
    codes = decode(_shortened(texts))
    units = np.zeros(len(codes.flat) + 4, np.uint16)
    units[: len(codes.flat)] = codes.flat ^ codes.flat >> np.uint32(16)
    packed = np.ndarray(len(codes.flat), np.uint32 if width == 2 else np.uint64, units.data, strides=(2,))
    buckets = (mix(packed.astype(np.uint64)) >> np.uint64(64 - BUCKET_BITS)).astype(np.uint16)
    whole = np.ones(len(buckets), dtype=bool)
    for back in range(1, width):
        whole[codes.offsets[1:] - np.minimum(back, codes.lengths)] = False
    return buckets[whole], np.maximum(codes.lengths - width + 1, 0)


def _shortened(texts: pa.Array) -> pa.Array:
    long = pc.greater(pc.utf8_length(texts), HEAD_CHARS + TAIL_CHARS)
    head, tail = pc.utf8_slice_codeunits(texts, 0, HEAD_CHARS), pc.utf8_slice_codeunits(texts, -TAIL_CHARS)
    texts = pc.if_else(long, pc.binary_join_element_wise(head, tail, GAP), texts)
    return pc.binary_join_element_wise(BEGIN, texts, END, "")
