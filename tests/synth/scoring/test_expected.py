"""The expected score by log-probabilities: renormalised over the scale, and only where one token tells the score."""

import pytest

from synth.engines.read_logprobs import read_logprobs
from synth.scoring.expected import expected_scores
from synth.scoring.rubric import Scale
from tests.synth.scoring.scene import ASPECTS, as_scores, rubric, tokens_of

CHAT = rubric()
CHANCES = {"3": 0.2, "4": 0.5, " 5": 0.1, "好": 0.15}
MEAN = (3 * 0.2 + 4 * 0.5 + 5 * 0.1) / 0.8


def logprobs(text: str, chances: dict[str, float] = CHANCES, before: str = "") -> str:
    return read_logprobs({"logprobs": {"content": tokens_of(before + text, chances)}}, text)


def test_it_is_the_mean_over_the_scale_and_says_how_much_lay_outside() -> None:
    text = as_scores(4)
    found = expected_scores(text, logprobs(text), dict.fromkeys(ASPECTS, 4), CHAT)
    assert set(found) == set(ASPECTS)
    for each in found.values():
        assert each.score == pytest.approx(MEAN, abs=1e-3)
        assert each.outside == pytest.approx(0.2, abs=1e-3)


def test_digits_of_the_reason_and_of_what_was_thought_are_not_taken() -> None:
    text = '{"reason": "1加2是3，\\"clarity\\": 2", "clarity": 4}'
    one = rubric(aspects={"clarity": "x"})
    found = expected_scores(text, logprobs(text, before="先想1遍。"), {"clarity": 4}, one)
    assert found["clarity"].score == pytest.approx(MEAN, abs=1e-3)


def test_a_number_alone_has_one_too() -> None:
    one = rubric(aspects={"clarity": "x"})
    assert expected_scores("4", logprobs("4"), {"clarity": 4}, one)["clarity"].score == pytest.approx(MEAN, abs=1e-3)


def test_where_scores_begin_alike_there_is_none() -> None:
    ten = rubric(scale=Scale(low=1, high=10))
    text = as_scores(10)
    assert expected_scores(text, logprobs(text, {"1": 0.9}), dict.fromkeys(ASPECTS, 10), ten) == {}


def test_a_token_that_is_not_the_printed_score_gives_none() -> None:
    text = as_scores(4)
    assert expected_scores(text, logprobs(text, {"好": 0.9}), dict.fromkeys(ASPECTS, 4), CHAT) == {}
    two = rubric(scale=Scale(low=10, high=20))
    text = as_scores(12)
    assert expected_scores(text, logprobs(text, {"1": 0.9}), dict.fromkeys(ASPECTS, 12), two) == {}


@pytest.mark.parametrize(
    "choice",
    [
        {},
        {"logprobs": None},
        {"logprobs": {"content": []}},
        {"logprobs": {"content": [{"token": "4"}]}},
        {"logprobs": {"content": [{"token": "5", "bytes": [53], "top_logprobs": []}]}},
        {"logprobs": {"content": [{"token": "4", "bytes": [52], "top_logprobs": [{"token": "4", "logprob": "x"}]}]}},
        {"logprobs": {"content": [{"token": "4", "bytes": [52], "top_logprobs": [{"token": "4", "logprob": 3.0}]}]}},
        {"logprobs": {"content": [{"token": "4", "bytes": [999], "top_logprobs": []}]}},
        {"logprobs": [4]},
    ],
)
def test_what_is_no_log_probability_of_this_text_is_none(choice: dict[str, object]) -> None:
    assert read_logprobs(choice, "4") == ""


def test_a_token_may_hold_part_of_a_character() -> None:
    half = [{"token": "\ufffd", "bytes": [byte], "top_logprobs": []} for byte in "好".encode()]
    digit = {"token": "4", "bytes": [52], "top_logprobs": [{"token": "4", "logprob": -0.1}]}
    assert read_logprobs({"logprobs": {"content": [*half, digit]}}, "好4") == '[[3,"4",[["4",-0.1]]]]'
