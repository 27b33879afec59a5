"""Reasoning in answers (<think> ... </think>): on one side only, left open, empty, or all that differs."""

import re

import numpy as np
import pyarrow as pa

from sources.checks.check import CheckLimits, Hits, matches
from sources.pairs.schema import SIDES
from sources.text.texts import PairTexts

MARK = r"(?i)</?(?:think|thinking|reasoning)>"
OPEN, CLOSE = (re.compile(rf"(?i)<{slash}(?:think|thinking|reasoning)>") for slash in ("", "/"))
BLOCK = re.compile(r"(?is)<(think|thinking|reasoning)>(.*?)</\1>")
CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)


def reasoning_one_sided(texts: PairTexts, limits: CheckLimits) -> Hits:
    """One answer reasons aloud and the other does not: that alone tells them apart."""
    hits: Hits = {}
    for row, answers in _reasoning(texts).items():
        with_reasoning = [SIDES[side] for side, text in enumerate(answers, 1) if re.search(MARK, text)]
        if len(with_reasoning) == 1:
            hits[row] = f"only {with_reasoning[0]} reasons"
    return hits


def reasoning_unclosed(texts: PairTexts, limits: CheckLimits) -> Hits:
    """Reasoning is opened and not closed, or closed and not opened."""
    hits: Hits = {}
    for row, answers in _reasoning(texts).items():
        for side, text in enumerate(answers, 1):
            opened, closed = len(OPEN.findall(text)), len(CLOSE.findall(text))
            if opened != closed:
                hits.setdefault(row, f"{SIDES[side]} opens reasoning {opened} times and closes it {closed} times")
    return hits


def reasoning_empty(texts: PairTexts, limits: CheckLimits) -> Hits:
    """The reasoning of an answer is empty."""
    hits: Hits = {}
    for row, answers in _reasoning(texts).items():
        for side, text in enumerate(answers, 1):
            blocks = BLOCK.findall(text)
            if blocks and not any(inside.strip() for _, inside in blocks):
                hits.setdefault(row, f"the reasoning of {SIDES[side]} is empty")
    return hits


def reasoning_only_difference(texts: PairTexts, limits: CheckLimits) -> Hits:
    """Chosen and rejected are the same once their reasoning is taken away, as many templates do."""
    hits: Hits = {}
    for row, answers in _reasoning(texts).items():
        rest = {re.sub(r"\s", "", BLOCK.sub("", text)) for text in answers}
        if len(rest) == 1 and answers[0] != answers[1]:
            hits[row] = "the answers are the same without their reasoning"
    return hits


def _reasoning(texts: PairTexts) -> dict[int, tuple[str, str]]:
    """The rows of which an answer holds a mark of reasoning, with both answers, code left out."""
    suspects = texts.holding("<")
    suspects = suspects[suspects % 3 > 0]
    if not len(suspects):
        return {}
    rows = np.unique(suspects[matches(texts.strings.take(pa.array(suspects)), MARK)] // 3).tolist()
    found = {}
    for row, chosen, rejected in zip(rows, texts.read(rows, 1), texts.read(rows, 2), strict=True):
        answers = (CODE.sub("", chosen), CODE.sub("", rejected))
        if any(re.search(MARK, text) for text in answers):
            found[row] = answers
    return found
