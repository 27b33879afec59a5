"""What an answer says, its reasoning apart; each way to say nothing has its own reason, with the server's words."""

from typing import Any

import pytest

from synth.job.answer import read_answer, take_apart
from synth.job.completion import Beside
from tests.synth.made import said


@pytest.mark.parametrize(
    ("text", "rest", "reasoning"),
    [
        ("是四。", "是四。", ""),
        ("<think>\n2+2\n</think>\n\n是四。", "是四。", "2+2"),
        ("  <THINK>2+2</THINK>是四。", "是四。", "2+2"),
        ("<think></think>是四。", "是四。", ""),
        ("<think>先算一算，2+2", "", "先算一算，2+2"),
        ("先算一算。\n</think>\n\n是四。", "是四。", "先算一算。"),
        ("先算一算。</think>\n是四。", "是四。", "先算一算。"),
        ("先算一算。</think>", "", "先算一算。"),
        ("标记 </think> 表示思考结束。", "标记 </think> 表示思考结束。", ""),
        ("写成 `</think>`\n 即可。", "写成 `</think>`\n 即可。", ""),
        ("```\n</think>\n```\n如上。", "```\n</think>\n```\n如上。", ""),
        ("它以 <think> 开头，\n</think>\n 结尾。", "它以 <think> 开头，\n</think>\n 结尾。", ""),
        ("1 < 2", "1 < 2", ""),
    ],
)
def test_reasoning_at_the_beginning_is_apart_from_the_answer(text: str, rest: str, reasoning: str) -> None:
    assert take_apart(text) == (rest, reasoning)


@pytest.mark.parametrize(
    ("given", "reason", "evidence"),
    [
        (
            {"text": "", "finish_reason": "length", "beside": Beside(reasoning="先想想")},
            "thinking_cut",
            "finish reason length, 5 tokens, 3 characters of reasoning and no text",
        ),
        (
            {"text": "", "finish_reason": "length", "completion_tokens": 4096},
            "thinking_cut",
            "finish reason length, 4,096 tokens, no text",
        ),
        (
            {"text": "<think>先想想", "finish_reason": "length"},
            "thinking_cut",
            "finish reason length, 5 tokens, 3 characters of reasoning and no text",
        ),
        (
            {"text": "<think>想完</think>\n"},
            "only_reasoning",
            "finish reason stop, 2 characters of reasoning and no text",
        ),
        ({"beside": Beside(refusal="I can't\x1b help.")}, "refusal", "finish reason stop, I can't\\x1b help."),
        ({"finish_reason": "content_filter"}, "content_filter", "finish reason content_filter, 3 characters of text"),
        (
            {"text": "", "finish_reason": "tool_calls", "beside": Beside(tools=("search", "add"))},
            "tool_calls",
            "finish reason tool_calls, search, add",
        ),
        ({"beside": Beside(tools=("search",))}, "tool_calls", "finish reason stop, search"),
        ({"beside": Beside(parts=("image_url",))}, "content_parts", "finish reason stop, image_url"),
        ({}, "", ""),
        ({"text": ""}, "", ""),
        ({"text": " \n", "finish_reason": "length"}, "", ""),
        ({"text": "好的", "finish_reason": "length"}, "", ""),
    ],
)
def test_an_answer_without_a_text_says_why(given: dict[str, Any], reason: str, evidence: str) -> None:
    answer = read_answer(said(**given))
    assert (answer.reason, answer.evidence) == (reason, evidence)
    assert answer.is_empty == bool(reason or not given.get("text", "好的。").strip())


def test_reasoning_that_a_server_gives_apart_and_between_marks_is_all_kept() -> None:
    answer = read_answer(said("<think>二</think>好的。", beside=Beside(reasoning=" 一\n")))
    assert (answer.text, answer.reasoning) == ("好的。", "一\n\n二")
