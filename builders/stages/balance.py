"""Balance: of each source the fewest pairs go until length alone tells chosen from rejected no better than a limit."""

from bisect import bisect_left

import numpy as np

from builders.measures.statistics import length_auc
from builders.stages.found import Found, run_starts
from builders.stages.keys import Keys

STRATA = 20
"""So many sizes of differences in length are balanced each by itself, as far as there are pairs."""

UNOPPOSED = 1e-9
"""The weight of a size that no pair against has: those pairs go first."""


def find_told_by_length(keys: Keys, alive: np.ndarray, limit: float) -> list[Found]:
    """The pairs to drop so that the length-only AUC of each source in each language is from 1 - limit to limit.

    All of them are pairs for which the commoner rule holds (the longer answer is chosen, or the shorter), so no choice
    of fewer would do. One Found a source.
    """
    found = []
    for part in np.unique(np.stack([keys.source, keys.lang], axis=1)[alive], axis=0):
        rows = np.flatnonzero(alive & (keys.source == part[0]) & (keys.lang == part[1]))
        chosen, rejected = keys.answer_chars[rows].T
        longer, shorter = rows[chosen > rejected], rows[chosen < rejected]
        told, against = (longer, shorter) if len(longer) >= len(shorter) else (shorter, longer)
        gone = _fewest(len(told), len(against), len(rows), limit)
        surplus = _in_turn(keys, told, against)[len(told) - gone :]
        note = f"length-only AUC {length_auc(chosen, rejected):.3f}, limit {limit:g}"
        found.append(Found("length_balance", np.sort(surplus), note=note))
    return [part for part in found if len(part.rows)]


def _fewest(told: int, against: int, pairs: int, limit: float) -> int:
    """How many `told` pairs to drop so that the rule is right for at most `limit` of the remaining pairs, ties
    counting half."""

    def enough(gone: int) -> bool:
        left = pairs - gone
        return not left or (left + told - gone - against) / (2 * left) <= limit

    return bisect_left(range(told), True, key=enough)


def _in_turn(keys: Keys, told: np.ndarray, against: np.ndarray) -> np.ndarray:
    """The `told` pairs, those to keep first: for each size of the difference in length as many for a pair `against` as
    for any other size, so that a large difference does not tell what a small one no longer tells; by id among these."""
    sizes = np.abs(np.diff(keys.answer_chars.astype(np.int64)))[:, 0]
    edges = np.unique(np.quantile(sizes[against], np.arange(1, STRATA + 1) / STRATA)) if len(against) else np.empty(0)
    stratum = np.searchsorted(edges, sizes[told])
    opposed = np.bincount(np.searchsorted(edges, sizes[against]), minlength=len(edges) + 1)
    ids = keys.ids[told]
    order = np.lexsort((ids[:, 1], ids[:, 0], stratum))
    starts = run_starts(stratum[order])
    rank = np.arange(1, len(told) + 1) - np.repeat(starts, np.diff(np.append(starts, len(told))))
    turn = rank / np.maximum(opposed[stratum[order]], UNOPPOSED)
    return told[order[np.lexsort((ids[order, 1], ids[order, 0], turn))]]
