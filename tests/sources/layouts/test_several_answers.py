"""Scored and ranked answers, verdicts with their ties, single answers: which pairs they give."""

from typing import Any

import pytest

from sources.command.errors import UsageError
from sources.layouts.find import name_layout, row_reader
from sources.layouts.layout import Draft, Half, NoPairError, Options
from sources.layouts.unpaired import pair_up
from tests.sources.layouts.rows import Row, drafts, refusal, said


def answers(layout: str, row: Row) -> list[tuple[str, str]]:
    return [(draft.chosen[-1]["content"], draft.rejected[-1]["content"]) for draft in drafts(layout, row)]


RANKED = {
    "prompt": "一",
    "completions": [
        {"response": text, "overall_score": score, "model": f"m{score}"}
        for text, score in (("中", 5), ("差", 1), ("好", "9"))
    ],
}


@pytest.mark.parametrize(
    ("options", "pairs"),
    [
        ("", [("好", "差")]),
        ("(pairs=best_worst)", [("好", "差")]),
        ("(pairs=first)", [("好", "中")]),
        ("(pairs=adjacent)", [("好", "中"), ("中", "差")]),
        ("(pairs=all)", [("好", "中"), ("好", "差"), ("中", "差")]),
        ("(pairs=all,min_margin=5)", [("好", "差")]),
    ],
)
def test_scored_answers(options: str, pairs: list[tuple[str, str]]) -> None:
    assert answers(f"scored{options}", RANKED) == pairs


def test_scores_and_models_go_with_their_answers() -> None:
    (draft,) = drafts("scored", RANKED)
    assert (draft.score_chosen, draft.score_rejected) == (9.0, 1.0)
    assert (draft.chosen_model, draft.rejected_model) == ("m9", "m1")
    assert draft.unread == ("completions[] beyond two",)


def test_of_a_rank_the_lowest_is_best() -> None:
    ranked = [{"answer": text, "rank": rank} for text, rank in (("差", 7), ("好", 1), ("中", 3))]
    assert answers("scored", {"prompt": "一", "answers": ranked}) == [("好", "差")]
    assert answers("scored-lists", {"prompt": "一", "responses": ["差", "好"], "ranks": [2, 1]}) == [("好", "差")]


def test_equal_scores_are_a_tie_and_one_answer_is_none() -> None:
    tied = {"prompt": "一", "responses": ["甲", "乙"], "scores": [1, 1]}
    assert refusal("scored-lists", tied) == ("tie", "the scores are 1, 1")
    assert refusal("scored-lists", {**tied, "scores": [1, None]})[0] == "not_two_answers"
    assert refusal("scored-lists", {**tied, "scores": [1, 2, 3]})[0] == "wrong_type"


def test_a_ranked_list_of_any_length() -> None:
    row = {"instruction": "一", "output": ["好", "中", "差"]}
    assert answers("llamafactory-old", row) == [("好", "中")]
    assert drafts("llamafactory-old", row)[0].unread == ("output[2:]",)
    assert len(answers("llamafactory-old(pairs=all)", row)) == 3


TWO = {"prompt": "一", "response_a": "甲", "response_b": "乙"}


@pytest.mark.parametrize(
    ("column", "value", "better"),
    [
        ("winner", "a", "甲"),
        ("winner", "model_b", "乙"),
        ("preference", "response_b", "乙"),
        ("label", 0, "甲"),
        ("label", "1", "乙"),
        ("choice", "B", "乙"),
    ],
)
def test_a_winner_in_words_or_numbers(column: str, value: Any, better: str) -> None:
    assert answers("winner", {**TWO, column: value})[0][0] == better


def test_numbers_are_counted_as_the_columns_are() -> None:
    row = {"prompt": "一", "response_1": "甲", "response_2": "乙"}
    assert answers("winner", {**row, "preference": 1})[0][0] == "甲"
    assert answers("winner", {**row, "preference": "2"})[0][0] == "乙"


@pytest.mark.parametrize(
    ("value", "why"), [("tie", "tie"), ("tie (bothbad)", "both_bad"), ("?", "unknown_verdict"), (7, "unknown_verdict")]
)
def test_ties_and_refusals_to_choose(value: Any, why: str) -> None:
    assert refusal("winner", {**TWO, "winner": value})[0] == why


