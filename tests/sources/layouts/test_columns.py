"""Columns of known meaning in every layout: read, or the row is skipped with its reason; others are named."""

from typing import Any

import pytest

from sources.layouts.find import row_reader
from sources.layouts.layout import Draft, Half, NoPairError, Options
from sources.layouts.read_row import Read
from sources.layouts.unpaired import pair_up
from tests.sources.layouts.rows import ROWS, UNPAIRED, Row

TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}
EARLIER = [["你好", "你好，请讲。"]]
PAIR = {"prompt": "一", "chosen": "好", "rejected": "坏"}


def read(row: Row) -> Read:
    return row_reader("trl", is_named=False)(row)


def draft(**columns: Any) -> Draft:
    (found,) = read({**PAIR, **columns}).drafts
    assert isinstance(found, Draft)
    return found


def reason(**columns: Any) -> tuple[str, str]:
    with pytest.raises(NoPairError) as refused:
        read({**PAIR, **columns})
    why, evidence = refused.value.args
    return why, evidence


def roles(found: Draft) -> list[str]:
    return [turn["role"] for turn in found.prompt]


@pytest.mark.parametrize("name", ROWS["zh"])
def test_system_history_and_tools_are_read_in_every_layout(name: str) -> None:
    history = {} if name == "shp" else {"history": EARLIER}
    row = {**ROWS["zh"][name], "system": "你是猫。", "tools": [TOOL], **history}
    found = read(row)
    (pair,) = found.drafts
    assert isinstance(pair, Draft)
    assert pair.prompt[0] == {"role": "system", "content": "你是猫。"}
    assert [turn["content"] for turn in pair.prompt[1:-1]] == [said for each in history.values() for said in each[0]]
    assert pair.tools == [TOOL]
    assert not {"system", "tools", "history"} & {*found.unused}


@pytest.mark.parametrize("column", ["system", "system_prompt", "system_message"])
@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_an_empty_system_column_is_none(column: str, nothing: str | None) -> None:
    assert roles(draft(**{column: nothing})) == ["user"]


def test_system_as_column_and_turn_is_one_where_both_are_equal() -> None:
    turn = [{"role": "system", "content": "你是猫。"}, {"role": "user", "content": "一"}]
    assert roles(draft(prompt=turn, system="你是猫。")) == ["system", "user"]
    assert reason(prompt=turn, system="你是狗。")[0] == "two_systems"


@pytest.mark.parametrize("column", ["images", "image", "videos", "audios", "image_url", "video_path", "Image"])
def test_pictures_sound_and_video_skip_the_row(column: str) -> None:
    assert reason(**{column: ["cat.png"]})[0] == "has_media"
    assert draft(**{column: []}).chosen
    assert draft(**{column: None}).chosen


@pytest.mark.parametrize(
    ("chosen", "rejected"),
    [
        ("score_chosen", "score_rejected"),
        ("chosen_score", "rejected_score"),
        ("chosen-rating", "rejected-rating"),
        ("chosen_avg_rating", "rejected_avg_rating"),
        ("reward_chosen", "reward_rejected"),
    ],
)
def test_scores_are_read_by_their_names(chosen: str, rejected: str) -> None:
    found = draft(**{chosen: "8.5", rejected: 2})
    assert (found.score_chosen, found.score_rejected) == (8.5, 2.0)


@pytest.mark.parametrize("none", [None, "", float("nan"), "NaN", "null"])
def test_a_score_that_is_none(none: object) -> None:
    assert draft(score_chosen=none, score_rejected=1).score_chosen is None


def test_a_score_that_is_no_number_skips_the_row() -> None:
    assert reason(score_chosen="很好", score_rejected=1) == ("wrong_type", "a score is '很好', expected a number")


def test_a_margin_alone_is_how_much_better_chosen_is() -> None:
    found = draft(margin=1.5)
    assert (found.score_chosen, found.score_rejected) == (1.5, 0.0)
    scored = draft(margin=1.5, score_chosen=4, score_rejected=2)
    assert (scored.score_chosen, scored.score_rejected) == (4.0, 2.0)


