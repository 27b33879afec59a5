"""What the reasoning of an answer is; counted, and by a recipe kept, stripped or separated from the answer.

It stands at the beginning of a turn between marks, as in <think>...</think>, or under a key of its own
(reasoning_content and the like). A turn that closes a mark which it did not open reasons too: templates open it. A mark
inside code, or in the middle of a text that speaks of it, is none.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from sources.pairs.extras import EXTRAS, REASONING_KEYS, extras_of, narrow_answer, narrow_turns, readable, write_extras
from sources.pairs.schema import SIDES, TURNS, joined_text

ReasoningPolicy = Literal["keep", "strip", "separate"]
"""What a build does with reasoning: nothing; take it out; put what stands between marks under reasoning_content."""

MARKS: Final = "(?:think|thinking|reasoning)"
OPENING, CLOSING, MARK = (re.compile(f"(?i){begin}{MARKS}>") for begin in ("<", "</", "(</?)"))
BLOCK: Final = re.compile(rf"(?is)\s*<({MARKS})>(.*?)</\1>\s*")
CODE: Final = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
ANSWERS: Final = SIDES[1:]


@dataclass(frozen=True, slots=True)
class Reasoned:
    """An answer taken apart: what its turns reason (empty texts where nothing stands between the marks), what is left
    of it, and how often reasoning is opened and closed by a mark."""

    reasoning: tuple[str, ...]
    rest: str
    opened: int
    closed: int

    @property
    def reasons(self) -> bool:
        """Whether the answer has any reasoning, or a mark of it."""
        return bool(self.reasoning or self.opened or self.closed)


def take_apart(turns: Sequence[dict[str, Any]]) -> Reasoned:
    """The reasoning of an answer and the rest of it."""
    reasoning, rest, opened, closed = list[str](), list[str](), 0, 0
    for turn in turns:
        bare, inside = without_reasoning(turn)
        reasoning += inside
        rest.append(readable(bare))
        marks = _marks(turn["content"]) if turn["role"] == "assistant" else ()
        opened, closed = opened + marks.count("<"), closed + marks.count("</")
    return Reasoned(tuple(reasoning), "\n".join(filter(None, rest)), opened, closed)


def without_reasoning(turn: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """A turn without its reasoning, and that reasoning; what is not closed stays where it is."""
    if turn["role"] != "assistant":
        return turn, []
    found = BLOCK.match(turn["content"])
    reasoning = [found[2].strip()] if found else []
    reasoning += [turn[key] for key in REASONING_KEYS if turn.get(key)]
    bare = {key: value for key, value in turn.items() if key not in REASONING_KEYS}
    return ({**bare, "content": turn["content"][found.end() :]} if found else bare), reasoning


def _marks(content: str) -> list[str]:
    """How each mark of a turn that begins with one, or closes one first, begins; none of any other turn."""
    if "<" not in content:
        return []
    found = BLOCK.match(content)
    marks = MARK.findall(CODE.sub("", content[found.end() :] if found else content))
    if found:
        return ["<", "</", *marks]
    return marks if marks and (marks[0] == "</" or OPENING.match(content.lstrip())) else []


def find_reasoning(pairs: pa.Table, among: np.ndarray | None = None) -> dict[int, tuple[Reasoned, Reasoned]]:
    """Chosen and rejected of each row of which one has reasoning, taken apart; `among` are the rows that may hold a
    mark, where that is known."""
    extras = extras_of(pairs)
    suspects = [np.flatnonzero(pc.is_valid(extras).to_numpy(zero_copy_only=False))]
    for side in ANSWERS:
        texts = joined_text(pairs[side].combine_chunks())
        suspects.append(_marked(texts) if among is None else among[_marked(texts.take(pa.array(among)))])
    found = {}
    for row in np.unique(np.concatenate(suspects)).tolist():
        whole = extras[row].as_py()
        sides = orjson.loads(whole)["messages"] if whole else {side: pairs[side][row].as_py() for side in ANSWERS}
        chosen, rejected = (take_apart(sides[side]) for side in ANSWERS)
        if chosen.reasons or rejected.reasons:
            found[row] = chosen, rejected
    return found


def _marked(texts: pa.Array) -> np.ndarray:
    """The texts that begin with a mark, or hold one that closes."""
    marked = pc.match_substring_regex(texts, rf"(?i)^\s*<{MARKS}>")
    data = texts.buffers()[2]
    if data is not None and b"</" in data.to_pybytes():  # by far the most columns hold none
        marked = pc.or_(marked, pc.match_substring_regex(texts, CLOSING.pattern))
    return np.flatnonzero(pc.fill_null(marked, False).to_numpy(zero_copy_only=False))


def count_reasoning(pairs: pa.Table) -> Counter[str]:
    """How many answers of each side have reasoning; a side that has none is not there."""
    found = find_reasoning(pairs).values()
    return +Counter({side: sum(answers[place].reasons for answers in found) for place, side in enumerate(ANSWERS)})


def set_reasoning(pairs: pa.Table, policy: ReasoningPolicy) -> tuple[pa.Table, dict[str, int]]:
    """The pairs (those of `sources.pairs.source.Adapted`) as the policy wants them, and how many it changed."""
    if policy == "keep":
        return pairs, {}
    asked = pc.match_substring_regex(joined_text(pairs["prompt"].combine_chunks()), OPENING.pattern)
    extras = extras_of(pairs).to_pylist()
    rows = {*find_reasoning(pairs), *np.flatnonzero(asked.to_numpy(zero_copy_only=False)).tolist()}
    rows.update(row for row, whole in enumerate(extras) if whole)
    sides = {side: pairs[side].to_pylist() for side in SIDES}
    changed = 0
    for row in sorted(rows):
        plain = {"tools": None, "messages": {side: sides[side][row] for side in SIDES}}
        before: dict[str, Any] = orjson.loads(extras[row]) if extras[row] else plain
        whole = {side: [_set(turn, policy) for turn in before["messages"][side]] for side in SIDES}
        changed += whole != before["messages"]
        extras[row] = write_extras(before["tools"], [whole[side] for side in SIDES])
        sides["prompt"][row] = narrow_turns(whole["prompt"])
        for side in ANSWERS:
            sides[side][row] = [{"role": "assistant", "content": narrow_answer(whole[side])}]
    if not changed:
        return pairs, {}
    for side in SIDES:
        pairs = pairs.set_column(pairs.schema.get_field_index(side), side, pa.array(sides[side], TURNS))
    if EXTRAS.name in pairs.column_names:
        pairs = pairs.drop_columns([EXTRAS.name])
    done = {"strip": "reasoning_stripped", "separate": "reasoning_separated"}[policy]
    return pairs.append_column(EXTRAS, pa.array(extras, EXTRAS.type)), {done: changed}


def _set(turn: dict[str, Any], policy: ReasoningPolicy) -> dict[str, Any]:
    """A turn as the policy wants it; reasoning that is not closed stays where it is."""
    bare, reasoning = without_reasoning(turn)
    if policy == "strip":
        return bare
    if any(turn.get(key) for key in REASONING_KEYS) or not any(reasoning):
        return turn
    return {**bare, "reasoning_content": reasoning[0]}
