"""The expected score by the log-probabilities of the score's tokens, which is finer than the printed one."""

import math
import re
from dataclasses import dataclass

import orjson

from synth.scoring.rubric import ScoreRubric

AROUND = ' \t\r\n":,}]'
"""What a token may hold beside the digits of a score."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The expected score over the scale, and the probability that lay outside of it: on other tokens."""

    score: float
    outside: float


def expected_scores(text: str, logprobs: str, scores: dict[str, int], rubric: ScoreRubric) -> dict[str, Expected]:
    """The expected score of each aspect whose printed score is one token of the answer; probabilities are renormalised
    over the scale. Nothing where scores begin alike (1 and 10): then one token does not tell them apart."""
    if not logprobs or not rubric.scale.is_prefix_free:
        return {}
    tokens = orjson.loads(logprobs)
    found = {}
    for name, score in scores.items():
        place = _place(text, name)
        expected = None if place is None else _expected(place, str(score), tokens, rubric)
        if expected is not None:
            found[name] = expected
    return found


def _place(text: str, name: str) -> int | None:
    """The byte at which the score of an aspect begins; None where that is not certain."""
    places = [found.start(1) for found in re.finditer(rf'"{name}"\s*:\s*"?([0-9]+)', text)]
    if not places and text.strip().isdigit():
        places = [len(text) - len(text.lstrip())]
    return len(text[: places[0]].encode()) if len(places) == 1 else None


def _expected(place: int, printed: str, tokens: list[list[object]], rubric: ScoreRubric) -> Expected | None:
    labels = {str(label) for label in rubric.scale.labels}
    for at, token, likely in tokens:
        assert isinstance(at, int)
        assert isinstance(token, str)
        assert isinstance(likely, list)
        if at <= place < at + len(token.encode()):
            if token.strip(AROUND) != printed:
                return None
            chances = dict.fromkeys(labels, 0.0)
            for other, logprob in likely:
                if other.strip(AROUND) in labels:
                    chances[other.strip(AROUND)] += math.exp(logprob)
            total = sum(chances.values())
            if not chances[printed]:
                return None
            mean = sum(int(label) * chances[label] for label in sorted(labels)) / total
            return Expected(mean, max(0.0, 1.0 - total))
    return None