def test_models_and_language() -> None:
    found = draft(chosen_model="qwen", rejected_model="glm", language="Chinese")
    assert (found.chosen_model, found.rejected_model, found.lang) == ("qwen", "glm", "zh")
    assert draft(language="python").lang == ""


@pytest.mark.parametrize(
    "columns", [{"language": "python"}, {"language": 7}, {"chosen_model": {"name": "qwen"}}, {"margin": "n/a"}]
)
def test_what_a_known_column_says_and_nothing_understands_is_named(columns: Row) -> None:
    assert read({**PAIR, **columns}).unused == [*columns]


@pytest.mark.parametrize("column", ["language", "chosen_model", "score_chosen", "system", "history", "tools"])
@pytest.mark.parametrize("nothing", [None, ""])
def test_a_known_column_that_says_nothing_is_not_named(column: str, nothing: str | None) -> None:
    assert not read({**PAIR, column: nothing}).unused


def test_of_two_columns_that_say_one_thing_the_second_is_named_where_it_says_another() -> None:
    found = read({**PAIR, "score_chosen": 4, "chosen_rating": 5, "chosen-score": "4"})
    assert (found.drafts[0].score_chosen, found.unused) == (4.0, ["chosen_rating"])
    assert reason(tools=[TOOL], functions=[{"name": "other"}])[0] == "two_tools"
    assert draft(tools=[TOOL], functions=[TOOL]).tools == [TOOL]
    assert reason(chosen=[{"role": "assistant", "content": "好", "reasoning_content": "想"}], chosen_reasoning="再想")


def test_an_answer_that_is_an_object_brings_its_score_model_and_reasoning() -> None:
    better = {"text": "好", "score": "8", "model": "qwen", "reasoning": "想一想", "n_tokens": 1}
    found = read({**PAIR, "chosen": better, "rejected": {"text": "坏", "rating": 2, "model": None}})
    (pair,) = found.drafts
    assert isinstance(pair, Draft)
    assert (pair.score_chosen, pair.score_rejected, pair.chosen_model, pair.rejected_model) == (8.0, 2.0, "qwen", None)
    assert pair.chosen == [{"role": "assistant", "content": "好", "reasoning": "想一想"}]
    assert found.unused == ["chosen.n_tokens"]


@pytest.mark.parametrize("name", UNPAIRED)
def test_a_row_of_one_answer_says_whose_it_is_and_how_good(name: str) -> None:
    beside = {"score": "4.5", "model": "qwen", "reasoning": "想一想", "system": "你是猫。", "id": 1}
    found = read({**UNPAIRED[name], **beside})
    (half,) = found.drafts
    assert isinstance(half, Half)
    assert (half.score, half.model, half.answer[-1]["reasoning_content"]) == (4.5, "qwen", "想一想")
    assert half.prompt[0]["role"] == "system"
    assert found.unused == ["id"]


def test_columns_of_a_side_are_those_of_the_answer_on_it() -> None:
    sides = {"score_chosen": 4, "score_rejected": 1, "chosen_model": "qwen", "rejected_model": "glm"}
    liked = read({**UNPAIRED["kto"], **sides})
    disliked = read({**UNPAIRED["kto"], **sides, "label": False})
    for found, score, model in ((liked, 4.0, "qwen"), (disliked, 1.0, "glm")):
        (half,) = found.drafts
        assert isinstance(half, Half)
        assert (half.score, half.model) == (score, model)
    assert liked.unused == ["score_rejected", "rejected_model"]
    with pytest.raises(NoPairError, match="wrong_type"):
        read({**UNPAIRED["kto"], "rejected_2": "更坏"})


