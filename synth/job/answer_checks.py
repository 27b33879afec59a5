"""The checks on an answer, before it becomes the rejected side of a pair. A build checks the pair again, and more."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sources.checks import CHECKS as PAIR_CHECKS
from sources.checks import Check, CheckLimits, Hits
from sources.checks.check import quote
from sources.text.ngrams import MAX_TEXTS, similarities, token_sets
from sources.text.texts import PairTexts


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLimits:
    """Limits and template lines that the checks use."""

    max_similarity: float = 0.9
    marks: tuple[str, ...] = ()


ROWS_AT_ONCE = MAX_TEXTS // 2

AnswerCheck = Callable[[PairTexts, AnswerLimits], Hits]


def nearly_identical(texts: PairTexts, limits: AnswerLimits) -> Hits:
    """Chosen and rejected share nearly all of their n-grams, so that the pair teaches nothing."""
    found = np.concatenate([_similarities(texts, part) for part in range(0, max(len(texts), 1), ROWS_AT_ONCE)])
    near = np.flatnonzero((found > limits.max_similarity) & (texts.solid.lengths[2::3] > 0))
    return {row: f"similarity {found[row]:.3f} to chosen" for row in near.tolist()}


def _similarities(texts: PairTexts, start: int) -> np.ndarray:
    """float64: how similar chosen and rejected of the pairs from `start` on are, as many as fit at once."""
    rows = np.arange(start, min(start + ROWS_AT_ONCE, len(texts)))
    sides = (rows[:, None] * 3 + np.array([1, 2])).ravel()
    numbers = np.arange(0, len(sides), 2)
    return similarities(token_sets(texts.tokens.select(sides)), numbers, numbers + 1)


def repeats_template(texts: PairTexts, limits: AnswerLimits) -> Hits:
    """The answer continues the template: it holds one of the template's own lines."""
    if not limits.marks:
        return {}
    marks = re.compile("|".join(re.escape(mark).replace(r"\ ", r"\s+") for mark in limits.marks))
    hits: Hits = {}
    for row, text in enumerate(texts.rejected.to_pylist()):
        found = marks.search(text)
        if found:
            hits[row] = f"rejected holds {quote(text, found.start())}"
    return hits


def _of_pair(check: Check) -> AnswerCheck:
    def ask(texts: PairTexts, limits: AnswerLimits) -> Hits:
        return check(texts, CheckLimits())

    return ask


CHECKS: dict[str, AnswerCheck] = {
    "empty_side": _of_pair(PAIR_CHECKS["empty_side"]),
    "identical_sides": _of_pair(PAIR_CHECKS["identical_sides"]),
    "nearly_identical": nearly_identical,
    "repeats_template": repeats_template,
    "template_token": _of_pair(PAIR_CHECKS["template_token"]),
    "answer_language": _of_pair(PAIR_CHECKS["answer_language"]),
    "mojibake_rejected": _of_pair(PAIR_CHECKS["mojibake_rejected"]),
    "control_characters": _of_pair(PAIR_CHECKS["control_characters"]),
}
"""By reason code, in the order in which they run: the first that drops an answer gives the reason."""
