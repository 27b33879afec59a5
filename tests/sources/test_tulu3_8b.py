"""tulu3_8b: two dialogues, and the part of the mixture that they come from."""

from collections.abc import Callable
from typing import Any

import pytest

from sources.tulu3_8b import EN as SOURCE_EN
from sources.tulu3_8b import ZH as SOURCE_ZH
from tests.upstreams.layouts import EN, ZH, dialogue, tulu3_8b

Adapt = Callable[..., Any]

ROW = tulu3_8b(EN)


def test_the_common_turns_are_the_prompt(adapt: Adapt) -> None:
    (pair,) = adapt(SOURCE_EN, [tulu3_8b(EN.after("Hi.", "Hello."))]).pairs
    assert [turn["content"] for turn in pair["prompt"]] == ["Hi.", "Hello.", "Name a fruit."]
    assert pair["chosen"] == [{"role": "assistant", "content": "An apple."}]


def test_dialogues_that_differ_before_their_last_turn_give_no_pair(adapt: Adapt) -> None:
    row = {**ROW, "rejected": dialogue(EN.after("Hi.", "Good evening."), EN.worst)}
    assert adapt(SOURCE_EN, [row]).reasons == [(0, "broken_turns")]


@pytest.mark.parametrize("content", [None, ""], ids=["null", "empty"])
def test_an_answer_without_text_costs_only_its_row(adapt: Adapt, content: str | None) -> None:
    turns = [*ROW["chosen"][:-1], {**ROW["chosen"][-1], "content": content}]
    result = adapt(SOURCE_EN, [ROW, {**ROW, "chosen": turns}])
    assert result.texts[0] == ("Name a fruit.", "An apple.", "A cabbage.")
    assert result.reasons == ([(1, "broken_turns")] if content is None else [])


@pytest.mark.parametrize(("part", "tags"), [("wildchat\x1b[31m", ["part:wildchat\\x1b[31m"]), (None, []), ("", [])])
def test_the_part_is_a_tag_that_is_safe_to_print(adapt: Adapt, part: str | None, tags: list[str]) -> None:
    assert adapt(SOURCE_EN, [ROW | {"source": part}]).pairs[0]["tags"] == tags


def test_the_script_tells_the_language(adapt: Adapt) -> None:
    assert [pair["row"] for pair in adapt(SOURCE_ZH, [ROW, tulu3_8b(ZH)]).pairs] == [1]
