"""dpo_en_zh_20k: the layout of today and that of April 2024."""

from collections.abc import Callable
from typing import Any

import pytest

from sources.command.errors import MissingColumnError
from sources.dpo_en_zh_20k import EN as SOURCE_EN
from sources.dpo_en_zh_20k import ZH as SOURCE_ZH
from tests.upstreams.layouts import EN, ZH, dpo_en_zh_20k

Adapt = Callable[..., Any]

OLD = {"system": "", "prompt": "说出一种水果。", "answer": ["苹果。", "白菜。"], "history": []}


def test_each_language_has_a_file_of_its_own(adapt: Adapt) -> None:
    assert [source.files(source.options())[0].path for source in (SOURCE_ZH, SOURCE_EN)] == [
        "dpo_zh.json",
        "dpo_en.json",
    ]
    assert adapt(SOURCE_ZH, [dpo_en_zh_20k(ZH)]).texts == [("说出一种水果。", "苹果。", "白菜。")]
    assert adapt(SOURCE_EN, [dpo_en_zh_20k(EN)]).texts == [("Name a fruit.", "An apple.", "A cabbage.")]


def test_the_older_layout_is_read_with_its_history(adapt: Adapt) -> None:
    result = adapt(SOURCE_ZH, [OLD, {**OLD, "system": "你是园丁。", "history": [["你好。", "你好，请说。"]]}])
    assert result.texts == [("说出一种水果。", "苹果。", "白菜。")] * 2
    assert [turn["role"] for turn in result.pairs[1]["prompt"]] == ["system", "user", "assistant", "user"]


@pytest.mark.parametrize("answers", [["苹果。"], []], ids=len)
def test_fewer_than_two_answers_are_skipped(adapt: Adapt, answers: list[str]) -> None:
    assert adapt(SOURCE_ZH, [OLD, {**OLD, "answer": answers}]).reasons == [(1, "not_two_answers")]


def test_a_conversation_of_several_turns_is_kept_whole(adapt: Adapt) -> None:
    (pair,) = adapt(SOURCE_EN, [dpo_en_zh_20k(EN.after("Hi.", "Hello."))]).pairs
    assert [turn["content"] for turn in pair["prompt"]] == ["Hi.", "Hello.", "Name a fruit."]


def test_other_columns_are_refused_by_their_names(adapt: Adapt) -> None:
    with pytest.raises(MissingColumnError, match="found question, response_chosen"):
        adapt(SOURCE_ZH, [{"question": "说出一种水果。", "response_chosen": "苹果。"}])
