"""Pairs from plain strings, with everything that stages see of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from builders.stages.keys import Keys, compute_keys
from sources.text.ngrams import Tokens
from sources.text.texts import PairTexts

Row = tuple[Any, str, str]


@dataclass(frozen=True, slots=True)
class Sample:
    """Pairs with their keys, and the readers that stages take."""

    texts: PairTexts
    keys: Keys

    @property
    def alive(self) -> np.ndarray:
        return self.keys.alive.copy()

    def pair_texts(self, rows: np.ndarray) -> PairTexts:
        return self.texts.take(rows)

    def prompt_tokens(self, rows: np.ndarray) -> Tokens:
        return self.texts.simplified_tokens(3 * rows)


@pytest.fixture(scope="session")
def make_sample(make_pairs: Callable[..., pa.Table]) -> Callable[..., Sample]:
    """From (prompt, chosen, rejected) to what comparing stages see."""

    def make(
        rows: list[Row], lang: str | list[str] = "zh", items: list[str | None] | None = None, source: int = 0
    ) -> Sample:
        texts = PairTexts(make_pairs(rows, lang, items))
        return Sample(texts, compute_keys(texts, source, np.ones(len(rows), dtype=bool)))

    return make
