"""Answers, prompts and histories of a row as turns, whatever its layout calls their parts."""

from collections.abc import Mapping

from sources.command.printable import shown
from sources.layouts.layout import Draft, Message, NoPairError, Row, text_key
from sources.layouts.messages import OBJECT_KEYS, has_role, message, messages
from sources.layouts.opened import parse_cell

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
    if isinstance(value, Mapping) and not has_role(value) and (key := text_key(value)):
        beside = {name: value[name] for name in OBJECT_KEYS if value.get(name)}
        return [message({"role": "assistant", "content": value[key], **beside}, where)]
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


def history_turns(history: object, where: str) -> list[Message]:
    """Earlier turns: exchanges, each [what the user said, what the assistant said], or messages; none of nothing.

    Raises:
        NoPairError: they are something else.
    """
    if not history:
        return []
    if isinstance(history, str):
        history = parse_cell(history)
    if not isinstance(history, list):
        raise NoPairError("broken_history", f"{where} is {shown(history)}, expected a list of exchanges")
    if isinstance(history[0], Mapping):
        return messages(history, where)
    turns = []
    for exchange in history:
        if not (isinstance(exchange, list) and len(exchange) == 2 and all(isinstance(said, str) for said in exchange)):
            raise NoPairError("broken_history", f"an exchange of {where} is {shown(exchange)}, expected two strings")
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


def number(value: object) -> float | None:
    """A number, also one in a string; NaN, an empty string and null are none.

    Raises:
        NoPairError: it is something else.
    """
    if value is None:
        return None
    if isinstance(value, str):
        if not value.strip() or value.strip().lower() in ("n/a", "na", "null", "none"):
            return None
        try:
            value = float(value)
        except ValueError:
            raise NoPairError("wrong_type", f"a score is {shown(value)}, expected a number") from None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            found = float(value)
        except OverflowError:
            raise NoPairError("wrong_type", "a score is too large for a number of 64 bits") from None
        return None if found != found else found  # noqa: PLR0124 - NaN
    raise NoPairError("wrong_type", f"a score is {shown(value)}, expected a number")
