"""ultrafeedback: four rated answers, or the pairs that Argilla made of them."""

from collections.abc import Callable
from typing import Any

import pytest

from sources.ultrafeedback import SOURCE
from tests.upstreams.layouts import EN, annotations, dialogue, ultrafeedback

Adapt = Callable[..., Any]

ROW = ultrafeedback(EN)


def rated(*ratings: str) -> dict[str, Any]:
    answers = [
        {**each, "annotations": {"helpfulness": {"Rating": rating}}, "overall_score": 10.0}
        for each, rating in zip(ROW["completions"], ratings, strict=False)
    ]
    return {**ROW, "completions": answers}


def test_the_mean_of_the_ratings_decides_and_not_the_overall_score(adapt: Adapt) -> None:
    result = adapt(SOURCE, [rated("2", "5", "3")])
    assert result.texts == [("Name a fruit.", "A pear.", "An apple.")]
    assert (result.pairs[0]["chosen_model"], result.pairs[0]["score_chosen"]) == ("llama-2-70b-chat", 5)


def test_a_rating_that_is_not_applicable_does_not_count(adapt: Adapt) -> None:
    partly = annotations(2) | {"truthfulness": {"Rating": "N/A"}}
    row = {**ROW, "completions": [ROW["completions"][0], {**ROW["completions"][1], "annotations": partly}]}
    assert adapt(SOURCE, [row]).pairs[0]["score_rejected"] == 2


@pytest.mark.parametrize(
    ("ratings", "reason"), [(("3", "3", "3"), "tie"), (("5", "N/A", "N/A"), "not_two_answers")], ids=str
)
def test_a_row_without_an_order_is_skipped(adapt: Adapt, ratings: tuple[str, ...], reason: str) -> None:
    assert adapt(SOURCE, [rated(*ratings)]).reasons == [(0, reason)]


def test_the_benchmark_is_no_file_of_it_unless_asked_for() -> None:
    assert "truthful_qa.jsonl" not in [file.path for file in SOURCE.files(SOURCE.options())]
    assert [file.path for file in SOURCE.files(SOURCE.options(subsets=("truthful_qa",)))] == ["truthful_qa.jsonl"]


def test_the_pairs_of_argilla_are_taken_as_they_are(adapt: Adapt) -> None:
    row = {"source": "flan", "prompt": EN.question, "chosen": dialogue(EN, EN.best), "rejected": dialogue(EN, EN.worst)}
    row |= {"chosen-rating": 4.5, "rejected-rating": 1.0, "chosen-model": "gpt-4", "rejected-model": "alpaca-7b"}
    result = adapt(SOURCE, [row], file="argilla_cleaned")
    assert result.texts == [("Name a fruit.", "An apple.", "A cabbage.")]
    (pair,) = result.pairs
    assert (pair["score_chosen"], pair["score_rejected"], pair["rejected_model"]) == (4.5, 1.0, "alpaca-7b")
