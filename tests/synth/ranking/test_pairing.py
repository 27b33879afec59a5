"""Which candidates become pairs: laws that hold for every rule, and what each rule takes."""

from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.ranking.pairing import Nothing, choose
from synth.scoring.recipe import Choice

CHOICES = get_args(Choice)
SCORES = [3.0, 9.0, 5.0, 4.0]
CHARS = [10, 50, 40, 12]


def of(choice: Choice, margin: float = 0.0, seed: str = "0") -> object:
    return choose(SCORES, CHARS, choice, margin=margin, seed=seed)


def test_each_rule_takes_what_it_says() -> None:
    assert of("best_worst") == [(1, 0)]
    assert of("adjacent") == [(1, 2), (2, 3), (3, 0)]
    assert of("adjacent", 1) == [(1, 2)]
    assert of("above_margin", 2) == [(1, 2), (1, 3), (1, 0)]
    assert of("closest_length") == [(3, 0)]
    assert of("closest_length", 2) == [(1, 2)]


def test_best_random_is_the_best_and_any_other_by_its_seed() -> None:
    drawn = [of("best_random", seed=str(seed)) for seed in range(60)]
    assert {found[0] for found in drawn} == {(1, 0), (1, 2), (1, 3)}  # type: ignore[index]
    assert drawn == [of("best_random", seed=str(seed)) for seed in range(60)]
    assert {of("best_random", 5, str(seed))[0] for seed in range(20)} == {(1, 0)}  # type: ignore[index]


@pytest.mark.parametrize("choice", CHOICES)
def test_what_cannot_be_a_pair_has_its_reason(choice: Choice) -> None:
    nan = float("nan")
    assert choose([nan, 4.0, nan], [1, 2, 3], choice, margin=0, seed="") == Nothing(
        "too_few_answers", "1 of 3 answers have a score"
    )
    found = choose([4.0, 4.0 + 1e-12], [1, 2], choice, margin=0, seed="")
    assert isinstance(found, Nothing)
    assert found.reason == "judge_tie"
    found = choose([4.0, 2.0], [1, 2], choice, margin=2, seed="")
    assert isinstance(found, Nothing)
    assert found.reason == "margin"


@given(
    st.lists(st.tuples(st.integers(1, 10) | st.none(), st.integers(1, 99)), min_size=1, max_size=7),
    st.sampled_from(CHOICES),
    st.integers(0, 6),
)
def test_chosen_is_always_better_by_more_than_the_margin(
    answers: list[tuple[int | None, int]], choice: Choice, margin: int
) -> None:
    scores = [float("nan") if score is None else float(score) for score, _ in answers]
    chars = [length for _, length in answers]
    found = choose(scores, chars, choice, margin=margin, seed="x")
    known = [score for score, _ in answers if score is not None]
    if isinstance(found, Nothing):
        steps = sorted(known)
        gaps = [one - other for other, one in pairwise(steps)]
        possible = max(gaps, default=0) if choice == "adjacent" else max(known, default=0) - min(known, default=0)
        assert possible <= margin
        return
    assert found
    assert len(set(found)) == len(found)
    assert all(scores[one] - scores[other] > margin for one, other in found)
    if choice in ("best_worst", "best_random"):
        assert scores[found[0][0]] == max(known)
