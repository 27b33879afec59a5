"""Several answers to one prompt, each with its score and its model where they are known, as pairs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sources.layouts.layout import (
    Draft,
    Message,
    NoPairError,
    Options,
    Pairing,
    Row,
    holds_text,
    is_message,
    is_nothing,
    string,
    text_key,
)
from sources.layouts.messages import OBJECT_KEYS, has_role
from sources.layouts.turns import answer, assistant, number

SCORE_KEYS = ("overall_score", "score", "rating", "reward", "fine-grained_score", "final_score", "quality")
"""Where an object of one answer holds its score."""

PLACE = re.compile(r"\[-?[0-9]+\]")


@dataclass(frozen=True, slots=True)
class Rated:
    """One answer with its score (more is better), and who wrote it where that is known; `unread` names what is left of
    the object that held it."""

    turns: list[Message]
    score: float | None = None
    model: str | None = None
    unread: tuple[str, ...] = ()


def rate(value: object, where: str, score_keys: Sequence[str] = SCORE_KEYS) -> Rated:
    """One answer: a string, messages, or an object that holds the text and perhaps a score and a model.

    Raises:
        NoPairError: it is none.
    """
    if not isinstance(value, Mapping) or has_role(value) or not holds_text(value):
        return Rated(answer(value, where))
    key = score_key(value, score_keys)
    score, model = number(value.get(key)), string(value.get("model"))
    read = {text_key(value), key if score is not None else "", "model" if model else "", *OBJECT_KEYS}
    unread = (f"{PLACE.sub('[]', where)}.{name}" for name in value if name not in read and value[name] is not None)
    return Rated(answer(value, where), score, model, tuple(unread))


def score_key(value: Row, keys: Sequence[str] = SCORE_KEYS) -> str:
    """The first of the keys under which an object of one answer has something; empty where none has."""
    return next((key for key in keys if not is_nothing(value.get(key))), "")


def rate_all(value: object, where: str, score_keys: Sequence[str] = SCORE_KEYS) -> list[Rated]:
    """One answer or several: a list of strings, or of objects that hold a text, is so many; null is an empty one.

    Raises:
        NoPairError: it is none.
    """
    if value is None:
        return [Rated(assistant(""))]
    if isinstance(value, list) and (len(value) > 1 or any(map(holds_text, value))) and not is_message(value[0]):
        return [rate(each, f"{where}[{place}]", score_keys) for place, each in enumerate(value)]
    return [rate(value, where, score_keys)]


def pair(prompt: list[Message], better: Rated, worse: Rated) -> Draft:
    """The pair that two answers make."""
    unread = (*better.unread, *worse.unread)
    sides = (prompt, better.turns, worse.turns)
    return Draft(*sides, better.score, worse.score, better.model, worse.model, unread=unread)


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
    return [pair(prompt, better, worse) for better, worse in pairs]


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
