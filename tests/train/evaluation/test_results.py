"""Scores with intervals, and differences on the same questions."""

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.command.errors import PrefsError
from train.evaluation.results import Estimate, Outcome, TaskRun, compare, estimate, paired


def run(*scores: float, hashes: str = "h") -> TaskRun:
    outcomes = tuple(Outcome("copa", number, hashes, 0, score) for number, score in enumerate(scores))
    value = statistics.fmean(scores)
    return TaskRun(
        version="1.0",
        num_fewshot=0,
        score=Estimate(value, None, None, None),
        metrics={},
        readings={},
        subjects={},
        outcomes=outcomes,
    )


def test_the_difference_is_that_of_each_question() -> None:
    found = compare(run(0, 0, 1, 1, 0), run(1, 1, 1, 0, 1))
    stderr = statistics.stdev([1, 1, 0, -1, 1]) / math.sqrt(5)
    assert found.estimate.value == pytest.approx(0.4)
    assert found.estimate.stderr == pytest.approx(stderr)
    assert found.estimate.low == pytest.approx(0.4 - 1.959964 * stderr)
    assert found.estimate.high == pytest.approx(min(1, 0.4 + 1.959964 * stderr))
    assert (found.improved, found.worsened, found.verdict) == (3, 1, "unclear")


def test_a_verdict_needs_an_interval_without_zero() -> None:
    before = run(*[0.0] * 40)
    assert compare(before, run(*[1.0] * 30, *[0.0] * 10)).verdict == "better"
    assert compare(run(*[1.0] * 30, *[0.0] * 10), before).verdict == "worse"
    assert compare(before, before).verdict == "unclear"


def test_one_question_has_no_interval() -> None:
    found = compare(run(0), run(1))
    assert found.estimate == Estimate(1.0, None, None, None)
    assert found.verdict == "unclear"


def test_other_questions_cannot_be_compared() -> None:
    with pytest.raises(PrefsError, match="not asked the same questions"):
        compare(run(0, 1), run(0, 1, hashes="other"))
    with pytest.raises(PrefsError, match="not asked the same questions"):
        compare(run(0, 1), run(0))


def test_an_interval_stays_within_what_a_score_can_be() -> None:
    assert estimate(0.95, 0.1, low=0.0, high=1.0).high == 1.0
    assert estimate(0.05, 0.1, low=0.0, high=1.0).low == 0.0
    assert estimate(0.5, float("nan"), low=0.0, high=1.0) == Estimate(0.5, None, None, None)


@given(st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=2, max_size=60))
def test_the_interval_holds_the_mean_and_turns_with_the_sign(changes: list[float]) -> None:
    found, turned = paired(changes), paired([-change for change in changes])
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.value <= found.high
    assert turned.value == pytest.approx(-found.value)
    assert turned.low == pytest.approx(-found.high)
