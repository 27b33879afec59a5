"""coig_p: a query with a better and a worse answer."""

from collections.abc import Callable
from typing import Any

import pytest

from sources.coig_p import SOURCE
from sources.command.errors import MissingColumnError
from tests.upstreams.layouts import ZH, coig_p

Adapt = Callable[..., Any]

ROW = coig_p(ZH)


def test_a_row_is_a_pair(adapt: Adapt) -> None:
    result = adapt(SOURCE, [ROW])
    assert result.texts == [("说出一种水果。", "苹果。", "白菜。")]
    assert result.built[0]["license"] == "unknown"


def test_a_row_of_mostly_english_words_is_kept_for_the_language_check(adapt: Adapt) -> None:
    row = {**ROW, "conversations": [{"from": "human", "value": "翻译：I would like a cup of hot tea please"}]}
    assert adapt(SOURCE, [row]).pairs[0]["lang"] == "zh"


@pytest.mark.parametrize("side", ["chosen", "rejected"])
def test_a_missing_text_costs_only_its_row(adapt: Adapt, side: str) -> None:
    result = adapt(SOURCE, [ROW, {**ROW, side: {"from": "gpt", "value": None}}])
    assert len(result.pairs) == 1
    assert result.reasons == [(1, "broken_turns")]


def test_an_answer_that_the_user_gives_is_none(adapt: Adapt) -> None:
    assert adapt(SOURCE, [{**ROW, "chosen": {"from": "human", "value": "苹果。"}}]).reasons == [(0, "broken_turns")]


def test_the_benchmark_of_its_authors_is_refused_by_its_columns(adapt: Adapt) -> None:
    with pytest.raises(MissingColumnError, match="no column conversations"):
        adapt(SOURCE, [{"prompt": "说出一种水果。", "chosen": "苹果。", "rejected": "白菜。"}])
