"""What the source's own scores say against the order of a pair."""

import numpy as np

from sources.checks.check import CheckLimits, Hits
from sources.text.texts import PairTexts


def score_tie(texts: PairTexts, limits: CheckLimits) -> Hits:
    """Chosen and rejected have the same score."""
    chosen, rejected = _scores(texts)
    return {row: f"both have the score {chosen[row]:g}" for row in np.flatnonzero(chosen == rejected).tolist()}


def score_contradicts(texts: PairTexts, limits: CheckLimits) -> Hits:
    """Rejected has the higher score."""
    chosen, rejected = _scores(texts)
    return {
        row: f"chosen has the score {chosen[row]:g}, rejected {rejected[row]:g}"
        for row in np.flatnonzero(chosen < rejected).tolist()
    }


def _scores(texts: PairTexts) -> tuple[np.ndarray, np.ndarray]:
    """float64[n] of each side; NaN, which equals nothing, where there is none."""
    columns = (texts.pairs[name].combine_chunks() for name in ("score_chosen", "score_rejected"))
    chosen, rejected = (np.asarray(column.to_numpy(zero_copy_only=False), np.float64) for column in columns)
    return chosen, rejected
