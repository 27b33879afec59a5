"""What the stages of a build decided about each pair."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sources.pairs.ledger import Reason

NOT_DROPPED_BY_A_STAGE = 0
"""The place in `Decisions.reasons` of a pair that no stage dropped: it is kept, or a check dropped it before."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """What becomes of each pair.

    `reason[i]` is a place in `reasons` and in `reason_notes`, NOT_DROPPED_BY_A_STAGE where none of them applies.
    """

    reasons: list[Reason]
    reason_notes: list[str]
    reason: np.ndarray
    twin: np.ndarray
    notes: Mapping[int, str]
    kept: np.ndarray
    groups: np.ndarray
    test: np.ndarray

    def evidence(self, row: int, ids: np.ndarray) -> str:
        """The id of the twin and what the stage noted; `ids` is uint64[n, 2]."""
        twin = int(self.twin[row])
        parts = [f"{ids[twin, 0]:016x}{ids[twin, 1]:016x}"] if twin >= 0 else []
        notes = (self.reason_notes[self.reason[row]], self.notes.get(row, ""))
        return ", ".join([*parts, *(note for note in notes if note)])
