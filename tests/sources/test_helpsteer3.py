"""helpsteer3: two answers and how much one is preferred, in several languages."""

from collections.abc import Callable
from typing import Any

import pytest

from sources.helpsteer3 import EN as SOURCE_EN
from sources.helpsteer3 import ZH as SOURCE_ZH
from tests.upstreams.layouts import EN, ZH, helpsteer3

Adapt = Callable[..., Any]

ROW = helpsteer3(ZH)


def test_each_language_takes_its_own_rows_and_says_so_of_the_others(adapt: Adapt) -> None:
    rows = [ROW, helpsteer3(EN), {**ROW, "language": "korean"}]
    assert adapt(SOURCE_ZH, rows).texts == [("说出一种水果。", "苹果。", "白菜。")]
    assert adapt(SOURCE_ZH, rows).reasons == [(1, "other_language_file"), (2, "other_language_file")]
    assert adapt(SOURCE_EN, rows).texts == [("Name a fruit.", "An apple.", "A cabbage.")]


def test_of_a_row_about_code_the_script_tells_the_language(adapt: Adapt) -> None:
    code = {"domain": "code", "language": "python"}
    rows = [ROW | code, helpsteer3(EN) | code]
    assert [pair["row"] for pair in adapt(SOURCE_ZH, rows).pairs] == [0]
    assert [pair["row"] for pair in adapt(SOURCE_EN, rows).pairs] == [1]


@pytest.mark.parametrize(("strength", "chosen"), [(-3, "苹果。"), (-1, "苹果。"), (1, "白菜。"), (3, "白菜。")])
def test_below_0_the_first_answer_is_chosen(adapt: Adapt, strength: int, chosen: str) -> None:
    (pair,) = adapt(SOURCE_ZH, [{**ROW, "overall_preference": strength}]).pairs
    assert pair["chosen"][0]["content"] == chosen
    assert (pair["score_chosen"], pair["score_rejected"]) == (abs(strength), 0)


def test_a_tie_and_a_small_margin_are_skipped_with_their_reason(adapt: Adapt) -> None:
    assert adapt(SOURCE_ZH, [{**ROW, "overall_preference": 0}]).reasons == [(0, "tie")]
    assert adapt(SOURCE_ZH, [ROW], min_margin=3).reasons == [(0, "tie")]
    assert len(adapt(SOURCE_ZH, [ROW], min_margin=2).pairs) == 1


@pytest.mark.parametrize("strength", [None, 100, "much"])
def test_a_preference_of_another_kind_costs_only_its_row(adapt: Adapt, strength: Any) -> None:
    result = adapt(SOURCE_ZH, [ROW, {**ROW, "overall_preference": strength}])
    assert [pair["row"] for pair in result.pairs] == [0]


@pytest.mark.parametrize(
    ("scores", "tags"), [([-2, 1], ["annotators_disagree"]), ([-2, -1, 0], []), ([2, None], []), ([], [])], ids=str
)
def test_annotators_who_disagree_are_told(adapt: Adapt, scores: list[Any], tags: list[str]) -> None:
    row = {**ROW, "individual_preference": [{"score": score, "reasoning": "..."} for score in scores]}
    assert adapt(SOURCE_ZH, [row]).pairs[0]["tags"] == tags


def test_the_context_is_kept_turn_by_turn(adapt: Adapt) -> None:
    (pair,) = adapt(SOURCE_ZH, [helpsteer3(ZH.after("你好。", "你好，请说。"))]).pairs
    assert [turn["content"] for turn in pair["prompt"]] == ["你好。", "你好，请说。", "说出一种水果。"]


def test_the_option_names_the_files() -> None:
    files = SOURCE_ZH.files(SOURCE_ZH.options(splits=("train", "validation")))
    assert [file.path for file in files] == ["preference/train.jsonl.gz", "preference/validation.jsonl.gz"]
