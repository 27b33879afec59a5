"""The comparing half of a build: from the keys of all pairs to what becomes of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from builders.inputs import Request
from builders.keys import Keys
from builders.spill import Spill
from builders.stages.caps import Cap, find_surplus
from builders.stages.contradictions import find_contradictions
from builders.stages.exact_duplicates import find_exact_duplicates
from builders.stages.found import Found
from builders.stages.near_duplicates import find_near_duplicates
from builders.stages.prompt_groups import group_prompts
from builders.stages.split import is_test
from sources.ledger import Reason

KEPT = 0


@dataclass(frozen=True, slots=True)
class Decisions:
    """What becomes of each pair.

    `reason[i]` is a place in `reasons` and in `reason_notes`, KEPT for a pair that stays or that a check dropped.
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


def decide(
    keys: Keys, contaminated: Mapping[int, str], spill: Spill, request: Request, caps: Mapping[int, Cap]
) -> Decisions:
    """Every stage of the recipe in its order, each seeing only the pairs that those before it left."""
    recipe, workers = request.recipe, request.workers
    finders: dict[str, Callable[[np.ndarray], list[Found]]] = {
        "exact_duplicates": lambda alive: find_exact_duplicates(keys, alive),
        "contradictions": lambda alive: find_contradictions(keys, alive),
        "near_duplicates": lambda alive: find_near_duplicates(
            keys, alive, spill.pair_tokens, recipe.near_duplicates.pair_similarity, workers
        ),
        "contamination": lambda alive: [_contaminated(contaminated, alive)],
        "caps": lambda alive: find_surplus(keys, alive, caps, recipe.max_pairs_per_prompt),
    }
    alive = keys.alive.copy()
    reasons: list[Reason] = [("", "")]
    reason_notes = [""]
    reason, twin = np.zeros(len(keys), np.int16), np.full(len(keys), -1, np.int64)
    notes: dict[int, str] = {}
    for stage in recipe.stages:
        for found in finders[stage](alive) if stage in finders else []:
            reason[found.rows] = len(reasons)
            reasons.append((stage, found.reason))
            reason_notes.append(found.note)
            if found.twins is not None:
                twin[found.rows] = found.twins
            notes.update(found.notes)
            alive[found.rows] = False
    groups = group_prompts(keys, alive, spill.prompt_tokens, recipe.near_duplicates.prompt_similarity, workers)
    return Decisions(reasons, reason_notes, reason, twin, notes, alive, groups, is_test(groups, recipe.test_share))


def _contaminated(evidence: Mapping[int, str], alive: np.ndarray) -> Found:
    rows = np.array(sorted(row for row in evidence if alive[row]), dtype=np.int64)
    return Found("contaminated", rows, notes={row: evidence[row] for row in rows.tolist()})
