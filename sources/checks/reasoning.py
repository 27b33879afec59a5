"""Reasoning in answers, between marks (<think> ... </think>) or under a key of its own: on one side only, left open,
empty, or all that differs."""

import re

from sources.checks.check import CheckLimits, Hits
from sources.pairs.reasoning import ANSWERS
from sources.text.texts import PairTexts


def reasoning_one_sided(texts: PairTexts, limits: CheckLimits) -> Hits:
    """One answer reasons aloud and the other does not: that alone tells them apart."""
    hits: Hits = {}
    for row, answers in texts.reasoned.items():
        reasoning = [side for side, answer in zip(ANSWERS, answers, strict=True) if answer.reasons]
        if len(reasoning) == 1:
            hits[row] = f"only {reasoning[0]} reasons"
    return hits


def reasoning_unclosed(texts: PairTexts, limits: CheckLimits) -> Hits:
    """Reasoning is opened and not closed, or closed and not opened."""
    hits: Hits = {}
    for row, answers in texts.reasoned.items():
        for side, answer in zip(ANSWERS, answers, strict=True):
            if answer.opened != answer.closed:
                found = f"{side} opens reasoning {answer.opened} times and closes it {answer.closed} times"
                hits.setdefault(row, found)
    return hits


def reasoning_empty(texts: PairTexts, limits: CheckLimits) -> Hits:
    """The reasoning of an answer is empty."""
    hits: Hits = {}
    for row, answers in texts.reasoned.items():
        for side, answer in zip(ANSWERS, answers, strict=True):
            if answer.reasoning and not any(answer.reasoning):
                hits.setdefault(row, f"the reasoning of {side} is empty")
    return hits


def reasoning_only_difference(texts: PairTexts, limits: CheckLimits) -> Hits:
    """Chosen and rejected are the same once their reasoning is taken away, as many templates do."""
    hits: Hits = {}
    for row, (chosen, rejected) in texts.reasoned.items():
        rests = {re.sub(r"\s", "", answer.rest) for answer in (chosen, rejected)}
        if len(rests) == 1 and chosen.reasoning != rejected.reasoning:
            hits[row] = "the answers are the same without their reasoning"
    return hits
