"""Reasoning in answers: one-sided, unclosed, empty, or all that differs."""

from collections.abc import Callable

import pyarrow as pa
import pytest

from sources.checks import CheckLimits
from sources.checks.reasoning import (
    reasoning_empty,
    reasoning_one_sided,
    reasoning_only_difference,
    reasoning_unclosed,
)
from sources.pairs.extras import EXTRAS, narrow_answer, write_extras
from sources.text.texts import PairTexts

MakeTexts = Callable[..., PairTexts]
CHECKS = {
    "one_sided": reasoning_one_sided,
    "unclosed": reasoning_unclosed,
    "empty": reasoning_empty,
    "only_difference": reasoning_only_difference,
}
PAIRS = [
    ("<think>先算一算。</think>是四。", "<think>猜一下。</think>是五。", set()),
    ("<think>先算一算。</think>是四。", "是五。", {"one_sided"}),
    ("It is four.", "<think>Let me see.</think>It is five.", {"one_sided"}),
    ("<think>先算一算。是四。", "<think>猜。</think>是五。", {"unclosed"}),
    ("先算一算。</think>是四。", "<think>猜。</think>是五。", {"unclosed"}),
    ("<think>\n\n</think>\n是四。", "<think>猜。</think>是五。", {"empty"}),
    ("<thinking></thinking>Four.", "Five.", {"empty", "one_sided"}),
    ("<think>好好想。</think>是四。", "<think>随便想。</think>\n是四。", {"only_difference"}),
    ("<think>Two and two.</think>Four.", "Four.", {"only_difference", "one_sided"}),
    ("是四。", "是五。", set()),
    ("I think it is four.", "I think it is five.", set()),
    ("用 `<think>` 标记推理。", "不知道。", set()),
    ("```\n<think>\n```", "None here.", set()),
    ("a < think > b", "a <thinker> b", set()),
    ("它是一个标签：<think>。", "不知道。", set()),
    ("<think>```\n未完</think>是四。", "<think>猜。</think>是五。", set()),
    ("<think>a</think>```\nx\n```", "<think>b</think>```\ny\n```", set()),
    ("<THINK>好。</THINK>是四。", "<reasoning>猜。</reasoning>是五。", set()),
    ("他想了想（思考中），说：四。", "四", set()),
]


@pytest.mark.parametrize(("chosen", "rejected", "codes"), PAIRS)
def test_each_fault_of_reasoning_has_its_code(
    make_texts: MakeTexts, chosen: str, rejected: str, codes: set[str]
) -> None:
    texts = make_texts(("二加二是几？", "四", "五"), ("二加二是几？", chosen, rejected))
    found = {code: list(check(texts, CheckLimits())) for code, check in CHECKS.items()}
    assert found == {code: [1] if code in codes else [] for code in CHECKS}


UNDER_KEYS = [
    ({"reasoning_content": "先算一算。"}, "是四。", {"thinking": "猜。"}, "是五。", set()),
    ({"reasoning_content": "先算一算。"}, "是四。", {}, "是五。", {"one_sided"}),
    ({"reasoning": "先算一算。"}, "是四。", {}, "<think>猜。</think>是五。", set()),
    ({"reasoning_content": "算。"}, "是四。", {"reasoning_content": "猜。"}, "是 四。", {"only_difference"}),
    ({}, "是四。", {"reasoning_content": "猜。"}, "是四。", {"one_sided", "only_difference"}),
    ({"reasoning_content": "算。"}, "<think></think>是四。", {"reasoning_content": "猜。"}, "五", set()),
    ({"name": "x"}, "是四。", {}, "是五。", set()),
]


@pytest.mark.parametrize(("beside_chosen", "chosen", "beside_rejected", "rejected", "codes"), UNDER_KEYS)
def test_reasoning_under_a_key_is_seen_too(
    beside_chosen: dict[str, str],
    chosen: str,
    beside_rejected: dict[str, str],
    rejected: str,
    codes: set[str],
    make_texts: MakeTexts,
) -> None:
    answers = [
        [{"role": "assistant", "content": said, **beside}]
        for said, beside in ((chosen, beside_chosen), (rejected, beside_rejected))
    ]
    sides = [[{"role": "user", "content": "二加二是几？"}], *answers]
    narrow = make_texts(("二加二是几？", *map(narrow_answer, answers))).pairs
    texts = PairTexts(narrow.append_column(EXTRAS, pa.array([write_extras(None, sides)], EXTRAS.type)))
    assert {code for code, check in CHECKS.items() if check(texts, CheckLimits())} == codes
