"""What sources have in common: prompts word for word, and pairs that went as duplicates."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.building.pipeline import Built
from builders.inputs.recipe import add_sources, load_recipe
from builders.measures.overlap import count_overlaps
from sources.registry import find_sources
from tests.upstreams.layouts import LAYOUTS, Item
from tests.upstreams.write import open_table, place

BuildSample = Callable[..., list[Built]]
hashes = st.lists(st.integers(0, 12), max_size=8)


@given(st.dictionaries(st.sampled_from("abc"), hashes, min_size=1))
def test_what_is_shared_is_what_both_sets_have(prompts: dict[str, list[int]]) -> None:
    arrays = {source: np.array(each, np.uint64) for source, each in prompts.items()}
    found = {one.source: one for one in count_overlaps(arrays, {})}
    sets = {source: set(each) for source, each in prompts.items()}
    for source, mine in sets.items():
        expected = {other: len(mine & theirs) for other, theirs in sets.items() if other != source and mine & theirs}
        assert (found[source].shared if source in found else {}) == expected
        assert source not in found or found[source].prompts == len(mine)


def test_a_source_that_nothing_ties_to_another_is_left_out() -> None:
    prompts = {name: np.array(each, np.uint64) for name, each in (("a", [1, 2, 2]), ("b", [2, 3]), ("c", [9]))}
    assert [one.source for one in count_overlaps(prompts, {})] == ["a", "b"]
    assert [one.source for one in count_overlaps(prompts, {"c": {"a": 1}})] == ["a", "b", "c"]


NAMES = ("小狗", "月亮", "西瓜", "算盘", "河马", "毛笔", "台风", "豆浆", "口琴", "竹筏")


def items(first: int, last: int, *answers: str) -> list[Item]:
    return [
        Item(number, "zh", f"请介绍一下{name}有什么用处？", tuple(f"{name}{said}" for said in answers))
        for number, name in enumerate(NAMES[first:last])
    ]


@pytest.fixture
def built(tmp_path: Path, build_sample: BuildSample) -> Built:
    """coig_p with ten prompts: eight of them are in ultrafeedback_zh too, five with the same answers."""
    same, other = ("很有用，用法也简单。", "我不知道。"), ("常常放在书房的角落里。", "没有什么可以说的了。")
    rows = {
        "ultrafeedback_zh": [*items(0, 5, *same), *items(5, 8, *other)],
        "coig_p": items(0, 10, *same),
    }
    for name, each in rows.items():
        (source,) = find_sources(name, "test")
        with open_table(tmp_path / "mirror" / place(source.files(source.options())[0])) as table:
            for item in each:
                table.append(LAYOUTS[name](item))
    recipe = add_sources(load_recipe("ct-llm"), list(rows), "test")
    (done,) = build_sample(mirror=tmp_path / "mirror", recipe=recipe, only=tuple(rows), report=True)
    return done


def test_a_build_says_which_source_repeats_which(built: Built) -> None:
    found: dict[str, Any] = {one.source: one for one in built.overlaps}
    assert (found["ultrafeedback_zh"].prompts, found["ultrafeedback_zh"].shared) == (8, {"coig_p": 8})
    assert (found["coig_p"].prompts, found["coig_p"].shared) == (10, {"ultrafeedback_zh": 8})
    assert (found["coig_p"].duplicates, found["ultrafeedback_zh"].duplicates) == ({"ultrafeedback_zh": 5}, {})


def test_the_manifest_and_the_report_say_so_too(built: Built) -> None:
    manifest = json.loads((built.folder / "manifest.json").read_text("utf-8"))
    assert manifest["overlaps"] == [one.as_dict() for one in built.overlaps]
    report = (built.folder / "report.html").read_text("utf-8")
    table = report[report.index("What sources have in common</h3>") :]
    assert "<td>100.0%</td>" in table
    assert "<td>80.0%</td>" in table


def test_sources_that_have_nothing_in_common_get_no_table(build_sample: BuildSample) -> None:
    (built,) = build_sample(only=("huozi",), report=True)
    assert built.overlaps == []
    assert "What sources have in common</h3>" not in (built.folder / "report.html").read_text("utf-8")
