"""Shares, caps and pairs per prompt: by id, so the same in any order."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.stages.caps import Cap, find_surplus
from builders.stages.keys import Keys

MakeSample = Callable[..., Any]


@pytest.fixture(scope="session")
def keys(make_sample: MakeSample) -> Keys:
    """400 pairs of two sources in turn, each prompt asked four times."""
    sample = make_sample([(f"问{row // 4}", f"好{row}", "坏") for row in range(400)])
    return replace(sample.keys, source=np.arange(400, dtype=np.uint16) % 2)


def dropped(
    keys: Keys, caps: dict[int, Cap], per_prompt: int | None = None, alive: np.ndarray | None = None
) -> dict[str, list[int]]:
    """The rows by reason."""
    found = find_surplus(keys, keys.alive if alive is None else alive, caps, per_prompt)
    for part in found:
        assert part.note
        assert part.twins is None
    reasons: dict[str, list[int]] = {}
    for part in found:
        reasons.setdefault(part.reason, []).extend(part.rows.tolist())
    return reasons


def permuted(keys: Keys, order: np.ndarray) -> Keys:
    return Keys(**{field.name: getattr(keys, field.name)[order] for field in fields(Keys)})


def test_the_note_says_what_the_limit_was(keys: Keys) -> None:
    found = find_surplus(keys, keys.alive, {0: Cap(share=0.5, max_pairs=20)}, 1)
    assert {part.reason: part.note for part in found} == {
        "beyond_share": "share 0.5",
        "over_cap": "cap 20",
        "over_pairs_per_prompt": "1 per prompt",
    }


def test_without_caps_nothing_is_dropped(keys: Keys) -> None:
    assert dropped(keys, {}) == dropped(keys, {0: Cap(), 1: Cap()}) == {}


def test_a_share_keeps_about_that_part_of_its_source(keys: Keys) -> None:
    beyond = dropped(keys, {0: Cap(share=0.25)})["beyond_share"]
    assert set(keys.source[beyond].tolist()) == {0}
    assert 130 <= len(beyond) <= 170


def test_a_share_of_none_keeps_none(keys: Keys) -> None:
    assert dropped(keys, {1: Cap(share=0.0)}) == {"beyond_share": list(range(1, 400, 2))}


def test_a_share_of_all_keeps_all(keys: Keys) -> None:
    last = replace(keys, ids=np.full_like(keys.ids, 2**64 - 1))
    assert dropped(last, {0: Cap(share=1.0)}) == {}


def test_a_larger_share_keeps_what_a_smaller_one_keeps(keys: Keys) -> None:
    small = set(dropped(keys, {0: Cap(share=0.3)})["beyond_share"])
    large = set(dropped(keys, {0: Cap(share=0.6)})["beyond_share"])
    assert large < small


@pytest.mark.parametrize("most", [0, 1, 50, 199])
def test_a_cap_keeps_exactly_so_many_with_the_least_ids(keys: Keys, most: int) -> None:
    over = dropped(keys, {0: Cap(max_pairs=most)})["over_cap"]
    by_id = sorted(range(0, 400, 2), key=lambda row: tuple(keys.ids[row].tolist()))
    assert over == sorted(by_id[most:])


@pytest.mark.parametrize("most", [200, 1000])
def test_a_cap_that_is_not_reached_drops_nothing(keys: Keys, most: int) -> None:
    assert dropped(keys, {0: Cap(max_pairs=most)}) == {}


def test_a_cap_counts_what_the_share_left(keys: Keys) -> None:
    found = dropped(keys, {0: Cap(share=0.5, max_pairs=20)})
    assert len(found["beyond_share"]) + len(found["over_cap"]) == 180
    assert not set(found["beyond_share"]) & set(found["over_cap"])


@pytest.mark.parametrize("most", [1, 2, 3])
def test_a_prompt_gives_at_most_so_many_pairs(keys: Keys, most: int) -> None:
    found = dropped(keys, {}, most)["over_pairs_per_prompt"]
    for prompt in range(100):
        mine = sorted(range(4 * prompt, 4 * prompt + 4), key=lambda row: tuple(keys.ids[row].tolist()))
        assert sorted(set(found) & set(mine)) == sorted(mine[most:])


def test_pairs_per_prompt_are_counted_after_the_caps(keys: Keys) -> None:
    found = dropped(keys, {0: Cap(share=0.0)}, 2)
    assert list(found) == ["beyond_share"]


def test_dropped_rows_are_not_counted(keys: Keys) -> None:
    alive = np.zeros(400, dtype=bool)
    alive[:10] = True
    assert dropped(keys, {0: Cap(max_pairs=5), 1: Cap(max_pairs=5)}, alive=alive) == {}


def test_the_rows_that_are_alive_are_not_changed(keys: Keys) -> None:
    alive = keys.alive.copy()
    dropped(keys, {0: Cap(share=0.0), 1: Cap(max_pairs=1)}, 1, alive)
    assert alive.all()


CAPS = st.dictionaries(
    st.integers(0, 1), st.builds(Cap, share=st.sampled_from([0.2, 0.7, 1.0]), max_pairs=st.none() | st.integers(0, 90))
)


@given(CAPS, st.none() | st.integers(1, 3), st.integers(0, 10**6))
def test_the_choice_does_not_depend_on_the_order(
    keys: Keys, caps: dict[int, Cap], per_prompt: int | None, seed: int
) -> None:
    order = np.random.default_rng(seed).permutation(len(keys))
    straight = dropped(keys, caps, per_prompt)
    mapped = {
        reason: sorted(order[rows].tolist())
        for reason, rows in dropped(permuted(keys, order), caps, per_prompt).items()
    }
    assert mapped == {reason: sorted(rows) for reason, rows in straight.items()}


@given(CAPS, st.none() | st.integers(1, 3))
def test_what_is_kept_is_within_the_caps(keys: Keys, caps: dict[int, Cap], per_prompt: int | None) -> None:
    found = dropped(keys, caps, per_prompt)
    alive = keys.alive.copy()
    rows = [row for part in found.values() for row in part]
    alive[rows] = False
    assert len(rows) == len(set(rows))
    assert dropped(keys, caps, per_prompt, alive) == {}


def test_no_pair_is_within_every_cap() -> None:
    assert dropped(Keys.none(), {0: Cap(share=0.5, max_pairs=0)}, 1) == {}


def test_a_source_may_give_so_many_pairs_of_each_prompt(keys: Keys) -> None:
    surplus = dropped(keys, {0: Cap(max_pairs_per_prompt=1)})["over_pairs_per_prompt"]
    assert set(keys.source[surplus].tolist()) == {0}
    assert len(surplus) == 100  # of four pairs of a prompt two are of this source, and one of them stays


def test_the_number_of_each_prompt_goes_before_the_cap_of_all(keys: Keys) -> None:
    reasons = dropped(keys, {0: Cap(max_pairs_per_prompt=1, max_pairs=60)})
    assert {reason: len(rows) for reason, rows in reasons.items()} == {"over_pairs_per_prompt": 100, "over_cap": 40}
    assert not set(reasons["over_pairs_per_prompt"]) & set(reasons["over_cap"])
