"""orca_dpo: a task with a system prompt and two answers."""

from collections.abc import Callable
from typing import Any

import pytest

from sources.command.errors import MissingColumnError
from sources.orca_dpo import SOURCE
from tests.upstreams.layouts import EN, orca_dpo

Adapt = Callable[..., Any]

ROW = orca_dpo(EN)


def test_the_system_prompt_stands_before_the_question(adapt: Adapt) -> None:
    (pair,) = adapt(SOURCE, [ROW]).pairs
    assert [(turn["role"], turn["content"]) for turn in pair["prompt"]] == [
        ("system", "You are an assistant."),
        ("user", "Name a fruit."),
    ]


@pytest.mark.parametrize("system", ["", None, "  "])
def test_an_empty_system_prompt_is_none(adapt: Adapt, system: str | None) -> None:
    (pair,) = adapt(SOURCE, [ROW | {"system": system}]).pairs
    assert [turn["role"] for turn in pair["prompt"]] == ["user"]


def test_other_columns_are_refused_by_their_names(adapt: Adapt) -> None:
    with pytest.raises(MissingColumnError, match="no column system, question; found input, chosen, rejected"):
        adapt(SOURCE, [{"input": "Name a fruit.", "chosen": "An apple.", "rejected": "A cabbage."}])
