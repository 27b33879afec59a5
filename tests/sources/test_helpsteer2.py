"""helpsteer2: two answers and how much one is preferred, in numbers and words."""

from collections.abc import Callable
from typing import Any

import pytest

from sources.helpsteer2 import SOURCE
from tests.upstreams.layouts import EN, helpsteer2

Adapt = Callable[..., Any]

ROW = helpsteer2(EN)


@pytest.mark.parametrize(("number", "chosen"), [(0, "An apple."), (1, "An apple.")])
def test_the_better_answer_is_chosen_wherever_it_stands(adapt: Adapt, number: int, chosen: str) -> None:
    assert adapt(SOURCE, [helpsteer2(EN.numbered(number))]).texts[0][1] == chosen


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"preference_strength": 0}, "tie"),
        ({"preference_strength": 2}, "unknown_verdict"),
        ({"preference_strength": 100, "preference_statement": ""}, "unknown_verdict"),
        ({"split": "val"}, "other_split"),
        ({"prompt": "Hi.\n<extra_id_1>Assistant\nHello."}, "unread_turns"),
    ],
    ids=["tie", "words say the opposite", "beyond 3", "other split", "several turns"],
)
def test_a_row_without_a_pair_is_skipped_with_its_reason(adapt: Adapt, changes: dict[str, Any], reason: str) -> None:
    assert adapt(SOURCE, [ROW | changes]).reasons == [(0, reason)]


@pytest.mark.parametrize("words", [None, "", "Both are fine.", "Response 1 is slightly better than Response 2."])
def test_words_that_do_not_say_the_opposite_change_nothing(adapt: Adapt, words: str | None) -> None:
    assert len(adapt(SOURCE, [ROW | {"preference_statement": words}]).pairs) == 1


def test_the_other_split_is_read_when_asked_for(adapt: Adapt) -> None:
    assert len(adapt(SOURCE, [ROW, ROW | {"split": "val"}], splits=("train", "val")).pairs) == 2
