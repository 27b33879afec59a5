"""What servers say beside the text of an answer, as each of them writes it."""

import json
from typing import Any

import pytest

from synth.engines.failures import RetryError
from synth.engines.read_completion import read_completion
from synth.job.completion import Beside, Completion

TEXT = {"type": "text", "text": "好的"}
THINKING = {"type": "thinking", "thinking": [{"type": "text", "text": "先想"}]}
CALL = {"id": "1", "type": "function", "function": {"name": "search", "arguments": "{}"}}
IMAGE = {"type": "image_url", "image_url": {"url": "data:"}}


def read(message: object, finish: object = "stop") -> Completion:
    return read_completion(json.dumps({"choices": [{"message": message, "finish_reason": finish}]}).encode(), "chat")


@pytest.mark.parametrize(
    ("message", "text", "beside"),
    [
        ({"content": "好的"}, "好的", {}),
        ({"content": None}, "", {}),
        ({"content": "好的", "reasoning": "先想"}, "好的", {"reasoning": "先想"}),
        ({"content": None, "reasoning_content": "先想", "reasoning": None}, "", {"reasoning": "先想"}),
        ({"reasoning": "先想"}, "", {"reasoning": "先想"}),
        ({"content": "好的", "reasoning": {"effort": "high"}}, "好的", {}),
        ({"content": None, "refusal": "I can't."}, "", {"refusal": "I can't."}),
        ({"content": [{"type": "refusal", "refusal": "I can't."}]}, "", {"refusal": "I can't."}),
        ({"content": None, "tool_calls": [CALL]}, "", {"tools": ("search",)}),
        ({"content": "", "tool_calls": []}, "", {}),
        ({"function_call": {"name": "add", "arguments": "{}"}}, "", {"tools": ("add",)}),
        ({"content": [TEXT, TEXT]}, "好的好的", {}),
        ({"content": [THINKING, TEXT]}, "好的", {"reasoning": "先想"}),
        ({"content": [TEXT, IMAGE, {"type": "audio"}]}, "好的", {"parts": ("audio", "image_url")}),
        ({"content": []}, "", {}),
    ],
)
def test_what_stands_beside_the_text_is_read(message: object, text: str, beside: dict[str, Any]) -> None:
    assert read(message) == Completion(text, "stop", None, None, Beside(**beside))


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"content": 7},
        {"content": ["好"]},
        {"content": "好", "tool_calls": 7},
        {"content": "好", "tool_calls": ["x"]},
        [],
    ],
)
def test_a_message_of_another_shape_is_no_answer(message: object) -> None:
    with pytest.raises(RetryError):
        read(message)
