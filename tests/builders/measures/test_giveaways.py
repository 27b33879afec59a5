"""Rules and their intervals: planted giveaways are found with the accuracy that they have."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.measures.giveaways import RULES, Giveaways, Rate, features, rate, rule_rates
from builders.measures.surface import surface_of
from sources.text.texts import PairTexts
from tests.builders.measures.planted import Plant, longer, marked_up, nothing, other_language, refusing, rows

PAIRS = 400
PLANTS = {"longer": longer, "markdown": marked_up, "language": other_language, "no_refusal": refusing}


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("share", [1.0, 0.8, 0.5])
@pytest.mark.parametrize("name", list(PLANTS))
def test_a_planted_giveaway_is_right_as_often_as_it_is_planted(
    make_texts: Callable[..., PairTexts], name: str, share: float, lang: str
) -> None:
    rates = rule_rates(surface_of(make_texts(*rows(PLANTS[name], PAIRS, lang, share), lang=lang)), np.arange(PAIRS))
    assert list(rates) == list(RULES)
    assert rates[name].low <= share <= rates[name].high
    assert rates[name].high - rates[name].low < 0.11


def test_without_a_giveaway_every_rule_is_right_half_the_time(make_texts: Callable[..., PairTexts]) -> None:
    rates = rule_rates(surface_of(make_texts(*rows(nothing, PAIRS, "zh"))), np.arange(PAIRS))
    assert rates["longer"].right == pytest.approx(0.5, abs=0.07)
    assert [rates[name].right for name in ("markdown", "no_refusal", "language")] == [0.5] * 3


@pytest.mark.parametrize("plant", [longer, marked_up, other_language, refusing])
def test_the_features_of_swapped_answers_are_the_opposite(make_texts: Callable[..., PairTexts], plant: Plant) -> None:
    said = rows(plant, 40, "en")
    there, back = (
        features(surface_of(make_texts(*each, lang="en"))) for each in (said, [(p, r, c) for p, c, r in said])
    )
    np.testing.assert_array_equal(there, -back)
    assert there.any()


def test_the_interval_is_that_of_wilson() -> None:
    found = rate(np.repeat([1.0, 0.0], [80, 20]), np.arange(100))
    assert (found.right, found.low, found.high) == pytest.approx((0.8, 0.7112, 0.8666), abs=1e-4)


def test_what_is_always_right_is_not_sure_to_be_so() -> None:
    found = rate(np.ones(50), np.arange(50))
    assert (found.right, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.9287, abs=1e-3)


def test_pairs_of_one_prompt_that_agree_count_as_one() -> None:
    right = np.repeat([1.0, 0.0], [50, 50])
    apart, together = rate(right, np.arange(100)), rate(np.repeat(right, 4), np.repeat(np.arange(100), 4))
    assert (together.low, together.high) == pytest.approx((apart.low, apart.high))


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.integers(0, 9)), min_size=1))
def test_the_interval_holds_the_rate_and_stays_in_bounds(pairs: list[tuple[float, int]]) -> None:
    right, groups = (np.array(column) for column in zip(*pairs, strict=True))
    found = rate(right, groups)
    assert 0 <= found.low <= found.right + 1e-12
    assert found.right - 1e-12 <= found.high <= 1


def test_giveaways_come_back_from_json() -> None:
    one = Giveaways("x", 60, 50, {name: Rate(0.5, 0.4, 0.6) for name in RULES}, Rate(0.75, 0.7, 0.8))
    assert Giveaways.from_dict(one.as_dict()) == one


def test_the_best_rule_is_the_one_that_says_most_either_way() -> None:
    rates = {"longer": Rate(0.2, 0.1, 0.3), "markdown": Rate(0.7, 0.6, 0.8)}
    assert Giveaways("x", 60, 50, rates, Rate(0.8, 0.7, 0.9)).best_rule == ("longer", Rate(0.2, 0.1, 0.3))
