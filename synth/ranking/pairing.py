"""Pairs from scored candidates: which two answers to a prompt, the better one chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import combinations, pairwise

import numpy as np

from synth.ranking.combine import NEAR
from synth.scoring.recipe import Choice


@dataclass(frozen=True, slots=True)
class Nothing:
    """Why there is no pair: too_few_answers, judge_tie or margin."""

    reason: str
    evidence: str


Two = tuple[int, int]
"""Places of the better and the worse answer."""


def choose(
    scores: Sequence[float], chars: Sequence[int], choice: Choice, *, margin: float, seed: str
) -> list[Two] | Nothing:
    """The answers of one prompt that become pairs: the better one's score is more than `margin` higher. `seed` is what
    the draw of best_random goes by.

    best_worst      the best and the worst answer
    best_random     the best answer and one drawn of the others that are worse by more than the margin
    adjacent        each answer and the next worse one
    above_margin    every two answers
    closest_length  the two whose lengths are closest, of those that differ by more than the margin
    """
    ranked = sorted((place for place, score in enumerate(scores) if not np.isnan(score)), key=lambda at: -scores[at])
    if len(ranked) < 2:
        return Nothing("too_few_answers", f"{len(ranked)} of {len(scores)} answers have a score")
    apart = scores[ranked[0]] - scores[ranked[-1]]
    if apart <= NEAR:
        return Nothing("judge_tie", f"{len(ranked)} answers, all with the score {scores[ranked[0]]:g}")

    def clear(two: Two) -> bool:
        return scores[two[0]] - scores[two[1]] > margin + NEAR

    every = [two for two in combinations(ranked, 2) if clear(two)]
    if not every:
        return Nothing("margin", f"best and worst are {apart:g} apart, not more than {margin:g}")
    near = [two for two in pairwise(ranked) if clear(two)]
    if choice == "adjacent" and not near:
        return Nothing("margin", f"no answer is more than {margin:g} better than the next")
    worse = [two for two in every if two[0] == ranked[0]]
    taken: dict[Choice, list[Two]] = {
        "best_worst": [(ranked[0], ranked[-1])],
        "best_random": [worse[_draw(seed, len(worse))]],
        "adjacent": near,
        "above_margin": every,
        "closest_length": [min(every, key=lambda two: abs(chars[two[0]] - chars[two[1]]))],
    }
    return taken[choice]


def _draw(seed: str, count: int) -> int:
    return int.from_bytes(blake2b(seed.encode(), digest_size=8).digest()) % count
