"""Several answers to one prompt with scores or ranks, as pairs."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sources.layouts.layout import Draft, Message, NoPairError, Options, Pairing


@dataclass(frozen=True, slots=True)
class Rated:
    """One answer with its score (more is better), and who wrote it where that is known."""

    turns: list[Message]
    score: float | None
    model: str | None = None


def rank_pairs(
    prompt: list[Message], rated: Sequence[Rated], options: Options, default: Pairing, *, in_order: bool = False
) -> list[Draft]:
    """The pairs that the scores give, each with the better answer as chosen.

    `in_order`: the answers stand from best to worst and have no scores. Answers of one score make no pair, nor do
    those nearer than `options.min_margin`.

    Raises:
        NoPairError: too few answers, no scores, or none far enough apart.
    """
    if len(rated) < 2:
        raise NoPairError("not_two_answers", f"{len(rated)} answers with a score, expected two or more")
    ordered = list(rated) if in_order else sorted(rated, key=lambda each: -(each.score or 0.0))
    pairs = [
        (better, worse)
        for better, worse in _taken(ordered, options.pairs or default)
        if in_order or _apart(better, worse, options.min_margin)
    ]
    if not pairs:
        scores = ", ".join(f"{each.score:g}" for each in ordered if each.score is not None)
        least = f", expected {options.min_margin:g} apart" * bool(options.min_margin)
        raise NoPairError("tie", f"the scores are {scores}{least}")
    return [
        Draft(prompt, better.turns, worse.turns, better.score, worse.score, better.model, worse.model)
        for better, worse in pairs
    ]


def _taken(ordered: list[Rated], pairing: Pairing) -> list[tuple[Rated, Rated]]:
    match pairing:
        case "first":
            return [(ordered[0], ordered[1])]
        case "best_worst":
            return [(ordered[0], ordered[-1])]
        case "adjacent":
            return list(pairwise(ordered))
        case "all":
            return [(better, worse) for place, better in enumerate(ordered) for worse in ordered[place + 1 :]]


def _apart(better: Rated, worse: Rated, least: float) -> bool:
    margin = (better.score or 0.0) - (worse.score or 0.0)
    return margin > 0 and margin >= least
