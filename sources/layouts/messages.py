"""Messages of a row in one form, whatever its layout calls their parts; and what of them nothing reads."""

import re
from collections.abc import Iterator, Mapping

from sources.command.printable import printable, shown
from sources.layouts.layout import Message, NoPairError, Row, is_nothing
from sources.layouts.tool_calls import calls_in_text, read_calls, unread_of_call
from sources.pairs.extras import REASONING_KEYS

ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "prompter": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bing": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "function_call": "assistant",
    "tool_call": "assistant",
    "tool": "tool",
    "function": "tool",
    "observation": "tool",
    "tool_response": "tool",
    "ipython": "tool",
}
"""The names that layouts give to the four roles."""

CALLING = ("function_call", "tool_call")
"""The roles whose content is the call of a tool."""

MEDIA_PART = re.compile(r"image|video|audio|file|document")
MEDIA_KEYS = ("image", "images", "image_url", "video", "videos", "video_url", "audio", "audios", "input_audio")
REASONING_PARTS = ("thinking", "reasoning")
"""The types of parts of a content that hold reasoning."""

OBJECT_KEYS = ("tool_calls", "function_call", *REASONING_KEYS, *MEDIA_KEYS)
"""What is read beside the text of an object that is the assistant's message without saying so."""

ALWAYS_READ = frozenset(("tool_call_id", *REASONING_KEYS, *MEDIA_KEYS))
"""What is read of a message wherever it stands, or skips its row; of the rest, `_read_of` says."""


KNOWN = frozenset(("role", "from", "content", "value", "name", "refusal", "tool_calls", "function_call"))
"""What has a meaning in some message; where it is empty, nothing is lost."""


def messages(value: object, where: str) -> list[Message]:
    """A list of messages with the roles system, user, assistant and tool. A system turn without text is left out.

    Raises:
        NoPairError: it is none.
    """
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, list):
        raise NoPairError("wrong_type", f"{where} is {shown(value)}, expected a list of messages")
    read: list[Message] = []
    for place, each in enumerate(value):
        turn = message(each, where, place)
        if read and read[-1]["role"] == "assistant" and isinstance(each, Mapping) and _calls_only(each):
            calls = [*read[-1].get("tool_calls", ()), *turn["tool_calls"]]  # ms-swift: a turn for each call
            read[-1] = {**read[-1], "tool_calls": calls}
        else:
            read.append(turn)
    if read and read[0]["role"] == "system" and not read[0]["content"].strip():
        del read[0]
    return read


def has_role(value: Row) -> bool:
    """Whether an object is a message and not one that only holds a text."""
    return "role" in value or "from" in value


def _first(value: Row, *keys: str) -> str:
    """The first of the keys under which the object has something; the first of all where none has."""
    return next((key for key in keys if value.get(key) is not None), keys[0])


def _calls_key(value: Row) -> str:
    return "tool_calls" if value.get("tool_calls") else "function_call"


def _calls_only(value: Row) -> bool:
    return value.get(_first(value, "role", "from")) in CALLING


def message(value: object, where: str, place: int = 0) -> Message:
    """One message with a known role.

    Raises:
        NoPairError: it is none, or holds pictures, sound or video.
    """
    if not isinstance(value, Mapping):
        raise NoPairError("broken_turns", f"{where}[{place}] is {shown(value)}, expected a message of a known role")
    said = value.get(_first(value, "role", "from"))
    role = ROLES.get(said) or ROLES.get(said.lower()) if isinstance(said, str) else None
    if role is None:
        raise NoPairError("broken_turns", f"{where}[{place}] is {shown(value)}, expected a message of a known role")
    content = value.get(_first(value, "content", "value"))
    if len(value) == 2 and type(content) is str and said not in CALLING:
        return {"role": role, "content": content}
    return _rich_message(value, role, content, f"{where}[{place}]")


