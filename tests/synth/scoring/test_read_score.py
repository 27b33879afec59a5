"""Scores are read for certain or not at all: "10" is never "1", and what is not on the scale is no score."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.judging.spoken import Unreadable
from synth.scoring.read_score import read_number, read_scores
from synth.scoring.rubric import Scale
from tests.synth.scoring.scene import ASPECTS, as_scores, rubric

TEN = rubric(scale=Scale(low=1, high=10))
ONE = rubric(scale=Scale(low=1, high=10), aspects={"quality": "how good it is"})


def of(text: str, finish: str | None = "stop") -> Any:
    return read_scores(text, finish, ONE)


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("10", 10),
        ("1", 1),
        (" 7\n", 7),
        ('{"reason": "x", "quality": 10}', 10),
        ('{"quality": "10"}', 10),
        ('{"quality": 10.0}', 10),
        ('Let me see.\n{"reason": "fine", "quality": 3}', 3),
        ('```json\n{"quality": 3}\n```', 3),
        ('<think>{"quality": 1}</think>{"quality": 9}', 9),
        ('{"reason": "a {brace}", "quality": 2}', 2),
    ],
)
def test_what_is_certain_is_read(text: str, score: int) -> None:
    assert of(text) == {"quality": score}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("11", "off_scale"),
        ("0", "off_scale"),
        ("-1", "off_scale"),
        ('{"quality": 11}', "off_scale"),
        ("1 0", "unreadable"),
        ("10/10", "unreadable"),
        ("8.5", "unreadable"),
        ("８", "unreadable"),
        ("Score: 8", "unreadable"),
        ('{"quality": 8.5}', "unreadable"),
        ('{"quality": true}', "unreadable"),
        ('{"quality": null}', "unreadable"),
        ('{"quality": "8 of 10"}', "unreadable"),
        ('{"quality": [8]}', "unreadable"),
        ('{"quality": 1, "quality": 10}', "unreadable"),
        ('{"quality": 1} or {"quality": 10}', "unreadable"),
        ('{"quality": 10} is my score', "unreadable"),
        ('{"score": 10}', "unreadable"),
        ('{"quality": 1', "unreadable"),
        ('{"quality": 1e400}', "unreadable"),
        ("9" * 40, "unreadable"),
        ("", "empty"),
        ("<think>8</think>", "empty"),
    ],
)
def test_what_is_not_certain_is_no_score(text: str, reason: str) -> None:
    said = of(text)
    assert isinstance(said, Unreadable)
    assert said.reason == reason


def test_an_answer_that_was_cut_is_no_score() -> None:
    assert of("1", "length").reason == "cut_off"


def test_every_aspect_must_have_its_score() -> None:
    assert read_scores(as_scores(10), "stop", TEN) == dict.fromkeys(ASPECTS, 10)
    assert isinstance(read_scores(as_scores(10, ASPECTS[:3]), "stop", TEN), Unreadable)
    assert isinstance(read_scores("10", "stop", TEN), Unreadable)


@given(st.lists(st.integers(1, 10), min_size=4, max_size=4), st.text(max_size=30), st.booleans())
def test_every_json_object_with_scores_gives_them_and_no_others(scores: list[int], reason: str, spaced: bool) -> None:
    said = dict(zip(ASPECTS, scores, strict=True))
    text = json.dumps({"reason": reason, **said}, indent=2 if spaced else None)
    assert read_scores(text, "stop", TEN) == said


@given(st.text(max_size=40))
def test_no_text_gives_a_score_outside_of_the_scale(text: str) -> None:
    said = of(text)
    assert isinstance(said, Unreadable) or 1 <= said["quality"] <= 10


@pytest.mark.parametrize(("text", "number"), [("-1.25", -1.25), ("3", 3.0), ("1e-3", 0.001)])
def test_a_reward_is_its_number(text: str, number: float) -> None:
    assert read_number(text) == number


@pytest.mark.parametrize("text", ["nan", "inf", "", "good"])
def test_a_reward_that_is_no_finite_number_is_none(text: str) -> None:
    assert isinstance(read_number(text), Unreadable)
