"""Pairs of nearly the same prompt, or of one item, are one group."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.stages.prompt_groups import group_prompts

MakeSample = Callable[..., Any]


def passage(seed: int, chars: int = 120) -> str:
    """A text of random Han characters: two of different seeds share no n-gram."""
    drawn = np.random.default_rng(seed).integers(0x4E00, 0x9FA0, chars)
    return "".join(map(chr, drawn.tolist()))


def groups(
    make_sample: MakeSample,
    prompts: list[str],
    items: list[str | None] | None = None,
    *,
    lang: str | list[str] = "zh",
    alive: np.ndarray | None = None,
    workers: int = 1,
) -> np.ndarray:
    sample = make_sample([(prompt, "好", f"坏{row}") for row, prompt in enumerate(prompts)], lang=lang, items=items)
    alive = sample.alive if alive is None else alive
    return group_prompts(sample.keys, alive, sample.prompt_tokens, 0.8, workers)


def partition(found: np.ndarray) -> set[frozenset[int]]:
    """The rows of each group."""
    return {frozenset(np.flatnonzero(found == group).tolist()) for group in np.unique(found)}


def named(*rows: list[int]) -> set[frozenset[int]]:
    return {frozenset(part) for part in rows}


P, Q = passage(1), passage(2)
P_EDITED = P[:60] + "囍" + P[61:]


@pytest.mark.parametrize("same", [P, P + "？", P_EDITED, P.replace("", " "), P + "请"])
def test_equal_and_similar_prompts_are_one_group(make_sample: MakeSample, same: str) -> None:
    assert partition(groups(make_sample, [P, Q, same])) == named([0, 2], [1])


@pytest.mark.parametrize("other", [Q, P[:60], P[:60] + Q[:60], ""])
def test_prompts_of_which_half_differs_are_two_groups(make_sample: MakeSample, other: str) -> None:
    assert partition(groups(make_sample, [P, other])) == named([0], [1])


def test_short_prompts_are_one_group_only_when_they_are_equal(make_sample: MakeSample) -> None:
    assert partition(groups(make_sample, ["你好", "您好", "你好", "你 好"])) == named([0, 2, 3], [1])


TRADITIONAL, SIMPLIFIED = "為什麼天空是藍色的？請詳細說明這個現象。", "为什么天空是蓝色的？请详细说明这个现象。"


@pytest.mark.parametrize("other", [SIMPLIFIED, SIMPLIFIED[:-1], "為什么天空是藍色的？请詳細说明这個現象。"])
def test_a_prompt_in_traditional_characters_is_in_the_group_of_the_simplified_one(
    make_sample: MakeSample, other: str
) -> None:
    assert partition(groups(make_sample, [TRADITIONAL, Q, other, "頭髮"])) == named([0, 2], [1], [3])
    assert partition(groups(make_sample, ["頭髮", "头发", "頭发展"])) == named([0, 1], [2])


def test_pairs_of_one_item_are_one_group(make_sample: MakeSample) -> None:
    found = groups(make_sample, [P, Q, "三", "四"], ["a", None, "a", None])
    assert partition(found) == named([0, 2], [1], [3])


def test_chains_of_prompts_and_items_join_groups(make_sample: MakeSample) -> None:
    found = groups(make_sample, [P, Q, P_EDITED, Q, "五"], [None, None, "a", "a", None])
    assert partition(found) == named([0, 1, 2, 3], [4])


def test_a_group_is_named_by_the_least_prompt_hash_in_it(make_sample: MakeSample) -> None:
    sample = make_sample([(P, "好", "坏"), (P_EDITED, "好", "坏")])
    found = group_prompts(sample.keys, sample.alive, sample.prompt_tokens, 0.8, 1)
    assert found.tolist() == [sample.keys.sides[:, 0].min()] * 2


def test_languages_have_groups_of_their_own(make_sample: MakeSample) -> None:
    assert partition(groups(make_sample, ["OK?", "OK?"], lang=["zh", "en"])) == named([0], [1])


def test_dropped_pairs_are_in_no_group_and_join_none(make_sample: MakeSample) -> None:
    found = groups(make_sample, [P, Q, "三"], ["a", None, "a"], alive=np.array([False, True, True]))
    assert found[0] == 0
    assert len(set(found.tolist())) == 3


def test_no_pair_has_no_group(make_sample: MakeSample) -> None:
    assert groups(make_sample, []).tolist() == []


def test_a_prompt_and_its_repetition_have_the_same_ngrams_and_are_one_group(make_sample: MakeSample) -> None:
    assert partition(groups(make_sample, ["哈" * 20, "哈" * 60])) == named([0, 1])


PROMPT = st.sampled_from(["甲", "乙", "丙", P, P_EDITED, Q])
ROWS = st.lists(st.tuples(PROMPT, st.sampled_from([None, "a", "b", "c"])), max_size=10)


def naive_partition(rows: list[tuple[str, str | None]]) -> set[frozenset[int]]:
    """Groups by joining them as long as two of them touch."""
    parts = [{row} for row in range(len(rows))]

    def touch(a: int, b: int) -> bool:
        (prompt, item), (other, its_item) = rows[a], rows[b]
        return prompt == other or {prompt, other} == {P, P_EDITED} or (item is not None and item == its_item)

    for a in range(len(rows)):
        for b in range(a):
            if touch(a, b):
                joined = [part for part in parts if a in part or b in part]
                parts = [part for part in parts if part not in joined] + [set().union(*joined)]
    return {frozenset(part) for part in parts}


@given(ROWS)
def test_groups_are_the_connected_components(make_sample: MakeSample, rows: list[tuple[str, str | None]]) -> None:
    found = groups(make_sample, [prompt for prompt, _ in rows], [item for _, item in rows])
    assert partition(found) == naive_partition(rows)


@given(ROWS, st.data())
def test_groups_depend_neither_on_the_order_nor_on_workers(
    make_sample: MakeSample, rows: list[tuple[str, str | None]], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(rows))))
    straight = groups(make_sample, [prompt for prompt, _ in rows], [item for _, item in rows])
    permuted = groups(make_sample, [rows[place][0] for place in order], [rows[place][1] for place in order], workers=2)
    assert permuted.tolist() == [straight[place] for place in order]
