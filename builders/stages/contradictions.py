"""Contradictions: the same prompt with the same two answers, once one way round and once the other.

What counts as the same text is decided where the keys are made: `PairTexts.keys` in sources/text/texts.py.
"""

import numpy as np

from builders.stages.found import Found
from builders.stages.keys import Keys, pair_hashes


def find_contradictions(keys: Keys, alive: np.ndarray) -> list[Found]:
    """Both pairs of every contradiction, each the other's twin. A ranking A > B > C contradicts nothing."""
    rows = np.flatnonzero(alive)
    sides = keys.sides[rows]
    forward, backward = pair_hashes(sides), pair_hashes(sides[:, [0, 2, 1]])
    order = np.argsort(forward, kind="stable")
    place = np.searchsorted(forward[order], backward)
    twin = order[np.minimum(place, len(rows) - 1)] if len(rows) else place
    swapped = (sides[twin][:, [0, 2, 1]] == sides).all(axis=1) if len(rows) else np.empty(0, bool)
    swapped &= sides[:, 1] != sides[:, 2]
    return [Found("contradiction", rows[swapped], rows[twin[swapped]])]
