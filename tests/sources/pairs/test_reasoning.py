"""Reasoning of answers is counted, kept, stripped or separated; what is not closed stays."""

from collections.abc import Callable
from typing import Any

import orjson
import pyarrow as pa
import pytest

from sources.pairs.extras import EXTRAS, write_extras
from sources.pairs.reasoning import count_reasoning, set_reasoning

Pairs = Callable[..., pa.Table]
THOUGHT = "<think>\n先想一想。\n</think>\n\n四个。"
ROWS: list[Any] = [
    ("一年有几个季节？", THOUGHT, "两个。"),
    ("写一写 <think> 是什么。", "它是一个标签：<think>。", "不知道。"),
    ("没有说完？", "<think>想到一半", "好的。"),
]


def said(pairs: pa.Table, side: str) -> list[str]:
    return [turns[0]["content"] for turns in pairs[side].to_pylist()]


def extras(pairs: pa.Table) -> list[Any]:
    return [None if text is None else orjson.loads(text) for text in pairs[EXTRAS.name].to_pylist()]


@pytest.fixture
def pairs(make_pairs: Pairs) -> pa.Table:
    """ROWS, and a pair with reasoning under a key of its own."""
    table = make_pairs([*ROWS, ("一加一？", "简单。\n等于二。", "三。")])
    turns = (
        [{"role": "user", "content": "一加一？"}],
        [{"role": "assistant", "content": "等于二。", "reasoning_content": "简单。"}],
        [{"role": "assistant", "content": "三。"}],
    )
    whole = pa.array([None, None, None, write_extras(None, turns)], EXTRAS.type)
    names = [name for name in table.column_names if name != EXTRAS.name]
    return table.select(names).append_column(EXTRAS, whole)


def test_answers_with_reasoning_are_counted(pairs: pa.Table) -> None:
    assert count_reasoning(pairs) == {"chosen": 3}
    assert count_reasoning(pairs.slice(1, 1)) == {}


def test_keep_changes_nothing(pairs: pa.Table) -> None:
    assert set_reasoning(pairs, "keep") == (pairs, {})


def test_strip_takes_reasoning_out_of_answers(pairs: pa.Table) -> None:
    stripped, counts = set_reasoning(pairs, "strip")
    assert counts == {"reasoning_stripped": 2}
    assert said(stripped, "chosen") == ["四个。", ROWS[1][1], ROWS[2][1], "等于二。"]
    assert extras(stripped) == [None] * 4, "nothing is left that is more than text"
    assert said(stripped, "rejected") == said(pairs, "rejected")


def test_separate_puts_it_under_its_own_key(pairs: pa.Table) -> None:
    apart, counts = set_reasoning(pairs, "separate")
    assert counts == {"reasoning_separated": 1}
    first, second, third, fourth = extras(apart)
    answer = {"role": "assistant", "content": "四个。", "reasoning_content": "先想一想。"}
    assert first["messages"]["chosen"] == [answer]
    assert (second, third) == (None, None)
    assert fourth["messages"]["chosen"][0]["reasoning_content"] == "简单。"
    assert said(apart, "chosen")[0] == "先想一想。\n四个。", "what duplicates and checks read"


def test_the_other_columns_stay(pairs: pa.Table) -> None:
    for policy in ("strip", "separate"):
        changed, _ = set_reasoning(pairs, policy)  # type: ignore[arg-type]
        assert sorted(changed.column_names) == sorted(pairs.column_names)
        assert changed["prompt"] == pairs["prompt"]
