"""Pairs with calls of tools, reasoning or answers of several turns, in the forms of the trainers that take them."""

import json
from collections.abc import Sequence

from builders.exporting.format import (
    CALL_AND_TEXT,
    HAS_TOOLS,
    SEVERAL_ANSWER_TURNS,
    LeftOut,
    RichPair,
    Row,
    assistant,
)
from sources.layouts.layout import Message
from sources.pairs.extras import REASONING_KEYS

SHAREGPT_ROLES = {"system": "system", "user": "human", "assistant": "gpt"}


def with_reasoning(turn: Message) -> str:
    """The text of a turn with its reasoning before it, as trainers and chat templates mark it."""
    reasoning = next((turn[key] for key in REASONING_KEYS if turn.get(key)), None)
    return f"<think>\n{reasoning}\n</think>\n\n{turn['content']}" if reasoning else str(turn["content"])


def uses_tools(pair: RichPair) -> bool:
    """Whether anything of tools is in the pair."""
    turns = (*pair.prompt, *pair.chosen, *pair.rejected)
    return pair.tools is not None or any(turn["role"] == "tool" or turn.get("tool_calls") for turn in turns)


def trl_row(pair: RichPair) -> list[Row]:
    """Messages as they are, each as JSON, and the tools."""
    sides = {"prompt": pair.prompt, "chosen": pair.chosen, "rejected": pair.rejected}
    row: Row = {side: [json.dumps(turn, ensure_ascii=False) for turn in turns] for side, turns in sides.items()}
    row["tools"] = None if pair.tools is None else json.dumps(pair.tools, ensure_ascii=False)
    return [row]


def sharegpt_row(pair: RichPair) -> list[Row] | LeftOut:
    """LLaMA-Factory: calls are turns of function_call, results of observation, definitions a column of JSON text."""
    if len(pair.chosen) > 1 or len(pair.rejected) > 1:
        return LeftOut(SEVERAL_ANSWER_TURNS)
    said = [_sharegpt_turn(turn) for turn in (*_joined_results(pair.prompt), *pair.chosen, *pair.rejected)]
    if None in said:
        return LeftOut(CALL_AND_TEXT)
    *turns, chosen, rejected = said
    spoken = turns[1:] if turns and turns[0] is not None and turns[0]["from"] == "system" else turns
    expected = (("human", "observation"), ("gpt", "function_call"))
    if len(spoken) % 2 == 0 or any(
        turn and turn["from"] not in expected[place % 2] for place, turn in enumerate(spoken)
    ):
        return LeftOut("broken_turns")
    functions = [tool.get("function", tool) for tool in pair.tools or ()]
    tools = json.dumps(functions, ensure_ascii=False) if functions else ""
    return [{"conversations": turns, "chosen": chosen, "rejected": rejected, "tools": tools}]


def _sharegpt_turn(turn: Message) -> Row | None:
    """None for a turn with both text and a call."""
    if turn["role"] == "tool":
        return {"from": "observation", "value": turn["content"]}
    calls = [call["function"] for call in turn.get("tool_calls") or ()]
    if not calls:
        return {"from": SHAREGPT_ROLES[turn["role"]], "value": with_reasoning(turn)}
    if turn["content"]:
        return None
    called = json.dumps(calls[0] if len(calls) == 1 else calls, ensure_ascii=False)
    return {"from": "function_call", "value": with_reasoning({**turn, "content": called})}


def _joined_results(turns: Sequence[Message]) -> list[Message]:
    """The turns with results that follow one another as one."""
    joined: list[Message] = []
    for turn in turns:
        if joined and turn["role"] == joined[-1]["role"] == "tool":
            joined[-1] = {**joined[-1], "content": f"{joined[-1]['content']}\n{turn['content']}"}
        else:
            joined.append(turn)
    return joined


def swift_row(pair: RichPair) -> list[Row]:
    """ms-swift: both dialogues whole; calls are turns of tool_call, results of tool_response, both with the tools."""
    chosen, rejected = ([*pair.prompt, *answer] for answer in (pair.chosen, pair.rejected))
    row: Row = {"messages": _swift_turns(chosen), "rejected_messages": _swift_turns(rejected)}
    if pair.tools is not None:
        row["tools"] = row["rejected_tools"] = json.dumps(pair.tools, ensure_ascii=False)
    return [row]


def _swift_turns(turns: Sequence[Message]) -> list[Message]:
    said: list[Message] = []
    for turn in turns:
        if turn["role"] == "tool":
            said.append({"role": "tool_response", "content": turn["content"]})
            continue
        calls = turn.get("tool_calls") or ()
        text = with_reasoning(turn)
        if text or not calls:
            said.append({"role": turn["role"], "content": text})
        said += [{"role": "tool_call", "content": json.dumps(call["function"], ensure_ascii=False)} for call in calls]
    return said


def axolotl_row(pair: RichPair) -> list[Row] | LeftOut:
    """axolotl reads role and content alone: reasoning goes into the text, tools have no place."""
    if uses_tools(pair):
        return LeftOut(HAS_TOOLS)
    if len(pair.chosen) > 1 or len(pair.rejected) > 1:
        return LeftOut(SEVERAL_ANSWER_TURNS)
    turns = [{"role": turn["role"], "content": with_reasoning(turn)} for turn in pair.prompt]
    chosen, rejected = (assistant(with_reasoning(side[0])) for side in (pair.chosen, pair.rejected))
    return [{"messages": turns, "chosen": chosen, "rejected": rejected}]
