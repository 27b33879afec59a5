"""Scores out of what a judge or a reward model said, read strictly: what is not certain is no score."""

import math
import re

from sources.command.printable import printable
from synth.judging.spoken import Unreadable, find_object, spoken, unreadable
from synth.scoring.rubric import ScoreRubric

NUMBER = re.compile(r"-?[0-9]+")
DIGITS = re.compile(r"-?[0-9]{1,18}")


def read_scores(text: str, finish_reason: str | None, rubric: ScoreRubric) -> dict[str, int] | Unreadable:
    """The score of each aspect: of one JSON object that has all of them, alone or at the end of the text; or the number
    alone, where the rubric has one aspect. A number that is not on the scale is no score."""
    said = spoken(text, finish_reason)
    if isinstance(said, Unreadable):
        return said
    names = list(rubric.aspects)
    if len(names) == 1 and NUMBER.fullmatch(said):
        found: dict[str, object] = {names[0]: said}
    else:
        found = find_object(said, names[0]) or {}
    scores = {name: _whole(found.get(name)) for name in names}
    read = {name: score for name, score in scores.items() if score is not None}
    if len(read) < len(names):
        return unreadable(said)
    low, high = rubric.scale.low, rubric.scale.high
    for name, score in read.items():
        if not low <= score <= high:
            return Unreadable("off_scale", f"{name} is {score}, the scale is {low} to {high}")
    return read


def _whole(value: object) -> int | None:
    """A whole number, or a text that is one; nothing else is certain."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return int(value) if DIGITS.fullmatch(value.strip()) else None
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e15 else None
    return value if isinstance(value, int) else None


def read_number(text: str) -> float | Unreadable:
    """The number of a reward model; one that is not finite is none."""
    try:
        number = float(text)
    except ValueError:
        return Unreadable("unreadable", printable(text, max_chars=120))
    return number if math.isfinite(number) else Unreadable("unreadable", f"the reward is {text}")
