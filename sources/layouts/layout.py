"""What a layout is: how its rows are recognised, and how a row becomes a pair."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from sources.command.printable import printable

Row = Mapping[str, Any]
"""One row as JSON has it."""

Message = dict[str, str]
"""role and content."""

ROLES = {
    "system": "system",
    "user": "user",
    "human": "user",
    "prompter": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bing": "assistant",
    "bot": "assistant",
    "model": "assistant",
}
"""The names that layouts give to the three roles."""

WRITTEN_OUT = re.compile(r"""\s*\[\s*\{\s*['"](?:role|content|from|value)['"]\s*:""")
"""How a list of messages begins that was written to a CSV file as Python or JSON."""


class NoPairError(Exception):
    """A row gives no pair: reason and evidence."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A pair as a layout reads it; turns end with the user's."""

    prompt: list[Message]
    chosen: str
    rejected: str


@dataclass(frozen=True, slots=True)
class Layout:
    """One way to write a pair. `fits` tells by the keys and kinds of a row whether it is this layout, `read` reads it
    and raises NoPairError where it cannot."""

    name: str
    looks_like: str
    fits: Callable[[Row], bool]
    read: Callable[[Row], Draft]


def has(row: Row, **kinds: Callable[[object], bool]) -> bool:
    """Whether the row has all of these keys, each with a value of its kind."""
    return all(key in row and kind(row[key]) for key, kind in kinds.items())


def is_text(value: object) -> TypeGuard[str]:
    """A string, and not a list of messages that some table has turned into one."""
    return isinstance(value, str) and not WRITTEN_OUT.match(value)


def is_text_or_none(value: object) -> bool:
    """A string, or nothing."""
    return value is None or isinstance(value, str)


def is_messages(value: object) -> bool:
    """A list of messages, by the look of the first; an empty one is none."""
    return isinstance(value, list) and bool(value) and is_message(value[0])


def is_message(value: object) -> bool:
    """An object with role and content, or with from and value."""
    return isinstance(value, Mapping) and ({"role", "content"} <= value.keys() or {"from", "value"} <= value.keys())


def text(row: Row, key: str) -> str:
    """The string under a key; an absent or null one is empty.

    Raises:
        NoPairError: it is something else.
    """
    value = row.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise NoPairError("wrong_type", f"{key} is {printable(repr(value))}, expected a string")
    return value


def messages(value: object, where: str) -> list[Message]:
    """A list of messages with the roles system, user and assistant, whatever the layout calls them.

    Raises:
        NoPairError: it is none.
    """
    if not isinstance(value, list):
        raise NoPairError("wrong_type", f"{where} is {printable(repr(value))}, expected a list of messages")
    return [message(each, f"{where}[{place}]") for place, each in enumerate(value)]


def message(value: object, where: str) -> Message:
    """One message with a known role.

    Raises:
        NoPairError: it is none.
    """
    if isinstance(value, Mapping):
        role, content = value.get("role", value.get("from")), value.get("content", value.get("value"))
        if isinstance(role, str) and role.lower() in ROLES and isinstance(content, str):
            return {"role": ROLES[role.lower()], "content": content}
    raise NoPairError("broken_turns", f"{where} is {printable(repr(value))}, expected a message of a known role")


def answer(value: object, where: str) -> str:
    """The text of one answer: a string, a message, or a list of one message.

    Raises:
        NoPairError: it is none.
    """
    if isinstance(value, str):
        return value
    said = messages(value if isinstance(value, list) else [value], where)
    if len(said) != 1 or said[0]["role"] != "assistant":
        raise NoPairError("broken_turns", f"{where} has {len(said)} turns, expected one of the assistant")
    return said[0]["content"]


def user(content: str, system: str = "") -> list[Message]:
    """A prompt of one turn, below what the system says."""
    first = [{"role": "system", "content": system}] if system else []
    return [*first, {"role": "user", "content": content}]


def history_turns(history: object) -> list[Message]:
    """Earlier exchanges, each [what the user said, what the assistant said], as turns; none of nothing.

    Raises:
        NoPairError: they are something else.
    """
    if not history:
        return []
    if not isinstance(history, list):
        raise NoPairError("broken_history", f"history is {printable(repr(history))}, expected a list of exchanges")
    turns = []
    for exchange in history:
        if not (isinstance(exchange, list) and len(exchange) == 2 and all(isinstance(said, str) for said in exchange)):
            raise NoPairError("broken_history", f"an exchange is {printable(repr(exchange))}, expected two strings")
        turns += [{"role": "user", "content": exchange[0]}, {"role": "assistant", "content": exchange[1]}]
    return turns


def after_common_turns(chosen: list[Message], rejected: list[Message]) -> Draft:
    """Two dialogues that begin alike: the turns in common are the prompt, what remains is one answer each.

    Raises:
        NoPairError: they differ earlier, or in more than one turn.
    """
    if not chosen or not rejected:
        raise NoPairError("broken_turns", "a side has no turns")
    if chosen[:-1] != rejected[:-1]:
        raise NoPairError("broken_turns", "chosen and rejected differ before their last turn")
    last = (chosen[-1], rejected[-1])
    if any(said["role"] != "assistant" for said in last):
        raise NoPairError("broken_turns", "the last turn is not the assistant's")
    if len(chosen) < 2:
        raise NoPairError("no_prompt", "both sides are one turn, and there is no prompt")
    return Draft(chosen[:-1], chosen[-1]["content"], rejected[-1]["content"])
