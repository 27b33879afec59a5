"""Pairs from plain strings, with everything that stages see of them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from builders.build_prefs import main
from builders.stages.keys import Keys, compute_keys
from sources.text.ngrams import Tokens
from sources.text.texts import PairTexts
from tests.builders.running import Run

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


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process: exit code, stdout, stderr. The output folder is tmp_path/out."""

    def call(*flags: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([*map(str, flags), "--out", str(tmp_path / "out")])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


@pytest.fixture
def build(run: Run) -> Callable[..., dict[str, Any]]:
    """Build the sample with these flags in one process: what --json says."""

    def call(*flags: object) -> dict[str, Any]:
        code, out, err = run("--sample", "--workers", 1, "--json", "--no-report", *flags)
        assert (code, err) == (0, "")
        answer: dict[str, Any] = json.loads(out)
        return answer

    return call
