"""What a model answered: a text without its reasoning, or the reason why there is none that could stand in a pair."""

import re
from dataclasses import dataclass

from sources.command.printable import printable
from sources.pairs.reasoning import BLOCK, CODE, MARKS, OPENING
from synth.job.completion import Completion

CUT = "length"
"""The finish reason of an answer that the token limit cut."""

CALLS = ("tool_calls", "function_call")
OPENED = re.compile(rf"(?i)\s*<{MARKS}>")
CLOSED = re.compile(rf"(?im)^[^\S\n]*</{MARKS}>\s*|</{MARKS}>[^\S\n]*(?:\n\s*|\Z)")
"""A closing mark at the beginning or the end of a line; a text that speaks of marks has them elsewhere."""

SHOWN_CHARS = 120


@dataclass(frozen=True, slots=True)
class Answer:
    """The text of an answer, its reasoning apart, and, where the answer can stand in no pair, why."""

    text: str
    reasoning: str
    reason: str = ""
    evidence: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is no answer in it, for whatever reason."""
        return bool(self.reason) or not self.text.strip()


def read_answer(said: Completion) -> Answer:
    """What a completion answers. A text that is empty for no known reason is a text: a check finds it."""
    text, reasoning = take_apart(said.text)
    reasoning = "\n\n".join(filter(None, (said.beside.reasoning.strip(), reasoning)))
    reason, evidence = _fault(said, text, reasoning)
    end = f"finish reason {printable(str(said.finish_reason), max_chars=SHOWN_CHARS)}"
    return Answer(text, reasoning, reason, f"{end}, {evidence}" if reason else "")


def take_apart(text: str) -> tuple[str, str]:
    """A text without the reasoning at its beginning, and that reasoning. A model that was cut while it reasoned has
    only opened the marks; a template may have opened them for it."""
    if "<" not in text:
        return text, ""
    if found := BLOCK.match(text):
        return text[found.end() :], found[2].strip()
    if found := OPENED.match(text):
        return "", text[found.end() :].strip()
    bare = CODE.sub(lambda code: " " * len(code[0]), text)
    closed = CLOSED.search(bare)
    if closed and not OPENING.search(bare, 0, closed.start()):
        return text[closed.end() :], text[: closed.start()].strip()
    return text, ""


def _fault(said: Completion, text: str, reasoning: str) -> tuple[str, str]:
    """Why an answer can stand in no pair, and what shows that; nothing where it can."""
    beside = said.beside
    calls = bool(beside.tools) or said.finish_reason in CALLS
    thought = f"{len(reasoning):,} characters of reasoning and no text" if reasoning else "no text"
    is_cut = said.finish_reason == CUT and bool(reasoning or not said.text)
    faults = [
        (bool(beside.refusal), "refusal", beside.refusal),
        (said.finish_reason == "content_filter", "content_filter", f"{len(text):,} characters of text"),
        (calls, "tool_calls", ", ".join(beside.tools) or "no name"),
        (bool(beside.parts), "content_parts", ", ".join(beside.parts)),
        (is_cut and not text.strip(), "thinking_cut", f"{said.completion_tokens or 0:,} tokens, {thought}"),
        (bool(reasoning) and not text.strip(), "only_reasoning", thought),
    ]
    found = ((reason, printable(evidence, max_chars=SHOWN_CHARS)) for holds, reason, evidence in faults if holds)
    return next(found, ("", ""))