def _rich_message(value: Row, role: str, content: object, where: str) -> Message:
    """A message with more than a role and a string."""
    for key in MEDIA_KEYS:
        if value.get(key):
            raise NoPairError("has_media", f"{where} has {key}: {shown(value[key])}")
    said, reasoning = _content(content, where)
    read: Message = {"role": role, "content": said}
    if reasoning:
        read["reasoning_content"] = reasoning
    calls = value.get(_calls_key(value))
    if _calls_only(value) and not calls:
        calls, read["content"] = calls_in_text(read["content"], where), ""
    if calls:
        read["tool_calls"] = read_calls(calls, where)
    for key in ("tool_call_id", *REASONING_KEYS, *(("name",) if role == "tool" else ())):
        if isinstance(value.get(key), str) and value[key]:
            if read.get(key, value[key]) != value[key]:
                raise NoPairError("unplaced_reasoning", f"{where} has reasoning in its content and under {key}")
            read[key] = value[key]
        elif value.get(key):
            raise NoPairError("wrong_type", f"{where}.{key} is {shown(value[key])}, expected a string")
    if content is None and not calls and not any(key in read for key in REASONING_KEYS):
        beside = f" and refusal {shown(value['refusal'])}" if value.get("refusal") else ""
        raise NoPairError("broken_turns", f"{where} is {role}'s with content null{beside}, expected text")
    return read


def _content(value: object, where: str) -> tuple[str, str]:
    """The text and the reasoning of a content: a string, or parts of which all are either."""
    if value is None:
        return "", ""
    if isinstance(value, str):
        return value, ""
    if not isinstance(value, list):
        raise NoPairError("broken_turns", f"{where} has content {shown(value)}, expected text")
    texts, reasoning = list[str](), list[str]()
    for part in value:
        if isinstance(part, str):
            texts.append(part)
            continue
        kind = part.get("type") if isinstance(part, Mapping) else None
        if isinstance(kind, str) and MEDIA_PART.search(kind):
            raise NoPairError("has_media", f"{where} has a part of type {printable(kind)}")
        key = _part_key(part) if isinstance(part, Mapping) else None
        if key is None:
            raise NoPairError("broken_turns", f"{where} has a part {shown(part)}, expected text")
        (reasoning if kind in REASONING_PARTS else texts).append(_content(part[key], where)[0])
    return "\n".join(texts), "\n".join(reasoning)


def _part_key(part: Row) -> str | None:
    """Under which key a part of a content has its text, or the parts of its reasoning."""
    if part.get("type") in REASONING_PARTS:
        return next((key for key in (str(part["type"]), "text") if isinstance(part.get(key), (str, list))), None)
    return "text" if isinstance(part.get("text"), str) else None


def unread_keys(value: object, where: str) -> list[str]:
    """The keys of the messages in a cell that nothing reads, as `prompt[].weight`."""
    if isinstance(value, Mapping):
        if not has_role(value) or _is_plain(value):
            return []
        return [f"{where}.{name}" for name in dict.fromkeys(_unread(value))]
    if not isinstance(value, list):
        return []
    found: dict[str, None] = {}
    for each in value:
        if isinstance(each, Mapping) and has_role(each) and not _is_plain(each):
            found.update((f"{where}[].{name}", None) for name in _unread(each))
    return list(found)


def _is_plain(turn: Row) -> bool:
    """Whether a message is a role and a text, as nearly all are: nothing of it is left unread."""
    return len(turn) == 2 and (type(turn.get("content")) is str or type(turn.get("value")) is str)


def _unread(turn: Row) -> Iterator[str]:
    read = _read_of(turn)
    yield from (
        key
        for key, cell in turn.items()
        if key not in read and cell is not None and not (key in KNOWN and is_nothing(cell))
    )
    content = turn.get(_first(turn, "content", "value"))
    for part in content if isinstance(content, list) else ():
        if isinstance(part, Mapping):
            of_text = ("type", _part_key(part))
            yield from (f"content[].{key}" for key, cell in part.items() if key not in of_text and cell is not None)
    key = _calls_key(turn)
    for call in turn[key] if isinstance(turn.get(key), list) else [turn.get(key)]:
        yield from (f"{key}[].{name}" for name in unread_of_call(call))


def _read_of(turn: Row) -> frozenset[str]:
    """The keys of a message that `message` reads."""
    role = _first(turn, "role", "from")
    keys = {role, _first(turn, "content", "value"), _calls_key(turn)}
    said = turn.get(role)
    names = {"name"} if isinstance(said, str) and ROLES.get(said.lower()) == "tool" else set[str]()
    return ALWAYS_READ | keys | names
