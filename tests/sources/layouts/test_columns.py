"""Columns of known meaning in every layout: read, or the row is skipped with its reason; others are named."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.layouts.find import LAYOUTS, row_reader
from sources.layouts.layout import Draft, NoPairError
from sources.layouts.read_row import Read
from tests.sources.layouts.rows import ROWS, Row

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


@pytest.mark.parametrize("column", ["images", "image", "videos", "audios"])
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


def test_other_columns_are_named_once_also_inside_messages() -> None:
    turn = {"role": "user", "content": "一", "weight": 1, "id": None}
    found = read(
        {**PAIR, "prompt": [turn, {"role": "assistant", "content": "嗯", "weight": 0}, turn], "meta": {}, "n": 0}
    )
    assert sorted(found.unused) == ["meta", "n", "prompt[].weight"]


KNOWN = {
    "system": "你是猫。",
    "tools": [TOOL],
    "images": ["cat.png"],
    "score_chosen": 2,
    "score_rejected": 1,
    "chosen_model": "qwen",
    "label": 1,
    "reasoning": "想",
    "language": "Chinese",
    "rejected_2": "更坏",
    "id": 7,
    "meta": {"a": [1]},
}
odd = st.sampled_from([None, "", 0, 7, True, "字", [], ["字"], [[]], {}, {"role": "user"}, [{"role": "x"}], {"a": {}}])


@given(
    st.sampled_from(sorted(ROWS["zh"])),
    st.sets(st.sampled_from(sorted(KNOWN))),
    st.dictionaries(st.sampled_from(sorted({key for row in ROWS["zh"].values() for key in row})), odd, max_size=3),
    st.sets(st.integers(0, 5), max_size=2),
    st.booleans(),
)
def test_every_key_of_every_row_is_used_named_or_in_the_reason(
    name: str, known: set[str], changed: Row, dropped: set[int], renamed: bool
) -> None:
    """Rows of every layout with columns added, retyped, dropped and renamed: nothing goes in silence."""
    row = {**ROWS["zh"][name], **{key: KNOWN[key] for key in known}, **changed}
    row = {f"{key}_x" if renamed and place in dropped else key: cell
           for place, (key, cell) in enumerate(row.items()) if renamed or place not in dropped}  # fmt: skip
    reader = row_reader(name, is_named=False)
    try:
        found = reader(row)
    except NoPairError as refused:
        why, evidence = refused.args
        assert why
        assert evidence
        return
    assert found.layout in LAYOUTS
    unread = {key for key in row if key not in found.used and row[key] not in (None, "", [], {})}
    pairs = [pair for pair in found.drafts if isinstance(pair, Draft)]
    for key in unread - {*found.unused}:
        assert key in KNOWN or key == "history", f"{key} was lost"
        said = "".join(turn["content"] for pair in pairs for turn in (*pair.prompt, *pair.rejected))
        match key:
            case "system":
                assert not row[key] or pairs[0].prompt[0]["role"] == "system"
            case "tools":
                assert not row[key] or pairs[0].tools
            case "images":
                assert not any(row[key])
            case "history":
                assert not row[key] or all(pairs)
            case "rejected_2":
                assert not pairs or row[key] in said
            case "score_chosen" | "score_rejected" | "chosen_model":
                assert not pairs or getattr(pairs[0], key) == row[key]
            case "language":
                assert not pairs or pairs[0].lang in ("zh", "")
            case _:
                raise AssertionError(f"{key} was lost")
