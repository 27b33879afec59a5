"""arena_140k: two conversations and a vote, in several languages."""

from collections.abc import Callable
from typing import Any

import pytest

from sources.arena_140k import EN as SOURCE_EN
from sources.arena_140k import ZH as SOURCE_ZH
from tests.upstreams.layouts import EN, ZH, arena_140k, dialogue, parts

Adapt = Callable[..., Any]

ROW = arena_140k(EN)


@pytest.mark.parametrize(
    ("winner", "chosen", "model"), [("model_a", "An apple.", "model-1"), ("model_b", "A cabbage.", "model-2")]
)
def test_the_winner_is_chosen_with_its_model(adapt: Adapt, winner: str, chosen: str, model: str) -> None:
    (pair,) = adapt(SOURCE_EN, [ROW | {"winner": winner}]).pairs
    assert pair["chosen"][0]["content"] == chosen
    assert pair["chosen_model"] == model


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"winner": "tie"}, "tie"),
        ({"winner": "both_bad"}, "both_bad"),
        ({"winner": "?"}, "unknown_verdict"),
        ({"evaluation_order": 2}, "later_evaluation"),
        ({"language": "ja"}, "other_language_file"),
        ({"language": None}, "other_language_file"),
        ({"conversation_b": parts(dialogue(EN.after("Hi.", "Hello."), EN.worst))}, "broken_turns"),
    ],
    ids=str,
)
def test_a_vote_without_a_pair_is_skipped_with_its_reason(adapt: Adapt, changes: dict[str, Any], reason: str) -> None:
    result = adapt(SOURCE_EN, [ROW, ROW | changes], name="rows.jsonl")
    assert result.reasons == [(1, reason)]


def test_a_picture_skips_its_row(adapt: Adapt) -> None:
    turns = [dict(turn) for turn in ROW["conversation_a"]]
    picture = {"type": "image", "text": None, "image": "cat.png", "mimeType": "image/png"}
    turns[0] = {**turns[0], "content": [*turns[0]["content"], picture]}
    assert adapt(SOURCE_EN, [ROW | {"conversation_a": turns}], name="rows.jsonl").reasons == [(0, "has_media")]


def test_each_language_takes_its_own_rows(adapt: Adapt) -> None:
    assert adapt(SOURCE_ZH, [ROW, arena_140k(ZH)]).texts == [("说出一种水果。", "苹果。", "白菜。")]
