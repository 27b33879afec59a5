"""The keys of pairs: what comparing stages know."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.stages.keys import Keys, compute_keys, concatenate, pair_hashes
from sources.text.minhash import BANDS, DIGESTS

MakeSample = Callable[..., Any]

ROW = ("请介绍一下北京的历史", "北京有三千多年的历史。", "我不知道。")
ROWS = st.lists(st.tuples(*[st.sampled_from(["甲", "乙", "丙丁戊己庚"])] * 3), max_size=6)


def as_lists(keys: Keys) -> dict[str, list[Any]]:
    return {field.name: getattr(keys, field.name).tolist() for field in fields(Keys)}


def test_keys_have_the_shapes_and_types_that_they_promise(make_sample: MakeSample) -> None:
    found, none = make_sample([ROW] * 3).keys, Keys.none()
    assert (len(found), len(none)) == (3, 0)
    for field in fields(Keys):
        column, empty = getattr(found, field.name), getattr(none, field.name)
        assert (column.dtype, column.shape[1:]) == (empty.dtype, empty.shape[1:]), field.name
    assert found.prompt_bands.shape == (3, BANDS)
    assert found.pair_digests.shape == (3, DIGESTS)


def test_ids_are_the_content_ids(make_sample: MakeSample) -> None:
    sample = make_sample([ROW, ("问", "好", "坏")])
    assert [f"{high:016x}{low:016x}" for high, low in sample.keys.ids.tolist()] == sample.texts.pairs["id"].to_pylist()


def test_equal_pairs_of_two_languages_have_other_keys(make_sample: MakeSample) -> None:
    keys = make_sample([ROW, ROW], lang=["zh", "en"]).keys
    assert keys.lang.tolist() == [0, 1]
    assert keys.exact[0] != keys.exact[1]
    assert not (keys.sides[0] == keys.sides[1]).any()
    assert not (keys.pair_digests[0] == keys.pair_digests[1]).any()
    assert not (keys.prompt_bands[0] == keys.prompt_bands[1]).any()


def test_items_have_keys_and_no_item_has_zero(make_sample: MakeSample) -> None:
    items = make_sample([ROW] * 5, items=["a", None, "b", "a", ""]).keys.items
    assert items[0] == items[3] != items[2]
    assert items[1] == items[4] == 0
    assert (items[[0, 2, 3]] != 0).all()


def test_prompt_sizes_count_the_distinct_ngrams_of_the_prompt(make_sample: MakeSample) -> None:
    keys = make_sample([("", "好", "坏"), ("一二", "好", "坏"), ("一二三四五六", "好", "坏")]).keys
    assert keys.prompt_sizes.tolist() == [0, 1, 3]


def test_prompt_sizes_stop_at_the_largest_number_that_fits(make_sample: MakeSample) -> None:
    prompt = "".join(map(chr, np.random.default_rng(0).integers(0x4E00, 0x9FA5, 70_000)))
    assert make_sample([(prompt, "好", "坏")]).keys.prompt_sizes.tolist() == [65_535]


@given(ROWS, st.data())
def test_keys_of_batches_are_the_keys_of_the_whole(
    make_sample: MakeSample, rows: list[tuple[str, str, str]], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(rows)))
    batches = [make_sample(rows[:cut]).keys, Keys.none(), make_sample(rows[cut:]).keys]
    assert as_lists(concatenate(batches)) == as_lists(make_sample(rows).keys)
    assert batches == []


def test_keys_carry_the_place_of_the_source_and_what_checks_left(make_sample: MakeSample) -> None:
    texts = make_sample([ROW] * 2).texts
    keys = compute_keys(texts, 7, np.array([True, False]))
    assert keys.source.tolist() == [7, 7]
    assert keys.alive.tolist() == [True, False]


@pytest.mark.parametrize("other", [[2, 1, 3], [1, 3, 2], [3, 2, 1], [0, 1, 2]])
def test_a_pair_hash_depends_on_the_order_of_the_sides(other: list[int]) -> None:
    assert pair_hashes(np.array([[1, 2, 3]], np.uint64)) != pair_hashes(np.array([other], np.uint64))
