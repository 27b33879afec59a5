"""ultrafeedback_zh: four rated answers, or the publisher's pairs."""

from collections.abc import Callable
from typing import Any

import pytest

from sources.command.errors import MissingColumnError
from sources.ultrafeedback_zh import SOURCE
from tests.upstreams.layouts import ZH, annotations, ultrafeedback_zh

Adapt = Callable[..., Any]

ROW = ultrafeedback_zh(ZH)


def rated(*ratings: dict[str, Any]) -> dict[str, Any]:
    """The row with these annotations of its answers."""
    answers = [
        {**each, "annotations": said, "overall_score": 1.0}
        for each, said in zip(ROW["completions"], ratings, strict=False)
    ]
    return {**ROW, "completions": answers}


def test_the_best_answer_is_chosen_and_the_worst_rejected_with_their_models(adapt: Adapt) -> None:
    result = adapt(SOURCE, [ROW])
    assert result.texts == [("说出一种水果。", "苹果。", "白菜。")]
    (pair,) = result.pairs
    assert (pair["chosen_model"], pair["rejected_model"]) == ("deepseek-v3", "glm-4-9b-chat")
    assert (pair["score_chosen"], pair["score_rejected"]) == (5.0, 3.0)


@pytest.mark.parametrize(("pairing", "count"), [("best_worst", 1), ("adjacent", 2), ("all", 3)])
def test_the_option_says_which_pairs(adapt: Adapt, pairing: str, count: int) -> None:
    assert len(adapt(SOURCE, [ROW], pairing=pairing).pairs) == count


def test_helpfulness_counts_twice_unless_the_mean_is_asked_for(adapt: Adapt) -> None:
    helpful = annotations(3) | {"helpfulness": {"Rating": "5"}}
    honest = annotations(3) | {"honesty": {"Rating": "5"}, "truthfulness": {"Rating": "5"}}
    row = rated(helpful, honest)
    assert adapt(SOURCE, [row]).reasons == [(0, "tie")]
    assert adapt(SOURCE, [row], preferred_by="mean").texts[0][1] == "梨。"
    assert adapt(SOURCE, [row], preferred_by="overall_score").reasons == [(0, "tie")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (rated(annotations(4), annotations(4), annotations(4)), "tie"),
        (rated(annotations(4), {}, {"helpfulness": {"Rating": "N/A"}}), "not_two_answers"),
        ({**ROW, "completions": []}, "not_two_answers"),
        ({**ROW, "completions": ["苹果。", "白菜。"]}, "wrong_type"),
        ({**ROW, "source": "Maxlinn/TruthfulQA_zh"}, "benchmark_part"),
    ],
    ids=["all equal", "one rated", "no answers", "no objects", "benchmark"],
)
def test_a_row_without_an_order_is_skipped_with_its_reason(adapt: Adapt, row: dict[str, Any], reason: str) -> None:
    assert adapt(SOURCE, [row], name="rows.jsonl").reasons == [(0, reason)]


def test_the_rows_of_the_benchmark_are_taken_when_asked_for(adapt: Adapt) -> None:
    assert len(adapt(SOURCE, [{**ROW, "source": "Maxlinn/TruthfulQA_zh"}], truthful_qa=True).pairs) == 1


def test_answers_nearer_than_the_margin_make_no_pair(adapt: Adapt) -> None:
    assert adapt(SOURCE, [ROW], min_margin=2.5).reasons == [(0, "tie")]
    assert len(adapt(SOURCE, [ROW], min_margin=2.0).pairs) == 1


@pytest.mark.parametrize("spell", [dict, str], ids=["dict", "text of a dict"])
@pytest.mark.parametrize("file", ["lowest", "random"])
def test_the_publishers_pairs_are_read_with_both_spellings_of_ratings(adapt: Adapt, spell: Any, file: str) -> None:
    ratings = {"chosen": {"helpfulness": "5", "overall_score": 4.6}, "rejected": {"overall_score": 1.2}}
    row = {"source": "x", "instruction": "说出一种水果。", "chosen_response": "苹果。", "rejected_response": "白菜。"}
    row |= {f"{side}_rating": spell(rating) for side, rating in ratings.items()}
    result = adapt(SOURCE, [row], file=file)
    assert result.texts == [("说出一种水果。", "苹果。", "白菜。")]
    assert (result.pairs[0]["score_chosen"], result.pairs[0]["score_rejected"]) == (4.6, 1.2)


def test_other_columns_are_refused_by_their_names(adapt: Adapt) -> None:
    with pytest.raises(MissingColumnError, match="found prompt, answers; expected instruction, completions or"):
        adapt(SOURCE, [{"prompt": "说出一种水果。", "answers": []}])
