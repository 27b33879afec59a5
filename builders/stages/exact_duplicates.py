"""Exact duplicates: the same prompt, chosen and rejected after NFKC, whatever their line breaks and margins.

What counts as equal is decided where the keys are made: `PairTexts.exact_keys` in sources/text/texts.py.
"""

import numpy as np

from builders.stages.found import Found, equal_neighbours
from builders.stages.keys import Keys


def find_exact_duplicates(keys: Keys, alive: np.ndarray) -> list[Found]:
    """Every pair that equals an earlier one, with that one as its twin."""
    rows = np.flatnonzero(alive)
    first, other = equal_neighbours(keys.exact[rows])
    same = (keys.sides[rows[first]] == keys.sides[rows[other]]).all(axis=1)
    return [Found("exact_duplicate", rows[other[same]], rows[first[same]])]
