"""What a judge said, without its reasoning, and the one JSON object in it: read strictly, for certain or not at all."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from sources.command.printable import printable

WHOLE: Final = (None, "stop")
"""Finish reasons of an answer that the judge has ended itself."""

THINKING = re.compile(r"\s*<think>.*?</think>", re.DOTALL)
FENCED = re.compile(r"```(?:json)?\s*\n(.*)\n\s*```", re.DOTALL)
OBJECT = re.compile(r"\{[^{}]*\}")
SHOWN_CHARS = 120


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why there is no verdict: unreadable, off_scale, cut_off or empty for what a judge said."""

    reason: str
    evidence: str


def unreadable(said: str) -> Unreadable:
    """A text that holds no verdict for certain; its end is the evidence."""
    return Unreadable("unreadable", printable(said[-SHOWN_CHARS:], max_chars=SHOWN_CHARS))


def spoken(text: str, finish_reason: str | None) -> str | Unreadable:
    """The text after the reasoning, if the judge has ended it itself and there is any."""
    if finish_reason not in WHOLE:
        return Unreadable("cut_off", f"finish reason {printable(str(finish_reason))}")
    said = THINKING.sub("", text, count=1) if THINKING.match(text) else text
    said = said.strip()
    if not said:
        return Unreadable("empty", "no text" if not text.strip() else "nothing after its reasoning")
    return said


def find_object(said: str, key: str) -> dict[str, Any] | None:
    """The only JSON object that has that key, which is the text or ends it; None where that is not so."""
    fenced = FENCED.search(said)
    if fenced and fenced.end() == len(said):
        said = f"{said[: fenced.start()]}{fenced[1].strip()}"
    whole = _read(said, key)
    if whole is not None:
        return whole
    objects = [found for found in OBJECT.finditer(said) if f'"{key}"' in found[0]]
    if len(objects) != 1 or objects[0].end() != len(said):
        return None
    return _read(objects[0][0], key)


def _read(text: str, key: str) -> dict[str, Any] | None:
    """A JSON object with that key; None where the text is none, or says a key twice."""
    try:
        said = json.loads(text, object_pairs_hook=_no_key_twice)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) and key in said else None


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError("a key stands twice")
    return read
