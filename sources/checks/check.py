"""What a check is."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sources.command.printable import printable
from sources.pairs.schema import SIDES
from sources.text.texts import PairTexts

Hits = dict[int, str]
"""The rows of the batch that a check found, each with the evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLimits:
    """The numbers that checks go by; lengths are characters."""

    max_prompt_chars: int = 12_000
    max_answer_chars: int = 12_000
    template_tokens: tuple[str, ...] = ()
    """More tokens that template_token looks for: those of the tokenizer of the model that will be trained."""


Check = Callable[[PairTexts, CheckLimits], Hits]


def matches(column: pa.Array, pattern: str) -> np.ndarray:
    """The rows of a string column in which an RE2 pattern is found."""
    return np.flatnonzero(pc.match_substring_regex(column, pattern).to_numpy(zero_copy_only=False))


def by_side(texts: np.ndarray) -> dict[int, list[str]]:
    """From numbers of texts (3n interleaved): the rows with the names of the sides."""
    rows: dict[int, list[str]] = {}
    for text in texts.tolist():
        rows.setdefault(text // 3, []).append(SIDES[text % 3])
    return rows


def quote(text: str, at: int, *, before: int = 12, after: int = 24) -> str:
    """A piece of `text` around a place, safe to print."""
    return printable(text[max(0, at - before) : at + after], max_chars=before + after)
