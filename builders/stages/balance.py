"""Balance: of each source the fewest pairs go until length alone tells chosen from rejected no better than a limit."""

from bisect import bisect_left

import numpy as np

from builders.measures.statistics import length_auc
from builders.stages.found import Found
from builders.stages.keys import Keys


def find_told_by_length(keys: Keys, alive: np.ndarray, limit: float) -> list[Found]:
    """The pairs to drop so that the length-only AUC of each source in each language is from 1 - limit to limit.

    All of them are pairs for which the commoner rule holds (the longer answer is chosen, or the shorter), so no choice
    of fewer would do; which of those go is decided by their ids. One Found a source.
    """
    found = []
    for part in np.unique(np.stack([keys.source, keys.lang], axis=1)[alive], axis=0):
        rows = np.flatnonzero(alive & (keys.source == part[0]) & (keys.lang == part[1]))
        chosen, rejected = keys.answer_chars[rows].T
        longer, shorter = rows[chosen > rejected], rows[chosen < rejected]
        told, against = (longer, shorter) if len(longer) >= len(shorter) else (shorter, longer)
        surplus = told[np.lexsort(keys.ids[told].T[::-1])][: _fewest(len(told), len(against), len(rows), limit)]
        note = f"length-only AUC {length_auc(chosen, rejected):.3f}, limit {limit:g}"
        found.append(Found("length_balance", np.sort(surplus), note=note))
    return [part for part in found if len(part.rows)]


def _fewest(told: int, against: int, pairs: int, limit: float) -> int:
    """How many of the `told` pairs must go before the rule is right for at most `limit` of those that are left, ties
    counting half."""

    def enough(gone: int) -> bool:
        left = pairs - gone
        return not left or (left + told - gone - against) / (2 * left) <= limit

    return bisect_left(range(told), True, key=enough)
