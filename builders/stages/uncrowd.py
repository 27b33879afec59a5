"""What is left of texts that share a template: their n-grams without those that many of them have."""

import numpy as np

from builders.stages.found import TextReader, TokenReader, run_starts
from builders.stages.similar import pairs_in_runs, sizes_of_pairs
from sources.text.minhash import pair_tokens
from sources.text.ngrams import Tokens, token_sets

COUNTERS_BITS = 24
MAX_RARE, MAX_PAIRS = 32, 1 << 21
"""An n-gram that more of the texts have than this belongs to the template, or to a word that often fills it. Where the
pairs that share one would be too many, the limit is lower."""

MAX_PARTNERS = 8
"""Each text is a candidate with so many of those that share the most with it."""

ROWS_AT_ONCE = 2048


class TokenCounts:
    """In how many of the rows each n-gram stands: about, since two may share one of 16 million counters."""

    def __init__(self) -> None:
        self._counters = np.zeros(1 << COUNTERS_BITS, np.uint16)

    def add(self, tokens: Tokens) -> None:
        """The n-grams of some rows, each counted once a row."""
        cells, counts = np.unique(self._cells(token_sets(tokens).flat), return_counts=True)
        room = np.iinfo(np.uint16).max - self._counters[cells]
        self._counters[cells] += np.minimum(counts, room).astype(np.uint16)

    def of(self, upper_bits: np.ndarray) -> np.ndarray:
        """uint16: the counts of n-grams, given as the upper 48 bits that `token_sets` keeps."""
        return np.asarray(self._counters[self._cells(upper_bits)])

    @staticmethod
    def _cells(upper_bits: np.ndarray) -> np.ndarray:
        return (upper_bits >> np.uint64(48 - COUNTERS_BITS)).astype(np.int64)


def count_tokens(rows: np.ndarray, read_tokens: TokenReader) -> TokenCounts:
    """How many of the rows have each of their n-grams."""
    counts = TokenCounts()
    for part in in_parts(rows):
        counts.add(read_tokens(part))
    return counts


def rest_candidates(rows: np.ndarray, read_texts: TextReader) -> np.ndarray:
    """int64[c, 2]: places (earlier, later) of rows that share n-grams which hardly another of the rows has."""

    def read_tokens(part: np.ndarray) -> Tokens:
        return pair_tokens(read_texts(part).fine_tokens)

    counts = count_tokens(rows, read_tokens)
    tokens, owners, first = [], [], 0
    for part in in_parts(rows):
        sets = token_sets(read_tokens(part))
        found = counts.of(sets.flat)
        rare = (found > 1) & (found <= MAX_RARE)
        tokens.append(sets.flat[rare])
        owners.append(first + np.repeat(np.arange(len(part)), np.diff(sets.offsets))[rare])
        first += len(part)
    return _closest(np.concatenate(tokens), np.concatenate(owners), len(rows))


def _closest(tokens: np.ndarray, owners: np.ndarray, count: int) -> np.ndarray:
    """Of each owner the pairs with those owners that share most of its rare tokens; the rarer, the more one counts."""
    order = np.lexsort((owners, tokens))
    owners, starts = owners[order], run_starts(tokens[order])
    sizes = np.diff(np.append(starts, len(owners)))
    made = np.bincount(np.minimum(sizes, MAX_RARE + 1), sizes * (sizes - 1) // 2, MAX_RARE + 2)[: MAX_RARE + 1]
    most = int(np.searchsorted(np.cumsum(made), MAX_PAIRS, side="right")) - 1
    kept = (sizes > 1) & (sizes <= most)
    pairs = pairs_in_runs(owners, starts[kept], sizes[kept])
    codes, which = np.unique(pairs[:, 0] * count + pairs[:, 1], return_inverse=True)
    weights = np.bincount(which, 1 / sizes_of_pairs(sizes[kept]), len(codes))
    ends = np.stack([codes // max(count, 1), codes % max(count, 1)])
    best = np.zeros(len(codes), dtype=bool)
    for owner in ends:
        order = np.lexsort((codes, -weights, owner))
        starts = run_starts(owner[order])
        rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
        best[order[rank < MAX_PARTNERS]] = True
    return ends[:, best].T


def in_parts(rows: np.ndarray) -> list[np.ndarray]:
    """The rows, a bearable number at a time."""
    return np.array_split(rows, max(1, -(-len(rows) // ROWS_AT_ONCE)))
