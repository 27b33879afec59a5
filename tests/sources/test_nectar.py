"""nectar: up to seven answers with ranks."""

from collections.abc import Callable
from typing import Any

import pytest

from sources.nectar import SOURCE
from tests.upstreams.layouts import EN, nectar

Adapt = Callable[..., Any]

ROW = nectar(EN)


def ranked(*ranks: float, answers: tuple[str, ...] = EN.answers) -> dict[str, Any]:
    told = [{"answer": said, "model": "m", "rank": rank} for said, rank in zip(answers, ranks, strict=True)]
    return ROW | {"answers": told}


def test_the_best_rank_is_chosen_and_the_worst_rejected(adapt: Adapt) -> None:
    result = adapt(SOURCE, [ROW])
    assert result.texts == [("Name a fruit.", "An apple.", "A cabbage.")]
    assert result.pairs[0]["chosen_model"] == "gpt-4"


@pytest.mark.parametrize(("pairing", "count"), [("best_worst", 1), ("adjacent", 2), ("all", 3)])
def test_the_option_says_which_pairs(adapt: Adapt, pairing: str, count: int) -> None:
    assert len(adapt(SOURCE, [ROW], pairing=pairing).pairs) == count


def test_earlier_turns_of_the_prompt_are_turns(adapt: Adapt) -> None:
    prompt = "\n\nHuman: Hi.\n\nAssistant: Hello.\n\nHuman: Name a fruit.\n\nAssistant:"
    (pair,) = adapt(SOURCE, [ROW | {"prompt": prompt}]).pairs
    assert [turn["content"] for turn in pair["prompt"]] == ["Hi.", "Hello.", "Name a fruit."]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (ranked(1, 1, 1), "tie"),
        (
            ranked(1, 2, 3, answers=("An apple.", "A pear.\nHuman: More.", "A plum.\n\nAssistant: Yes.")),
            "not_two_answers",
        ),
        (ROW | {"answers": []}, "not_two_answers"),
        (ROW | {"prompt": "\n\nAssistant: "}, "no_prompt"),
        (ROW | {"prompt": "Name a fruit."}, "broken_turns"),
    ],
    ids=["equal ranks", "answers go on", "no answers", "no question", "no mark"],
)
def test_a_row_without_a_pair_is_skipped_with_its_reason(adapt: Adapt, row: dict[str, Any], reason: str) -> None:
    assert adapt(SOURCE, [row], name="rows.jsonl").reasons == [(0, reason)]


def test_a_mark_within_a_line_is_text(adapt: Adapt) -> None:
    result = adapt(SOURCE, [ranked(1, 2, 3, answers=("Say Human: twice.", "A pear.", "A cabbage."))])
    assert result.texts[0][1] == "Say Human: twice."
