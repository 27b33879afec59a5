"""A verdict out of what a judge said, read strictly: what is not certain is no verdict."""

import re
from typing import Any, Final, Literal

from synth.judging.spoken import Unreadable, find_object, spoken, unreadable

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
WRAPPED = re.compile(r"""\[\[(.+)\]\]|"(.+)"|\*\*(.+)\*\*""")


def read_verdict(text: str, finish_reason: str | None) -> Label | Unreadable:
    """The verdict in an answer: the label alone, or one JSON object with `verdict`, alone or at the end of the text."""
    said = spoken(text, finish_reason)
    if isinstance(said, Unreadable):
        return said
    label = _label(_unwrapped(said))
    if label is None:
        label = _label((find_object(said, "verdict") or {}).get("verdict"))
    return label or unreadable(said)


def _label(value: object) -> Label | None:
    return SPELLED.get(value.strip()) if isinstance(value, str) else None


def _unwrapped(said: str) -> str:
    """A label without the marks that judges put around it."""
    bare = said.removesuffix(".").removesuffix("。")
    found = WRAPPED.fullmatch(bare)
    return next(filter(None, found.groups())) if found else bare
