"""hh_rlhf: two dialogues, each one text."""

from collections.abc import Callable
from typing import Any

import pytest

from sources.hh_rlhf import SOURCE
from tests.upstreams.layouts import EN, hh_rlhf

Adapt = Callable[..., Any]

ROW = hh_rlhf(EN)


def test_the_common_turns_are_the_prompt(adapt: Adapt) -> None:
    (pair,) = adapt(SOURCE, [hh_rlhf(EN.after("Hi.", "Hello."))]).pairs
    assert [turn["content"] for turn in pair["prompt"]] == ["Hi.", "Hello.", "Name a fruit."]
    assert [turn["role"] for turn in pair["prompt"]] == ["user", "assistant", "user"]


def test_the_shorter_mark_of_the_person_is_read_too(adapt: Adapt) -> None:
    row = {side: said.replace("Human:", "Hum:") for side, said in ROW.items()}
    assert adapt(SOURCE, [row]).texts == [("Name a fruit.", "An apple.", "A cabbage.")]


@pytest.mark.parametrize(
    ("chosen", "reason"),
    [
        (ROW["chosen"] + "\n\nHuman: Thanks.", "broken_turns"),
        ("\n\nHuman: Name a tree.\n\nAssistant: An oak.", "broken_turns"),
        ("\n\nAssistant: An apple.", "broken_turns"),
        ("An apple.", "broken_turns"),
    ],
    ids=["ends with the person", "another question", "no question", "no dialogue"],
)
def test_a_dialogue_that_is_no_pair_is_skipped_with_its_reason(adapt: Adapt, chosen: str, reason: str) -> None:
    result = adapt(SOURCE, [ROW, ROW | {"chosen": chosen}])
    assert result.reasons == [(1, reason)]


def test_words_that_look_like_a_mark_within_a_line_are_text(adapt: Adapt) -> None:
    row = {side: said.replace("Name a fruit.", "What does Hum: or Human: mean?") for side, said in ROW.items()}
    assert adapt(SOURCE, [row]).texts[0][0] == "What does Hum: or Human: mean?"


def test_the_options_name_the_files() -> None:
    assert len(SOURCE.files(SOURCE.options())) == 4
    (file,) = SOURCE.files(SOURCE.options(subsets=("helpful-base",), splits=("test",)))
    assert file.path == "helpful-base/test.jsonl.gz"
