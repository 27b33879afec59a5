"""cheems: ranked, compared or flat, as the loader of its authors reads them."""

from collections.abc import Callable
from typing import Any

import pytest

from sources.cheems import SOURCE
from sources.command.errors import MissingColumnError
from tests.upstreams.layouts import ZH, cheems

Adapt = Callable[..., Any]

RESPONSES = [{"id": f"r{place}", "content": said} for place, said in enumerate(ZH.answers)]


def row(**changes: Any) -> dict[str, Any]:
    return {"input": ZH.question, "responses": RESPONSES, **changes}


def sides(result: Any) -> list[tuple[str, str]]:
    return [(chosen, rejected) for _, chosen, rejected in result.texts]


def test_of_ranks_the_lowest_is_best(adapt: Adapt) -> None:
    ranked = row(rank={"r0": 3, "r1": 1, "r2": 2})
    assert sides(adapt(SOURCE, [ranked])) == [("梨。", "苹果。")]
    assert sides(adapt(SOURCE, [ranked], pairing="adjacent")) == [("梨。", "白菜。"), ("白菜。", "苹果。")]


@pytest.mark.parametrize("ranks", [{"r0": 1, "r1": 1, "r2": 1}, {"r0": 1}], ids=["all equal", "one ranked"])
def test_ranks_without_an_order_give_no_pair(adapt: Adapt, ranks: dict[str, int]) -> None:
    assert adapt(SOURCE, [row(rank=ranks)]).reasons[0][1] in ("tie", "not_two_answers")
    assert adapt(SOURCE, [row(rank=ranks)]).pairs == []


@pytest.mark.parametrize(
    "annotation", [["r2", "r0", "1"], {"answer1": "r2", "answer2": "r0", "preference": 1},
                   {"answer1": "r0", "answer2": "r2", "preference": 2}], ids=["list", "first", "second"],
)  # fmt: skip
def test_an_annotation_names_the_better_answer(adapt: Adapt, annotation: Any) -> None:
    assert sides(adapt(SOURCE, [row(annotations=[annotation])])) == [("白菜。", "苹果。")]


def test_the_way_round_that_more_annotations_say_holds(adapt: Adapt) -> None:
    votes = [["r0", "r1", "1"], ["r1", "r0", "1"], ["r1", "r0", "1"], ["r2", "r1", "1"]]
    assert sides(adapt(SOURCE, [row(annotations=votes)])) == [("梨。", "苹果。")]
    assert sides(adapt(SOURCE, [row(annotations=votes)], pairs_per_prompt=5)) == [
        ("梨。", "苹果。"),
        ("白菜。", "梨。"),
    ]


@pytest.mark.parametrize(
    ("annotations", "reason"),
    [
        ([["r0", "r1", "1"], ["r1", "r0", "1"]], "tie"),
        ([], "tie"),
        ([["r0", "r9", "1"]], "tie"),
        ([["r0", "r1", "0"]], "unknown_verdict"),
        (["r0"], "unknown_verdict"),
    ],
    ids=["as many", "none", "of an answer that is not there", "another value", "no pair"],
)
def test_annotations_without_an_order_give_no_pair(adapt: Adapt, annotations: list[Any], reason: str) -> None:
    assert adapt(SOURCE, [row(annotations=annotations)]).reasons == [(0, reason)]


def test_a_flat_row_says_which_answer_is_better(adapt: Adapt) -> None:
    flat = {"input": "说出一种水果。", "answer1": "白菜。", "answer2": "苹果。", "preference": 2}
    assert adapt(SOURCE, [flat]).texts == [("说出一种水果。", "苹果。", "白菜。")]
    assert adapt(SOURCE, [flat | {"preference": 3}]).reasons == [(0, "unknown_verdict")]


def test_a_system_prompt_stands_before_the_question(adapt: Adapt) -> None:
    (pair,) = adapt(SOURCE, [row(rank={"r0": 1, "r2": 2}, sys_prompt="你是园丁。")]).pairs
    assert [(turn["role"], turn["content"]) for turn in pair["prompt"]] == [
        ("system", "你是园丁。"),
        ("user", ZH.question),
    ]


def test_the_forms_of_the_generator_all_give_pairs(adapt: Adapt) -> None:
    forms = [cheems(ZH.numbered(number)) for number in range(3)]
    assert [len(adapt(SOURCE, [form]).pairs) for form in forms] == [1, 1, 1]


def test_other_columns_are_refused_by_their_names(adapt: Adapt) -> None:
    with pytest.raises(MissingColumnError, match="found question, responses"):
        adapt(SOURCE, [{"question": ZH.question, "responses": RESPONSES}])


def test_answers_of_another_form_cost_only_their_row(adapt: Adapt) -> None:
    result = adapt(SOURCE, [row(rank={"r0": 1, "r2": 2}), row(responses=["苹果。"], annotations=[["r0", "r1", "1"]])])
    assert result.reasons == [(1, "wrong_type")]
