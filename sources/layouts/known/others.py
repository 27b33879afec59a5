"""The layouts of MedicalGPT, ms-swift, axolotl and OpenAI, and pairs whose columns have other names."""

from collections.abc import Mapping

from sources.command.printable import shown
from sources.layouts.known.llama_factory import asked
from sources.layouts.known.trl import sides
from sources.layouts.layout import (
    Draft,
    Kinds,
    Layout,
    NoPairError,
    Options,
    Row,
    is_answers,
    is_messages,
    is_nothing,
    is_prompt,
    is_text,
)
from sources.layouts.messages import messages
from sources.layouts.ranked import Rated, pair, rate_all
from sources.layouts.tool_calls import read_tools
from sources.layouts.turns import after_common_turns, answer, answer_turns, prompt, text, user

PROMPTS = ("prompt", "question", "query", "instruction", "input", "user_input", "context", "problem", "messages")
"""Columns that hold what an answer answers."""

SIDES = (
    ("chosen", "rejected"),
    ("response_chosen", "response_rejected"),
    ("chosen_response", "rejected_response"),
    ("answer_chosen", "answer_rejected"),
    ("chosen_answer", "rejected_answer"),
    ("pos_answer", "neg_answer"),
    ("positive_answer", "negative_answer"),
    ("pos_resp", "neg_resp"),
    ("pos", "neg"),
    ("positive", "negative"),
    ("preferred", "dispreferred"),
    ("preferred", "rejected"),
    ("preferred", "non_preferred"),
    ("preferred_output", "non_preferred_output"),
    ("preferred_response", "non_preferred_response"),
    ("preferred_response", "rejected_response"),
    ("better_response", "worse_response"),
    ("better", "worse"),
    ("good_answer", "bad_answer"),
    ("response_good", "response_bad"),
    ("winner_response", "loser_response"),
    ("accepted", "rejected"),
)
"""Columns that hold the better and the worse answer."""


def _medical_gpt(row: Row, options: Options) -> list[Draft]:
    return sides(user(text(row, "question")), row, "response_chosen", "response_rejected")


def _ms_swift(row: Row, options: Options) -> list[Draft]:
    """The last message is chosen, with the calls and results of tools before it; a `rejected_response` that is a list
    of messages takes the place of all that follows the last user's turn."""
    said = messages(row["messages"], "messages")
    if not said:
        raise NoPairError("broken_turns", "messages is empty")
    rejected = row.get("rejected_response")
    if row.get("rejected_tools") not in (None, row.get("tools")):
        raise NoPairError("two_tools", f"rejected_tools is {shown(row['rejected_tools'])}, other than tools")
    if rejected is None:
        return [after_common_turns(said, messages(row.get("rejected_messages"), "rejected_messages"))]
    if said[-1]["role"] != "assistant":
        raise NoPairError("broken_turns", f"the last message is not the assistant's but {said[-1]['role']}'s")
    start = len(said) - 1
    if isinstance(rejected, list) and is_messages(rejected):
        start = max((place + 1 for place, turn in enumerate(said) if turn["role"] == "user"), default=start)
        return [Draft(said[:start], answer_turns(said[start:], "messages"), answer(rejected, "rejected_response"))]
    chosen = Rated(said[start:])
    return [pair(said[:start], chosen, worse) for worse in rate_all(rejected, "rejected_response")]


def _ms_swift_query(row: Row, options: Options) -> list[Draft]:
    return sides(prompt(row["query"], "query"), row, "response", "rejected_response")


def _axolotl(row: Row, options: Options) -> list[Draft]:
    return sides(user(text(row, "question")), row)


def _axolotl_messages(row: Row, options: Options) -> list[Draft]:
    return sides(messages(row["messages"], "messages"), row)


def _openai(row: Row, options: Options) -> list[Draft]:
    given = row["input"]
    unread = tuple(f"input.{key}" for key in given if key not in ("messages", "tools") and not is_nothing(given[key]))
    drafts = sides(messages(given["messages"], "input.messages"), row, "preferred_output", "non_preferred_output")
    tools = read_tools(given.get("tools"), "input.tools")
    for draft in drafts:
        draft.tools, draft.unread = tools, (*draft.unread, *unread)
    return drafts


def _is_openai_input(value: object) -> bool:
    return isinstance(value, Mapping) and is_messages(value.get("messages"))


def _named(row: Row, options: Options) -> list[Draft]:
    """A prompt under any of PROMPTS and answers under any of SIDES; an object may hold an answer with its score."""
    chosen, rejected = next(pair for pair in SIDES if all(is_answers(row.get(side)) for side in pair))
    return sides(asked(row, PROMPTS), row, chosen, rejected)


def _named_variants() -> tuple[Kinds, ...]:
    return tuple(
        {key: is_prompt, chosen: is_answers, rejected: is_answers} for key in PROMPTS for chosen, rejected in SIDES
    )


MEDICAL_GPT = Layout(
    "medicalgpt",
    '{"question": "...", "response_chosen": "...", "response_rejected": "..."}',
    ({"question": is_text, "response_chosen": is_answers, "response_rejected": is_answers},),
    _medical_gpt,
)
MS_SWIFT = Layout(
    "ms-swift",
    '{"messages": [messages, the last one chosen], "rejected_response": "..."}, or rejected_messages',
    (
        {"messages": is_messages, "rejected_response": is_answers},
        {"messages": is_messages, "rejected_messages": is_messages},
    ),
    _ms_swift,
    also=frozenset(("rejected_response", "rejected_tools")),
)
MS_SWIFT_QUERY = Layout(
    "ms-swift-query",
    '{"query": "...", "response": "...", "rejected_response": "..."}',
    ({"query": is_prompt, "response": is_answers, "rejected_response": is_answers},),
    _ms_swift_query,
)
AXOLOTL = Layout(
    "axolotl",
    '{"question": "...", "chosen": "...", "rejected": "..."}',
    ({"question": is_text, "chosen": is_answers, "rejected": is_answers},),
    _axolotl,
)
AXOLOTL_MESSAGES = Layout(
    "axolotl-messages",
    '{"messages": [messages], "chosen": {...}, "rejected": {...}}',
    ({"messages": is_messages, "chosen": is_answers, "rejected": is_answers},),
    _axolotl_messages,
)
OPENAI = Layout(
    "openai",
    '{"input": {"messages": [...], "tools": [...]}, "preferred_output": [message], "non_preferred_output": [message]}',
    ({"input": _is_openai_input, "preferred_output": is_answers, "non_preferred_output": is_answers},),
    _openai,
)
NAMED_SIDES = Layout(
    "named-sides",
    '{"prompt": ..., "chosen_response": ..., "rejected_response": ...}, and columns of other such names',
    _named_variants(),
    _named,
    joins_input=True,
)