def test_single_answers_bring_their_scores_into_the_pair() -> None:
    rows = [{**UNPAIRED["kto"], "score": 1 + liked, "model": f"m{liked}", "label": liked} for liked in (True, False)]
    halves = [(place, half) for place, row in enumerate(rows) for half in read(row).drafts if isinstance(half, Half)]
    (((_, pair),), _) = pair_up(halves, Options())
    assert (pair.score_chosen, pair.score_rejected) == (2.0, 1.0)
    assert (pair.chosen_model, pair.rejected_model) == ("mTrue", "mFalse")


@pytest.mark.parametrize(("value", "is_fine"), [("chosen", True), (None, True), ("rejected", False), (0, False)])
def test_a_label_beside_a_pair_may_only_say_what_the_columns_say(value: object, *, is_fine: bool) -> None:
    if is_fine:
        assert not read({**PAIR, "preference": value, "winner": value}).unused
    else:
        assert reason(preference=value)[0] == "unread_label"


def test_an_instruction_is_read_with_its_input_and_a_prompt_is_not() -> None:
    answers = {"chosen_response": "好", "rejected_response": "坏", "input": "猫"}
    asked = read({**answers, "instruction": "夸夸"})
    assert (asked.drafts[0].prompt[0]["content"], asked.unused) == ("夸夸\n猫", [])
    assert read({**answers, "prompt": "夸夸"}).unused == ["input"]


def test_further_answers_are_pairs_of_their_own() -> None:
    found = read({**PAIR, "rejected_2": "更坏", "rejected_3": None}).drafts
    assert [each.rejected[0]["content"] for each in found if isinstance(each, Draft)] == ["坏", "更坏"]


def test_reasoning_of_a_side_is_with_its_answer() -> None:
    found = draft(chosen_reasoning="想一想", rejected_reasoning="")
    assert found.chosen == [{"role": "assistant", "content": "好", "reasoning_content": "想一想"}]
    assert found.rejected == [{"role": "assistant", "content": "坏"}]


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"label": 1}, "unread_label"),
        ({"reasoning": "想一想"}, "unplaced_reasoning"),
        ({"tools": "{"}, "broken_tools"),
        ({"tools": [{"no": "name"}]}, "broken_tools"),
        ({"history": "二"}, "broken_history"),
        ({"system": 7}, "wrong_type"),
    ],
)
def test_what_cannot_be_placed_skips_the_row(columns: Row, why: str) -> None:
    assert reason(**columns)[0] == why


def test_a_column_may_be_passed_over_by_name() -> None:
    reader = row_reader("trl-standard(ignore=images|label)", is_named=True)
    found = reader({**PAIR, "images": ["cat.png"], "label": 1})
    assert found.unused == ["images", "label"]


def test_what_of_a_message_nothing_reads_is_named() -> None:
    parts = [{"type": "text", "text": "一", "cache": True}]
    call = {"id": 7, "index": 0, "type": "function", "function": {"name": "f", "arguments": {}, "strict": True}}
    prompt = [
        {"role": "user", "content": parts, "name": "小明"},
        {"role": "assistant", "content": "", "tool_calls": [call], "refusal": "不"},
        {"role": "tool", "content": "二", "name": "f"},
        {"role": "user", "content": "三", "from": "human", "value": "四"},
    ]
    assert sorted(read({**PAIR, "prompt": prompt}).unused) == [
        *("prompt[].content[].cache", "prompt[].from", "prompt[].name", "prompt[].refusal"),
        *("prompt[].tool_calls[].function.strict", "prompt[].tool_calls[].id", "prompt[].tool_calls[].index"),
        "prompt[].value",
    ]


def test_other_columns_are_named_once_also_inside_messages() -> None:
    turn = {"role": "user", "content": "一", "weight": 1, "id": None}
    found = read(
        {**PAIR, "prompt": [turn, {"role": "assistant", "content": "嗯", "weight": 0}, turn], "meta": {}, "n": 0}
    )
    assert sorted(found.unused) == ["meta", "n", "prompt[].weight"]
