"""Turns of today: calls of tools and their results, reasoning, parts, developers; what breaks is named."""

from typing import Any

import orjson
import pytest

from sources.layouts.layout import NoPairError
from sources.layouts.turns import after_common_turns, answer, messages
from sources.pairs.extras import as_messages
from tests.sources.layouts.rows import said, shared

CALL = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "杭州"}'}}
WHOLE = {**CALL, "function": {"name": "get_weather", "arguments": {"city": "杭州"}}}
CALLS = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "content": "21", "tool_call_id": "c1"}


def refused(value: Any) -> str:
    with pytest.raises(NoPairError) as error:
        answer(value, "chosen")
    return ": ".join(error.value.args)


def test_a_call_has_its_arguments_as_an_object() -> None:
    (turn,) = answer([CALLS], "chosen")
    assert turn == {"role": "assistant", "content": "", "tool_calls": [WHOLE]}
    (bare,) = answer([{**CALLS, "tool_calls": [{"name": "f", "arguments": {"a": None}}]}], "chosen")
    assert bare["tool_calls"] == [{"type": "function", "function": {"name": "f", "arguments": {"a": None}}}]


def test_a_call_whose_arguments_are_no_json_keeps_them() -> None:
    call = {"function": {"name": "f", "arguments": "{broken"}}
    (turn,) = answer({"role": "assistant", "content": "", "tool_calls": [call]}, "chosen")
    assert turn["tool_calls"][0]["function"]["arguments"] == "{broken"


def test_an_answer_may_call_and_go_on() -> None:
    turns = answer([CALLS, RESULT, said("assistant", "21 度")], "chosen")
    assert [turn["role"] for turn in turns] == ["assistant", "tool", "assistant"]
    assert turns[1]["tool_call_id"] == "c1"


def test_sharegpt_writes_calls_as_text() -> None:
    call = shared("function_call", orjson.dumps(CALL["function"]).decode())
    turns = messages([shared("human", "杭州天气"), call, shared("observation", "21")], "conversations")
    assert [turn["role"] for turn in turns] == ["user", "assistant", "tool"]
    assert turns[1]["tool_calls"][0]["function"] == WHOLE["function"]


@pytest.mark.parametrize("key", ["reasoning_content", "thinking", "reasoning"])
def test_reasoning_keeps_its_name(key: str) -> None:
    (turn,) = answer([{"role": "assistant", "content": "好", key: "想一想"}], "chosen")
    assert turn[key] == "想一想"


@pytest.mark.parametrize(
    "part",
    [
        {"type": "thinking", "thinking": "想"},
        {"type": "reasoning", "text": "想"},
        {"type": "thinking", "thinking": [{"type": "text", "text": "想"}]},
    ],
)
def test_a_part_of_reasoning_is_no_text(part: Any) -> None:
    (turn,) = answer([{"role": "assistant", "content": [part, {"type": "text", "text": "好"}]}], "chosen")
    assert turn == {"role": "assistant", "content": "好", "reasoning_content": "想"}


def test_reasoning_in_the_content_stays_there() -> None:
    (turn,) = answer("<think>\n想\n</think>\n\n好", "chosen")
    assert turn["content"] == "<think>\n想\n</think>\n\n好"


def test_parts_of_text_are_their_text() -> None:
    parts = [{"type": "text", "text": "一"}, {"type": "text", "text": "二"}]
    assert messages([said("user", parts)], "prompt") == [said("user", "一\n二")]  # type: ignore[arg-type]


def test_a_developer_is_the_system_and_an_empty_system_is_none() -> None:
    turns = messages([said("developer", "要短"), said("user", "一")], "prompt")
    assert turns[0] == {"role": "system", "content": "要短"}
    assert messages([said("system", ""), said("user", "一")], "prompt") == [said("user", "一")]


def test_keys_that_columnar_files_fill_with_null_are_none() -> None:
    filled = {"role": "user", "content": "一", "tool_calls": None, "tool_call_id": None, "reasoning_content": None}
    assert messages([filled], "prompt") == [said("user", "一")]


def test_a_struct_of_lists_is_a_list_of_messages() -> None:
    columns = {"role": ["user", "assistant"], "content": ["一", "二"]}
    assert as_messages(columns) == [said("user", "一"), said("assistant", "二")]
    assert as_messages({"role": "user", "content": "一"}) == {"role": "user", "content": "一"}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([said("assistant", "好"), said("user", "谢谢")], "chosen[1] is user's, expected the end or tool's"),
        ([CALLS, RESULT], "chosen[1] is tool's, expected assistant's"),
        ({"role": "assistant", "content": None, "refusal": "No."}, "content null and refusal 'No.'"),
        ({"role": "assistant", "content": [{"type": "image_url", "image_url": "x"}]}, "has_media: chosen[0]"),
        ({"role": "assistant", "content": {"a": 1}}, "has content {'a': 1}, expected text"),
        ({"role": "assistant", "content": "", "tool_calls": [{"id": "x"}]}, "expected a function with a name"),
        ([], "chosen has 0 turns"),
        (7, "wrong_type: chosen is 7"),
    ],
)
def test_what_breaks_is_named(value: Any, words: str) -> None:
    assert words in refused(value)


def test_dialogues_may_part_before_the_last_turn() -> None:
    common = [said("user", "杭州天气")]
    draft = after_common_turns([*common, dict(CALLS, content="")], [*common, said("assistant", "晴")])
    assert draft.prompt == common
    with pytest.raises(NoPairError, match="differ before their last turn, at turn 1"):
        after_common_turns(
            [*common, said("assistant", "a"), said("user", "b"), said("assistant", "c")],
            [*common, said("assistant", "x"), said("user", "b"), said("assistant", "d")],
        )
