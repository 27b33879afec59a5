"""Messages and answers of a row in one form, whatever its layout calls their parts."""

import re
from collections.abc import Mapping

from sources.command.printable import printable, shown
from sources.layouts.layout import Draft, Message, NoPairError, Row, text_key
from sources.layouts.tool_calls import calls_in_text, read_calls
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

MESSAGE_KEYS = frozenset(
    (
        "role",
        "from",
        "content",
        "value",
        "tool_calls",
        "function_call",
        "tool_call_id",
        "name",
        "refusal",
        *REASONING_KEYS,
    )
)
"""What is read of a message."""

MEDIA_PART = re.compile(r"image|video|audio|file|document")
MEDIA_KEYS = ("image", "images", "image_url", "video", "videos", "video_url", "audio", "audios", "input_audio")


FOLLOWING = {"": ("assistant",), "assistant": ("tool",), "tool": ("tool", "assistant")}
"""Who may speak after whom in an answer, which the assistant ends."""


def text(row: Row, key: str) -> str:
    """The string under a key; an absent or null one is empty.

    Raises:
        NoPairError: it is something else.
    """
    value = row.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise NoPairError("wrong_type", f"{key} is {shown(value)}, expected a string")
    return value


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


def _calls_only(value: Row) -> bool:
    return value.get("role", value.get("from")) in CALLING


def message(value: object, where: str, place: int = 0) -> Message:
    """One message with a known role.

    Raises:
        NoPairError: it is none, or holds pictures, sound or video.
    """
    if not isinstance(value, Mapping):
        raise NoPairError("broken_turns", f"{where}[{place}] is {shown(value)}, expected a message of a known role")
    said = value.get("role", value.get("from"))
    role = ROLES.get(said) or ROLES.get(said.lower()) if isinstance(said, str) else None
    if role is None:
        raise NoPairError("broken_turns", f"{where}[{place}] is {shown(value)}, expected a message of a known role")
    content = value.get("content", value.get("value"))
    if len(value) == 2 and type(content) is str and said not in CALLING:
        return {"role": role, "content": content}
    return _rich_message(value, role, content, f"{where}[{place}]")


def _rich_message(value: Row, role: str, content: object, where: str) -> Message:
    """A message with more than a role and a string."""
    for key in MEDIA_KEYS:
        if value.get(key):
            raise NoPairError("has_media", f"{where} has {key}: {shown(value[key])}")
    read: Message = {"role": role, "content": _content(content, where)}
    calls = value.get("tool_calls") or value.get("function_call")
    if _calls_only(value) and not calls:
        calls, read["content"] = calls_in_text(read["content"], where), ""
    if calls:
        read["tool_calls"] = read_calls(calls, where)
    for key in ("tool_call_id", *REASONING_KEYS, *(("name",) if role == "tool" else ())):
        if isinstance(value.get(key), str) and value[key]:
            read[key] = value[key]
        elif value.get(key):
            raise NoPairError("wrong_type", f"{where}.{key} is {shown(value[key])}, expected a string")
    if content is None and not calls and not any(key in read for key in REASONING_KEYS):
        beside = f" and refusal {shown(value['refusal'])}" if value.get("refusal") else ""
        raise NoPairError("broken_turns", f"{where} is {role}'s with content null{beside}, expected text")
    return read


