"""A verdict out of what a judge said, read strictly: what is not certain is no verdict."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final, Literal

from sources.command.printable import printable

Label = Literal["A", "B", "tie"]

SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"reason": {"type": "string"}, "verdict": {"type": "string", "enum": ["A", "B", "tie"]}},
    "required": ["reason", "verdict"],
    "additionalProperties": False,
}
RESPONSE_FORMAT: Final[dict[str, Any]] = {
    "type": "json_schema",
    "json_schema": {"name": "verdict", "strict": True, "schema": SCHEMA},
}
"""What asks a server that knows structured output for this JSON and nothing else."""

SPELLED: Final[dict[str, Label]] = {"A": "A", "B": "B", "tie": "tie", "Tie": "tie", "TIE": "tie", "平手": "tie"}
WHOLE = (None, "stop")
"""Finish reasons of an answer that the judge has ended itself."""

THINKING = re.compile(r"\s*<think>.*?</think>", re.DOTALL)
FENCED = re.compile(r"```(?:json)?\s*\n(.*)\n\s*```", re.DOTALL)
WRAPPED = re.compile(r"""\[\[(.+)\]\]|"(.+)"|\*\*(.+)\*\*""")
OBJECT = re.compile(r"\{[^{}]*\}")
SHOWN_CHARS = 120


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why there is no verdict: unreadable, cut_off or empty for what a judge said."""

    reason: str
    evidence: str


def read_verdict(text: str, finish_reason: str | None) -> Label | Unreadable:
    """The verdict in an answer: the label alone, or one JSON object with `verdict`, alone or at the end of the text."""
    if finish_reason not in WHOLE:
        return Unreadable("cut_off", f"finish reason {printable(str(finish_reason))}")
    said = THINKING.sub("", text, count=1) if THINKING.match(text) else text
    said = said.strip()
    if not said:
        return Unreadable("empty", "no text" if not text.strip() else "nothing after its reasoning")
    label = _label(_unwrapped(said))
    if label is None:
        label = _label(_of_object(said))
    return label or Unreadable("unreadable", printable(said[-SHOWN_CHARS:], max_chars=SHOWN_CHARS))


def _label(value: object) -> Label | None:
    return SPELLED.get(value.strip()) if isinstance(value, str) else None


def _unwrapped(said: str) -> str:
    """A label without the marks that judges put around it."""
    bare = said.removesuffix(".").removesuffix("。")
    found = WRAPPED.fullmatch(bare)
    return next(filter(None, found.groups())) if found else bare


def _of_object(said: str) -> object:
    """The verdict of the only JSON object that has one, which ends the text; None where that is not so."""
    fenced = FENCED.search(said)
    if fenced and fenced.end() == len(said):
        said = f"{said[: fenced.start()]}{fenced[1].strip()}"
    whole = _verdict(said)
    if whole is not None:
        return whole
    objects = [found for found in OBJECT.finditer(said) if '"verdict"' in found[0]]
    if len(objects) != 1 or objects[0].end() != len(said):
        return None
    return _verdict(objects[0][0])


def _verdict(text: str) -> object:
    """`verdict` of a JSON object; None where the text is no object, or says it twice."""
    try:
        said = json.loads(text, object_pairs_hook=_no_key_twice)
    except (ValueError, RecursionError):
        return None
    return said.get("verdict") if isinstance(said, dict) else None


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError("a key stands twice")
    return read
