"""Several judges as one: means, standardised means, what most or all prefer; a judge without a score leaves none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.ranking.combine import Place, Values, choose_values, combine, label_by
from synth.scoring.recipe import Combining

NAN = float("nan")
PAIR = Place(0, 0, 1)


def values(*scores: float, groups: int = 1) -> Values:
    size = len(scores) // groups
    starts = np.arange(0, len(scores) + 1, size)
    return Values(np.array(scores, float), starts, np.zeros(groups, bool))


def test_the_mean_keeps_the_scale_and_the_standardised_mean_weighs_judges_alike() -> None:
    narrow, wide = values(4, 3, 4, 3, groups=2), values(0, 90, 100, 10, groups=2)
    assert combine([narrow, wide], "mean").scores.tolist() == [2, 46.5, 52, 6.5]
    found = combine([narrow, wide], "standardised").scores
    assert found[0] == pytest.approx((1 - 50 / np.std([0, 90, 100, 10])) / 2)
    assert found.sum() == pytest.approx(0)


def test_a_judge_who_always_gives_the_same_score_has_no_weight() -> None:
    assert combine([values(4, 4), values(9, 1)], "standardised").label(PAIR) == "chosen"
    assert combine([values(4, 4), values(4, 4)], "standardised").label(PAIR) == "tie"


@pytest.mark.parametrize(
    ("judges", "majority", "everybody"),
    [
        ([(5, 1), (9, 8), (3, 2)], "chosen", "chosen"),
        ([(5, 1), (9, 8), (2, 3)], "chosen", "tie"),
        ([(5, 1), (8, 8), (2, 3)], "tie", "tie"),
        ([(1, 5), (1, 9), (NAN, 3)], "rejected", None),
        ([(1, 5), (9, 1), (NAN, 3)], None, "tie"),
    ],
)
def test_what_most_and_all_prefer(
    judges: list[tuple[float, float]], majority: str | None, everybody: str | None
) -> None:
    each = [values(*scores) for scores in judges]
    for rule, expected in (("majority", majority), ("all", everybody)):
        together = combine(each, rule)  # type: ignore[arg-type]
        assert label_by(rule, together, each, PAIR) == expected  # type: ignore[arg-type]


def test_the_share_of_wins_is_over_judges_and_other_answers() -> None:
    found = combine([values(3, 2, 1), values(1, 1, 5)], "majority").scores
    assert found.tolist() == [0.625, 0.375, 0.5]
    assert np.isnan(combine([values(3, NAN), values(1, 2)], "majority").scores).tolist() == [False, True]


@given(st.lists(st.tuples(*[st.sampled_from([1.0, 2.0, 3.0, NAN])] * 2), min_size=1, max_size=5), st.data())
def test_the_order_of_judges_and_of_the_two_answers_means_nothing(
    judges: list[tuple[float, float]], data: st.DataObject
) -> None:
    rule: Combining = data.draw(st.sampled_from(["mean", "standardised", "majority", "all"]))
    other = {"chosen": "rejected", "rejected": "chosen", "tie": "tie", None: None}

    def said(scores: list[tuple[float, float]]) -> str | None:
        each = [values(*two) for two in scores]
        return label_by(rule, combine(each, rule), each, PAIR)

    assert said(judges[::-1]) == said(judges)
    assert said([(two, one) for one, two in judges]) == other[said(judges)]


def test_a_group_is_compared_by_expected_scores_only_if_all_its_answers_have_one() -> None:
    printed, expected = np.array([4, 4, 3, 5, NAN, 2.0]), np.array([4.2, 3.9, NAN, 4.8, NAN, 2.1])
    found = choose_values(printed, expected, np.array([0, 2, 4, 6]))
    assert found.finer.tolist() == [True, False, True]
    assert found.scores[:4].tolist() == [4.2, 3.9, 3, 5]
    assert found.scores[5] == 2.1
