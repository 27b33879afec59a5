"""pku_safe_rlhf: two answers with verdicts on safety, severity and help."""

from collections.abc import Callable
from typing import Any

import pytest

from sources.pku_safe_rlhf import SOURCE
from tests.upstreams.layouts import EN, pku_safe_rlhf

Adapt = Callable[..., Any]

ROW = pku_safe_rlhf(EN)


def judged(safe: tuple[bool, bool], severity: tuple[int, int] = (1, 1), **changes: Any) -> dict[str, Any]:
    told = {f"is_response_{side}_safe": safe[side] for side in (0, 1)}
    return {**ROW, **told, **{f"response_{side}_severity_level": severity[side] for side in (0, 1)}, **changes}


def test_the_one_safe_answer_is_chosen_and_the_harm_of_the_other_told(adapt: Adapt) -> None:
    result = adapt(SOURCE, [ROW])
    assert result.texts == [("Name a fruit.", "An apple.", "A cabbage.")]
    (pair,) = result.pairs
    assert pair["tags"] == ["harm:Disrupting Public Order"]
    assert pair["chosen_model"] == "Alpaca-7B"


@pytest.mark.parametrize(("safe", "reason"), [((True, True), "both_safe"), ((False, False), "none_safe")], ids=str)
def test_two_answers_of_one_kind_are_skipped(adapt: Adapt, safe: tuple[bool, bool], reason: str) -> None:
    assert adapt(SOURCE, [judged(safe)]).reasons == [(0, reason)]


def test_by_severity_the_less_severe_answer_is_chosen(adapt: Adapt) -> None:
    rows = [judged((False, False), (3, 1)), judged((False, False), (2, 2))]
    result = adapt(SOURCE, rows, preferred_by="severity")
    assert [chosen for _, chosen, _ in result.texts] == [ROW["response_1"]]
    assert result.reasons == [(1, "tie")]


def test_by_help_the_more_helpful_of_two_safe_answers_is_chosen(adapt: Adapt) -> None:
    rows = [judged((True, True), better_response_id=0), judged((True, False)), judged((False, False))]
    rows.append(judged((True, True), better_response_id=2))
    result = adapt(SOURCE, rows, preferred_by="helpful")
    assert [chosen for _, chosen, _ in result.texts] == [ROW["response_0"]]
    assert result.reasons == [(1, "one_safe"), (2, "none_safe"), (3, "unknown_verdict")]


def test_where_help_and_safety_disagree_a_tag_says_so(adapt: Adapt) -> None:
    assert "rejected_more_helpful" in adapt(SOURCE, [ROW | {"better_response_id": 0}]).pairs[0]["tags"]
    assert "rejected_safer" in adapt(SOURCE, [ROW | {"safer_response_id": 0}]).pairs[0]["tags"]


def test_the_options_name_the_files() -> None:
    assert len(SOURCE.files(SOURCE.options())) == 3
    (file,) = SOURCE.files(SOURCE.options(subsets=("Alpaca3-8B",), splits=("test",)))
    assert file.path == "data/Alpaca3-8B/test.jsonl"
