"""Is it a pair at all: both sides there, different, of a bearable length, said in turn."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sources.checks.check import CheckLimits, Hits, by_side
from sources.pairs.schema import SIDES
from sources.text.texts import PairTexts

FOLLOWING = {"": ("user",), "user": ("assistant",), "assistant": ("user", "tool"), "tool": ("assistant", "tool")}
"""Who may speak after whom; what stands first is usual."""


def empty_side(texts: PairTexts, limits: CheckLimits) -> Hits:
    """Prompt, chosen or rejected has nothing but white space."""
    empty = np.flatnonzero(texts.solid.lengths == 0)
    return {row: f"{' and '.join(sides)} empty" for row, sides in by_side(empty).items()}


def identical_sides(texts: PairTexts, limits: CheckLimits) -> Hits:
    """Chosen and rejected are the same text after NFKC, ignoring white space."""
    same = np.flatnonzero((texts.keys[:, 1] == texts.keys[:, 2]) & (texts.solid.lengths[1::3] > 0))
    return dict.fromkeys(same.tolist(), "chosen and rejected are the same after NFKC, ignoring white space")


def over_length(texts: PairTexts, limits: CheckLimits) -> Hits:
    """A side has more characters than the recipe allows."""
    chars = pc.utf8_length(texts.strings).to_numpy(zero_copy_only=False).reshape(-1, 3)
    most = np.array([limits.max_prompt_chars, limits.max_answer_chars, limits.max_answer_chars])
    hits: Hits = {}
    for row, side in np.argwhere(chars > most).tolist():
        hits.setdefault(row, f"{SIDES[side]} has {chars[row, side]:,} characters, at most {most[side]:,}")
    return hits


def broken_turns(texts: PairTexts, limits: CheckLimits) -> Hits:
    """The prompt is not (system) user (assistant user)..., a turn of it is empty, or an answer is not one turn.

    Results of tools may follow the assistant's turns.
    """
    hits = _broken_prompts(texts.pairs["prompt"].combine_chunks())
    for side in ("chosen", "rejected"):
        answers = texts.pairs[side].combine_chunks()
        single = pc.list_value_length(answers).to_numpy() == 1
        roles = answers.filter(pa.array(single)).flatten().field("role")
        wrong = [*np.flatnonzero(~single).tolist(), *np.flatnonzero(single)[_not_equal(roles, "assistant")].tolist()]
        for row in wrong:
            hits.setdefault(row, f"{side} is not one turn of the assistant")
    return hits


def _broken_prompts(prompts: pa.Array) -> Hits:
    lengths = pc.list_value_length(prompts).to_numpy()
    single = np.flatnonzero(lengths == 1)
    roles = prompts.filter(pa.array(lengths == 1)).flatten().field("role")
    hits: Hits = {
        int(single[at]): f"the prompt's only turn is {roles[int(at)].as_py()}'s" for at in _not_equal(roles, "user")
    }
    for row in np.flatnonzero(lengths != 1).tolist():
        fault = turns_fault(prompts[row].as_py())
        if fault:
            hits[row] = fault
    return hits


def turns_fault(messages: list[dict[str, str]]) -> str | None:
    """What is wrong with the turns of a prompt, whose contents are texts; None if nothing is."""
    turns = messages[1:] if messages and messages[0]["role"] == "system" else messages
    before = ""
    for place, message in enumerate(turns):
        expected = FOLLOWING[before]
        if message["role"] not in expected:
            return f"turn {place} is {message['role']}'s, expected {expected[0]}'s"
        if not message["content"].strip():
            return f"turn {place} is empty"
        before = message["role"]
    return None if before in ("user", "tool") else "the last turn is not the user's"


def _not_equal(values: pa.Array, wanted: str) -> np.ndarray:
    return np.flatnonzero(pc.not_equal(values, wanted).to_numpy(zero_copy_only=False))
