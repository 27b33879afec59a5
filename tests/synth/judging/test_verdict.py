"""A verdict is read where it is certain, and nowhere else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.judging.spoken import Unreadable
from synth.judging.verdict import SPELLED, read_verdict

CERTAIN = [
    ("A", "A"),
    (" B\n", "B"),
    ("tie", "tie"),
    ("平手", "tie"),
    ("平手。", "tie"),
    ("[[A]]", "A"),
    ("**B**", "B"),
    ('"tie"', "tie"),
    ('{"reason": "更准确", "verdict": "A"}', "A"),
    ('{"verdict": "tie", "reason": "both say the same"}', "tie"),
    ('```json\n{"reason": "x", "verdict": "B"}\n```', "B"),
    ('Both are fine, but B says why.\n{"reason": "why", "verdict": "B"}', "B"),
    ('两个都对，A 更清楚。\n```json\n{"reason": "清楚", "verdict": "A"}\n```', "A"),
    ("<think>A or B? B is longer, so B.</think>\n\nA", "A"),
    ('<think>先看 {"verdict": "B"}</think>{"reason": "x", "verdict": "A"}', "A"),
    ('{"reason": "他说 {A} 和 {B}", "verdict": "B"}', "B"),
]


@pytest.mark.parametrize(("text", "label"), CERTAIN)
def test_a_verdict_that_is_certain_is_read(text: str, label: str) -> None:
    assert read_verdict(text, "stop") == label


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "10",
        "A10",
        "AB",
        "a",
        "C",
        "A or B",
        "A is better than B",
        "我选 A",
        "回答 A 更好",
        "Answer: A",
        "平手？不，A",
        '{"verdict": "1"}',
        '{"verdict": 10}',
        '{"verdict": "A or B"}',
        '{"verdict": ["A"]}',
        '{"verdict": null}',
        '{"verdict": "A", "verdict": "B"}',
        '{"verdict": "A"} {"verdict": "B"}',
        '{"verdict": "A"} or rather B',
        '{"winner": "A"}',
        '{"reason": "x", "verdict": "A"',
        '["A"]',
        "[[A]] [[B]]",
        "[[A]][[A]]",
        "<think>A",
        "I would say <think>B</think> A",
        "```json\n{}\n```",
    ],
)
def test_what_may_mean_something_else_is_no_verdict(text: str) -> None:
    found = read_verdict(text, "stop")
    assert isinstance(found, Unreadable)
    assert found.reason == "unreadable"
    assert found.evidence


@pytest.mark.parametrize("finish", ["length", "content_filter", "tool_calls", "\x1b[31m"])
def test_an_answer_that_did_not_end_by_itself_is_no_verdict(finish: str) -> None:
    found = read_verdict('{"reason": "x", "verdict": "A"}', finish)
    assert isinstance(found, Unreadable)
    assert found.reason == "cut_off"
    assert found.evidence.isprintable()


@pytest.mark.parametrize("text", ["", " \n", "<think>long thoughts</think>", "<think></think>\n"])
def test_an_answer_without_a_word_says_so(text: str) -> None:
    found = read_verdict(text, "stop")
    assert isinstance(found, Unreadable)
    assert found.reason == "empty"


@given(st.text(), st.sampled_from(["A", "B", "tie"]))
def test_the_json_that_is_asked_for_is_read_whatever_the_reason_says(reason: str, label: str) -> None:
    for ascii_only in (True, False):
        text = json.dumps({"reason": reason, "verdict": label}, ensure_ascii=ascii_only)
        assert read_verdict(text, "stop") == label
        assert read_verdict(text, None) == label


@given(st.text())
def test_a_text_gives_a_label_or_a_reason_and_never_fails(text: str) -> None:
    found = read_verdict(text, "stop")
    assert found in SPELLED.values() or (isinstance(found, Unreadable) and not {*"\n\r\x1b\u2028"} & {*found.evidence})


@given(st.integers(0, 10**9))
def test_a_number_is_never_a_verdict(number: int) -> None:
    assert isinstance(read_verdict(str(number), "stop"), Unreadable)
