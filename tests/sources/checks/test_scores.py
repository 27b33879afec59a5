"""Scores that tie or contradict the order; a missing or NaN score says nothing."""

from collections.abc import Callable

import pyarrow as pa
import pytest

from sources.checks import CheckLimits
from sources.checks.scores import score_contradicts, score_tie
from sources.text.texts import PairTexts

LIMITS = CheckLimits()
PAIR = ("一年有几个季节？", "四个。", "两个。")


@pytest.fixture
def scored(make_pairs: Callable[..., pa.Table]) -> Callable[..., PairTexts]:
    """Pairs with these (chosen, rejected) scores."""

    def make(*scores: tuple[float | None, float | None]) -> PairTexts:
        pairs = make_pairs([PAIR] * len(scores))
        for name, column in zip(("score_chosen", "score_rejected"), zip(*scores, strict=True), strict=True):
            pairs = pairs.set_column(pairs.schema.get_field_index(name), name, pa.array(column, pa.float64()))
        return PairTexts(pairs)

    return make


def test_a_tie_and_an_order_the_other_way_round_are_told(scored: Callable[..., PairTexts]) -> None:
    texts = scored((5.0, 5.0), (2.0, 8.5), (8.5, 2.0), (-1.0, 0.0))
    assert score_tie(texts, LIMITS) == {0: "both have the score 5"}
    assert score_contradicts(texts, LIMITS) == {
        1: "chosen has the score 2, rejected 8.5",
        3: "chosen has the score -1, rejected 0",
    }


def test_no_score_says_nothing(scored: Callable[..., PairTexts]) -> None:
    texts = scored((None, None), (5.0, None), (None, 5.0), (float("nan"), float("nan")), (float("nan"), 1.0))
    assert score_tie(texts, LIMITS) == score_contradicts(texts, LIMITS) == {}
