"""Sources of which a row is two whole dialogues: their common turns are the prompt."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from sources import dolci_dpo, tulu3_8b
from sources.pairs.source import Source
from tests.upstreams import layouts
from tests.upstreams.layouts import EN, dialogue

Adapt = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Case:
    """A source, and what writes its rows."""

    source: Source
    row: Callable[..., dict[str, Any]]


@pytest.fixture(params=["dolci_dpo", "tulu3_8b"])
def case(request: pytest.FixtureRequest) -> Case:
    return {
        "dolci_dpo": Case(dolci_dpo.EN, layouts.dolci_dpo),
        "tulu3_8b": Case(tulu3_8b.EN, layouts.tulu3_8b),
    }[request.param]


def test_the_common_turns_are_the_prompt(case: Case, adapt: Adapt) -> None:
    (pair,) = adapt(case.source, [case.row(EN.after("Hi.", "Hello."))]).pairs
    assert [turn["content"] for turn in pair["prompt"]] == ["Hi.", "Hello.", "Name a fruit."]
    assert pair["chosen"] == [{"role": "assistant", "content": "An apple."}]


def test_dialogues_that_differ_before_their_last_turn_give_no_pair(case: Case, adapt: Adapt) -> None:
    row = {**case.row(EN), "rejected": dialogue(EN.after("Hi.", "Good evening."), EN.worst)}
    assert adapt(case.source, [row]).reasons == [(0, "broken_turns")]


@pytest.mark.parametrize("content", [None, ""], ids=["null", "empty"])
def test_an_answer_without_text_costs_only_its_row(case: Case, adapt: Adapt, content: str | None) -> None:
    row = case.row(EN)
    turns = [*row["chosen"][:-1], {**row["chosen"][-1], "content": content}]
    result = adapt(case.source, [row, {**row, "chosen": turns}])
    assert result.texts[0] == ("Name a fruit.", "An apple.", "A cabbage.")
    assert result.reasons == ([(1, "broken_turns")] if content is None else [])
