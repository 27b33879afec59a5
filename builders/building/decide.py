"""The comparing half of a build: from the keys of all pairs to what becomes of each."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from builders.engines.spill import Spill
from builders.inputs.inputs import Request
from builders.inputs.recipe import BalanceSettings
from builders.stages.balance import find_told_by_length
from builders.stages.caps import Cap, find_surplus
from builders.stages.contradictions import find_contradictions
from builders.stages.decisions import Decisions
from builders.stages.exact_duplicates import find_exact_duplicates
from builders.stages.found import Found
from builders.stages.keys import Keys
from builders.stages.near_duplicates import find_near_duplicates
from builders.stages.prompt_groups import group_prompts
from builders.stages.split import is_test
from sources.pairs.ledger import Reason


def decide(
    keys: Keys, contaminated: Mapping[int, str], spill: Spill, request: Request, caps: Mapping[int, Cap]
) -> Decisions:
    """Every stage of the recipe in its order, each seeing only the pairs that those before it left; then the balance,
    since what is dropped after it would undo it."""
    recipe, workers = request.recipe, request.workers
    similarity = recipe.near_duplicates.pair_similarity
    pair_texts = partial(spill.pair_texts, simplify=recipe.simplifies)
    finders: dict[str, Callable[[np.ndarray], list[Found]]] = {
        "exact_duplicates": lambda alive: find_exact_duplicates(keys, alive),
        "contradictions": lambda alive: find_contradictions(keys, alive, pair_texts, similarity, workers),
        "near_duplicates": lambda alive: find_near_duplicates(keys, alive, pair_texts, similarity, workers),
        "contamination": lambda alive: [_contaminated(contaminated, alive)],
        "caps": lambda alive: find_surplus(keys, alive, caps, recipe.max_pairs_per_prompt),
        "balance": lambda alive: _balanced(keys, alive, recipe.balance),
    }
    alive = keys.alive.copy()
    reasons: list[Reason] = [("", "")]
    reason_notes = [""]
    reason, twin = np.zeros(len(keys), np.int16), np.full(len(keys), -1, np.int64)
    notes: dict[int, str] = {}
    for stage in (*recipe.stages, "balance"):
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


def _balanced(keys: Keys, alive: np.ndarray, settings: BalanceSettings) -> list[Found]:
    return [] if settings.length is None else find_told_by_length(keys, alive, settings.length)


def _contaminated(evidence: Mapping[int, str], alive: np.ndarray) -> Found:
    rows = np.array(sorted(row for row in evidence if alive[row]), dtype=np.int64)
    return Found("contaminated", rows, notes={row: evidence[row] for row in rows.tolist()})
