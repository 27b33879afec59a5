"""Balance by length: the fewest pairs go, and what is left tells no more by length than the limit."""

from collections.abc import Callable
from dataclasses import fields, replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.measures.statistics import length_auc
from builders.stages.balance import find_told_by_length
from builders.stages.keys import Keys

LIMITS = st.sampled_from([0.5, 0.55, 0.6, 0.75, 1.0])


@pytest.fixture(scope="session")
def pool(make_sample: Callable[..., Any]) -> Keys:
    """Sixty pairs of one source, whose lengths the tests set."""
    keys: Keys = make_sample([(f"问{row}", f"好{row}", "坏") for row in range(60)]).keys
    return keys


def with_lengths(pool: Keys, differences: list[int], sources: list[int] | None = None) -> Keys:
    """The first pairs of the pool with answers that differ so much in length."""
    rows = slice(0, len(differences))
    keys = Keys(**{field.name: getattr(pool, field.name)[rows] for field in fields(Keys)})
    chars = np.array([[100 + difference, 100] for difference in differences], np.uint32).reshape(-1, 2)
    places = np.array(sources or [0] * len(differences), np.uint16)
    return replace(keys, answer_chars=chars, source=places)


def gone(keys: Keys, limit: float) -> list[int]:
    found = find_told_by_length(keys, keys.alive, limit)
    assert {part.reason for part in found} <= {"length_balance"}
    return sorted(row for part in found for row in part.rows.tolist())


def auc(keys: Keys, without: list[int]) -> float:
    """That of what is left; 0.5 where nothing is."""
    rows = np.setdiff1d(np.arange(len(keys)), without)
    return length_auc(*keys.answer_chars[rows].T) if len(rows) else 0.5


@given(st.lists(st.sampled_from([-3, -1, 0, 1, 1, 1, 5]), min_size=1, max_size=60), LIMITS)
def test_what_is_left_is_within_the_limit(pool: Keys, differences: list[int], limit: float) -> None:
    keys = with_lengths(pool, differences)
    assert 1 - limit - 1e-9 <= auc(keys, gone(keys, limit)) <= limit + 1e-9


@given(st.lists(st.sampled_from([-1, 0, 1, 2]), min_size=1, max_size=9), LIMITS)
def test_no_choice_of_fewer_pairs_would_do(pool: Keys, differences: list[int], limit: float) -> None:
    keys = with_lengths(pool, differences)
    for fewer in range(len(gone(keys, limit))):
        for without in combinations(range(len(keys)), fewer):
            assert not 1 - limit - 1e-9 <= auc(keys, list(without)) <= limit + 1e-9


@given(st.lists(st.sampled_from([-2, 0, 1, 3]), min_size=1, max_size=60), LIMITS, st.integers(0, 10**6))
def test_the_choice_does_not_depend_on_the_order(pool: Keys, differences: list[int], limit: float, seed: int) -> None:
    keys = with_lengths(pool, differences)
    order = np.random.default_rng(seed).permutation(len(keys))
    shuffled = Keys(**{field.name: getattr(keys, field.name)[order] for field in fields(Keys)})
    assert sorted(order[gone(shuffled, limit)].tolist()) == gone(keys, limit)


@given(st.lists(st.sampled_from([-2, 0, 1, 1]), min_size=1, max_size=60), LIMITS)
def test_only_pairs_for_which_the_commoner_rule_holds_go(pool: Keys, differences: list[int], limit: float) -> None:
    signs = np.sign(differences)
    assert {int(signs[row]) for row in gone(with_lengths(pool, differences), limit)} <= {int(np.sign(signs.sum()))}


@given(st.lists(st.sampled_from([-2, 0, 1, 1]), min_size=1, max_size=60), LIMITS)
def test_the_shorter_answer_is_balanced_like_the_longer(pool: Keys, differences: list[int], limit: float) -> None:
    mirrored = with_lengths(pool, [-one for one in differences])
    assert gone(mirrored, limit) == gone(with_lengths(pool, differences), limit)


def test_of_pairs_of_one_size_those_with_the_least_ids_stay(pool: Keys) -> None:
    keys = with_lengths(pool, [4, 4, 4, -4])
    by_id = sorted(range(3), key=lambda row: tuple(keys.ids[row].tolist()))
    assert gone(keys, 0.5) == sorted(by_id[1:])


def test_differences_that_stay_are_as_large_as_those_the_other_way(pool: Keys) -> None:
    assert gone(with_lengths(pool, [1, 9, 9, 9, 1, -1, -1]), 0.5) == [1, 2, 3]
    keys = with_lengths(pool, [2] * 20 + [50] * 20 + [-2] * 5 + [-50] * 10)
    left = np.setdiff1d(np.arange(40), gone(keys, 0.5))
    assert (int((left < 20).sum()), int((left >= 20).sum())) == (5, 10)


def test_what_is_balanced_loses_nothing(pool: Keys) -> None:
    assert gone(with_lengths(pool, [1, 1, 1, -1, -1, 0]), 0.6) == []


def test_a_source_that_is_all_longer_goes_whole(pool: Keys) -> None:
    assert gone(with_lengths(pool, [1, 2, 3]), 0.9) == [0, 1, 2]
    assert gone(with_lengths(pool, [1, 2, 3]), 1.0) == []


def test_each_source_is_balanced_by_itself(pool: Keys) -> None:
    keys = with_lengths(pool, [1, 1, 1, -1, -1, -1], sources=[0, 0, 0, 1, 1, 1])
    assert auc(keys, []) == 0.5
    assert gone(keys, 0.6) == [0, 1, 2, 3, 4, 5]


def test_dropped_pairs_neither_count_nor_go(pool: Keys) -> None:
    keys = with_lengths(pool, [1, 1, 1, -1])
    alive = np.array([True, False, False, True])
    assert find_told_by_length(keys, alive, 0.5) == []


def test_the_note_says_what_was_and_what_may_be(pool: Keys) -> None:
    (found,) = find_told_by_length(with_lengths(pool, [1, 1, 1, -1]), np.ones(4, dtype=bool), 0.6)
    assert found.note == "length-only AUC 0.750, limit 0.6"
