"""infinity_preference: two dialogues beside their prompt."""

from collections.abc import Callable
from typing import Any

import pytest

from sources.infinity_preference import EN as SOURCE_EN
from sources.infinity_preference import ZH as SOURCE_ZH
from tests.upstreams.layouts import EN, ZH, infinity_preference

Adapt = Callable[..., Any]

ROW = infinity_preference(EN)


def test_both_sides_begin_with_the_prompt(adapt: Adapt) -> None:
    assert adapt(SOURCE_EN, [ROW]).texts == [("Name a fruit.", "An apple.", "A cabbage.")]


def test_sides_that_are_answers_only_are_read_too(adapt: Adapt) -> None:
    row = ROW | {side: ROW[side][-1:] for side in ("chosen", "rejected")}
    assert adapt(SOURCE_EN, [row]).texts == [("Name a fruit.", "An apple.", "A cabbage.")]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"prompt": "Name a tree."}, "broken_turns"),
        ({"chosen": ROW["chosen"][:1]}, "broken_turns"),
        ({"chosen": []}, "broken_turns"),
    ],
    ids=["another prompt", "no answer", "nothing"],
)
def test_a_row_without_a_pair_is_skipped_with_its_reason(adapt: Adapt, changes: dict[str, Any], reason: str) -> None:
    result = adapt(SOURCE_EN, [ROW, ROW | changes])
    assert result.reasons == [(1, reason)]


def test_the_script_tells_the_language(adapt: Adapt) -> None:
    assert [pair["row"] for pair in adapt(SOURCE_ZH, [ROW, infinity_preference(ZH)]).pairs] == [1]
