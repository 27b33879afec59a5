"""Reasoning in the turns of the assistant: counted, and by a recipe kept, stripped or separated from the answer.

It stands before the answer as <think>...</think>, or under a key of its own (reasoning_content and the like).
"""

import re
from collections import Counter
from typing import Any, Final, Literal

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from sources.pairs.extras import EXTRAS, REASONING_KEYS, extras_of, narrow_answer, narrow_turns, write_extras
from sources.pairs.schema import SIDES, TURNS, joined_text

ReasoningPolicy = Literal["keep", "strip", "separate"]
"""What a build does with reasoning: nothing; take it out; put what stands in <think> under reasoning_content."""

MARKED: Final = r"^\s*<think>"
THINK: Final = re.compile(r"\s*<think>(.*?)</think>\s*", re.DOTALL)
ANSWERS: Final = SIDES[1:]


def count_reasoning(pairs: pa.Table) -> Counter[str]:
    """How many answers of each side have reasoning; a side that has none is not there."""
    return +Counter({side: int(has.sum()) for side, has in _has_reasoning(pairs, ANSWERS).items()})


def set_reasoning(pairs: pa.Table, policy: ReasoningPolicy) -> tuple[pa.Table, dict[str, int]]:
    """The pairs (those of `sources.pairs.source.Adapted`) as the policy wants them, and how many it changed."""
    if policy == "keep":
        return pairs, {}
    rows = np.flatnonzero(np.logical_or.reduce([*_has_reasoning(pairs, SIDES).values()]))
    if not len(rows):
        return pairs, {}
    extras = extras_of(pairs).to_pylist()
    sides = {side: pairs[side].to_pylist() for side in SIDES}
    changed = 0
    for row in rows.tolist():
        plain = {"tools": None, "messages": {side: sides[side][row] for side in SIDES}}
        before: dict[str, Any] = orjson.loads(extras[row]) if extras[row] else plain
        whole = {side: [_set(turn, policy) for turn in before["messages"][side]] for side in SIDES}
        changed += whole != before["messages"]
        extras[row] = write_extras(before["tools"], [whole[side] for side in SIDES])
        sides["prompt"][row] = narrow_turns(whole["prompt"])
        for side in ANSWERS:
            sides[side][row] = [{"role": "assistant", "content": narrow_answer(whole[side])}]
    for side in SIDES:
        pairs = pairs.set_column(pairs.schema.get_field_index(side), side, pa.array(sides[side], TURNS))
    if EXTRAS.name in pairs.column_names:
        pairs = pairs.drop_columns([EXTRAS.name])
    done = {"strip": "reasoning_stripped", "separate": "reasoning_separated"}[policy]
    return pairs.append_column(EXTRAS, pa.array(extras, EXTRAS.type)), {done: changed} if changed else {}


def _has_reasoning(pairs: pa.Table, sides: tuple[str, ...]) -> dict[str, np.ndarray]:
    """bool[n] of each side."""
    found = {}
    for side in sides:
        text = joined_text(pairs[side].combine_chunks())
        marked = pc.match_substring_regex(text, MARKED if side != "prompt" else "<think>")
        found[side] = np.array(pc.fill_null(marked, False).to_numpy(zero_copy_only=False), dtype=bool)
    extras = extras_of(pairs)
    for row in np.flatnonzero(pc.is_valid(extras).to_numpy(zero_copy_only=False)).tolist():
        messages = orjson.loads(extras[row].as_py())["messages"]
        for side in sides:
            found[side][row] |= any(turn.get(key) for turn in messages[side] for key in REASONING_KEYS)
    return found


def _set(turn: dict[str, Any], policy: ReasoningPolicy) -> dict[str, Any]:
    """A turn as the policy wants it; reasoning that is not closed stays where it is."""
    if turn["role"] != "assistant":
        return turn
    found = THINK.match(turn["content"])
    if policy == "strip":
        kept = {key: value for key, value in turn.items() if key not in REASONING_KEYS}
        return {**kept, "content": turn["content"][found.end() :]} if found else kept
    if not found or not found[1].strip() or any(turn.get(key) for key in REASONING_KEYS):
        return turn
    return {**turn, "content": turn["content"][found.end() :], "reasoning_content": found[1].strip()}