@pytest.mark.parametrize(("strength", "better"), [(-3, "甲"), ("-1", "甲"), (2, "乙")])
def test_help_steer(strength: Any, better: str) -> None:
    row = {"context": [said("user", "一")], "response1": "甲", "response2": "乙", "overall_preference": strength}
    (draft,) = drafts("helpsteer", row)
    assert draft.chosen[0]["content"] == better
    assert (draft.score_chosen, draft.score_rejected) == (abs(float(strength)), 0.0)
    assert refusal("helpsteer", {**row, "overall_preference": 0})[0] == "tie"
    assert refusal("helpsteer", {**row, "overall_preference": 100})[0] == "unknown_verdict"


def test_lists_of_answers_are_a_pair_each() -> None:
    row = {"prompt": "一", "chosen": ["好"], "rejected": ["坏", "更坏"]}
    assert answers("trl-standard", row) == [("好", "坏"), ("好", "更坏")]
    swift = {"messages": [said("user", "一"), said("assistant", "好")], "rejected_response": ["坏", "更坏"]}
    assert answers("ms-swift", swift) == [("好", "坏"), ("好", "更坏")]


def halves(*liked: bool) -> list[tuple[int, Half]]:
    return [
        (row, Half([said("user", "一")], [said("assistant", str(row))], is_liked)) for row, is_liked in enumerate(liked)
    ]


def test_single_answers_pair_first_with_first() -> None:
    pairs, lost = pair_up(halves(True, False, True, False, True), Options())
    assert [(row, draft.rejected_row) for row, draft in pairs] == [(0, 1), (2, 3)]
    assert lost == [(4, "unpaired_answer", "its prompt has 3 liked and 2 disliked answers")]


def test_single_answers_pair_each_with_each_by_option() -> None:
    pairs, lost = pair_up(halves(True, False, True), Options(pairs="all"))
    assert [(row, draft.rejected_row) for row, draft in pairs] == [(0, 1), (2, 1)]
    assert not lost


def test_single_answers_to_other_prompts_are_left_over() -> None:
    one, (_, other) = halves(True, False)
    other.prompt = [said("user", "二")]
    pairs, lost = pair_up([one, (1, other)], Options())
    assert not pairs
    assert [row for row, _, _ in lost] == [0, 1]


ROW: Row = {
    "data": {"q": {"text": "一"}, "extra": 1},
    "answers": [{"text": "好", "s": 2}, {"text": "坏", "s": 1}],
    "sys": "你是猫。",
}
PATHS = (
    "keys(prompt=data.q.text,chosen=answers[0].text,rejected=answers[-1].text,"
    "score_chosen=answers[0].s,score_rejected=answers[1].s,system=sys)"
)


def test_paths_lead_into_a_row() -> None:
    read = row_reader(PATHS, is_named=True)(ROW)
    (draft,) = read.drafts
    assert isinstance(draft, Draft)
    assert [turn["content"] for turn in draft.prompt] == ["你是猫。", "一"]
    assert (draft.chosen[0]["content"], draft.rejected[0]["content"]) == ("好", "坏")
    assert (draft.score_chosen, draft.score_rejected) == (2.0, 1.0)
    assert read.unused == ["data.extra"]


def test_a_path_that_leads_nowhere_is_named() -> None:
    with pytest.raises(NoPairError, match="wrong_type"):
        row_reader(PATHS, is_named=True)({**ROW, "answers": []})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("scored(pairs=most)", "pairs=most for scored; expected best_worst, adjacent, all, first"),
        ("trl(pairs=all)", "a row of this layout is one pair"),
        ("scored(best=1)", "has no option best"),
        ("scored(min_margin=x)", "min_margin=x; expected a number"),
        ("keys(prompt=a..b,chosen=c,rejected=d)", "a..b is no path"),
    ],
)
def test_options_that_do_not_exist(name: str, words: str) -> None:
    with pytest.raises(UsageError) as refused:
        name_layout(name, "--add")
    assert words in str(refused.value)