def _content(value: object, where: str) -> str:
    """The text of a content: a string, or parts of which all are text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise NoPairError("broken_turns", f"{where} has content {shown(value)}, expected text")
    texts = []
    for part in value:
        if isinstance(part, str):
            texts.append(part)
            continue
        kind = part.get("type") if isinstance(part, Mapping) else None
        if isinstance(kind, str) and MEDIA_PART.search(kind):
            raise NoPairError("has_media", f"{where} has a part of type {printable(kind)}")
        if not isinstance(part, Mapping) or not isinstance(part.get("text"), str):
            raise NoPairError("broken_turns", f"{where} has a part {shown(part)}, expected text")
        texts.append(part["text"])
    return "\n".join(texts)


def assistant(content: str) -> list[Message]:
    """An answer of one turn."""
    return [{"role": "assistant", "content": content}]


def answer(value: object, where: str) -> list[Message]:
    """One answer: a string, a message, an object that holds the text, or a list of turns that the assistant begins and
    ends, with the results of its tools between.

    Raises:
        NoPairError: it is none.
    """
    if isinstance(value, str):
        return assistant(value)
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        return assistant(value[0])
    if isinstance(value, Mapping) and not _has_role(value) and (key := text_key(value)):
        return assistant(value[key])
    if not isinstance(value, (list, Mapping)):
        raise NoPairError("wrong_type", f"{where} is {shown(value)}, expected text or messages")
    return answer_turns(messages(value, where), where)


def answer_turns(turns: list[Message], where: str) -> list[Message]:
    """The turns, if they are one answer.

    Raises:
        NoPairError: says which turn is whose, and whose was expected.
    """
    if not turns:
        raise NoPairError("broken_turns", f"{where} has 0 turns, expected one of the assistant")
    before = ""
    for place, turn in enumerate(turns):
        if turn["role"] not in FOLLOWING[before]:
            expected = {"": "assistant's", "assistant": "the end or tool's", "tool": "tool's or assistant's"}[before]
            raise NoPairError("broken_turns", f"{where}[{place}] is {turn['role']}'s, expected {expected}")
        before = turn["role"]
    if before != "assistant":
        raise NoPairError("broken_turns", f"{where}[{len(turns) - 1}] is {before}'s, expected assistant's")
    return turns


def answers(value: object, where: str) -> list[list[Message]]:
    """One answer or several: a list of strings, or of objects that hold a text, is so many; null is an empty one.

    Raises:
        NoPairError: it is none.
    """
    if value is None:
        return [assistant("")]
    if isinstance(value, list) and len(value) > 1 and not (isinstance(value[0], Mapping) and _has_role(value[0])):
        return [answer(each, f"{where}[{place}]") for place, each in enumerate(value)]
    return [answer(value, where)]


def _has_role(value: Row) -> bool:
    return "role" in value or "from" in value


def prompt(value: object, where: str) -> list[Message]:
    """The turns before the answer: a string is the user's.

    Raises:
        NoPairError: they are something else.
    """
    if isinstance(value, str):
        return user(value)
    return messages(value, where)


def user(content: str) -> list[Message]:
    """A prompt of one turn."""
    return [{"role": "user", "content": content}]


def history_turns(history: object) -> list[Message]:
    """Earlier turns: exchanges, each [what the user said, what the assistant said], or messages; none of nothing.

    Raises:
        NoPairError: they are something else.
    """
    if not history:
        return []
    if not isinstance(history, list):
        raise NoPairError("broken_history", f"history is {shown(history)}, expected a list of exchanges")
    if isinstance(history[0], Mapping):
        return messages(history, "history")
    turns = []
    for exchange in history:
        if not (isinstance(exchange, list) and len(exchange) == 2 and all(isinstance(said, str) for said in exchange)):
            raise NoPairError("broken_history", f"an exchange is {shown(exchange)}, expected two strings")
        turns += [{"role": "user", "content": exchange[0]}, {"role": "assistant", "content": exchange[1]}]
    return turns


def after_common_turns(chosen: list[Message], rejected: list[Message], where: str = "chosen and rejected") -> Draft:
    """Two dialogues that begin alike: what they have in common up to the last user's turn is the prompt, what remains
    is one answer each.

    Raises:
        NoPairError: they differ earlier, or what remains is no answer.
    """
    if not chosen or not rejected:
        raise NoPairError("broken_turns", "a side has no turns")
    common = 0
    while common < min(len(chosen), len(rejected)) and chosen[common] == rejected[common]:
        common += 1
    ends = [place + 1 for place, turn in enumerate(chosen[:common]) if turn["role"] in ("user", "tool")]
    for name, turns in (("chosen", chosen), ("rejected", rejected)):
        if turns[-1]["role"] != "assistant":
            raise NoPairError(
                "broken_turns", f"{name}[{len(turns) - 1}] is {turns[-1]['role']}'s, expected assistant's: "
                "the last turn is not the assistant's"
            )  # fmt: skip
    if any(turn["role"] == "user" for turns in (chosen, rejected) for turn in turns[common:]):
        raise NoPairError("broken_turns", f"{where} differ before their last turn, at turn {common}")
    if not ends:
        raise NoPairError("no_prompt", "both sides are one turn, and there is no prompt")
    end = ends[-1]
    return Draft(chosen[:end], answer_turns(chosen[end:], "chosen"), answer_turns(rejected[end:], "rejected"))


def unread_keys(value: object, where: str) -> list[str]:
    """The keys of the messages in a cell that nothing reads, as `prompt[].weight`."""
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, list):
        return []
    found: dict[str, None] = {}
    for each in value:
        if isinstance(each, Mapping) and _has_role(each) and not each.keys() <= MESSAGE_KEYS:
            found.update(
                (f"{where}[].{key}", None)
                for key, cell in each.items()
                if key not in MESSAGE_KEYS and cell is not None and key not in MEDIA_KEYS
            )
    return list(found)


def number(value: object) -> float | None:
    """A number, also one in a string; NaN, an empty string and null are none.

    Raises:
        NoPairError: it is something else.
    """
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        if not value.strip() or value.strip().lower() in ("n/a", "na", "null", "none"):
            return None
        try:
            value = float(value)
        except ValueError:
            raise NoPairError("wrong_type", f"a score is {shown(value)}, expected a number") from None
    if isinstance(value, (int, float)):
        try:
            found = float(value)
        except OverflowError:
            raise NoPairError("wrong_type", "a score is too large for a number of 64 bits") from None
        return None if found != found else found  # noqa: PLR0124 - NaN
    raise NoPairError("wrong_type", f"a score is {shown(value)}, expected a number")
