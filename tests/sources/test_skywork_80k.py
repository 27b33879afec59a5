"""skywork_80k: two dialogues, and the set that they were picked from."""

from collections.abc import Callable
from typing import Any

import pytest

from sources.skywork_80k import SOURCE
from tests.upstreams.layouts import EN, dialogue, skywork_80k

Adapt = Callable[..., Any]

ROW = skywork_80k(EN)


def test_the_common_turns_are_the_prompt(adapt: Adapt) -> None:
    (pair,) = adapt(SOURCE, [skywork_80k(EN.after("Hi.", "Hello."))]).pairs
    assert [turn["content"] for turn in pair["prompt"]] == ["Hi.", "Hello.", "Name a fruit."]
    assert pair["chosen"] == [{"role": "assistant", "content": "An apple."}]


def test_dialogues_that_differ_before_their_last_turn_give_no_pair(adapt: Adapt) -> None:
    row = {**ROW, "rejected": dialogue(EN.after("Hi.", "Good evening."), EN.worst)}
    assert adapt(SOURCE, [row]).reasons == [(0, "broken_turns")]


@pytest.mark.parametrize("content", [None, ""], ids=["null", "empty"])
def test_an_answer_without_text_costs_only_its_row(adapt: Adapt, content: str | None) -> None:
    turns = [*ROW["chosen"][:-1], {**ROW["chosen"][-1], "content": content}]
    result = adapt(SOURCE, [ROW, {**ROW, "chosen": turns}])
    assert result.texts[0] == ("Name a fruit.", "An apple.", "A cabbage.")
    assert result.reasons == ([(1, "broken_turns")] if content is None else [])


def test_the_set_that_a_pair_was_picked_from_is_a_tag(adapt: Adapt) -> None:
    assert adapt(SOURCE, [ROW]).pairs[0]["tags"] == ["part:magpie_air"]


def test_a_dialogue_that_ends_with_the_user_gives_no_pair(adapt: Adapt) -> None:
    row = {**ROW, "chosen": [*ROW["chosen"], {"role": "user", "content": "Thanks."}]}
    assert adapt(SOURCE, [row]).reasons == [(0, "broken_turns")]
