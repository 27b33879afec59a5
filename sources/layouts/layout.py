"""What a layout is: how its rows are recognised, and how a row becomes one pair or several."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Row = Mapping[str, Any]
"""One row as JSON has it."""

Message = dict[str, Any]
"""role and content, both strings; where the source has them also tool_calls, tool_call_id, name, reasoning_content."""

Pairing = Literal["first", "best_worst", "adjacent", "all"]
"""Which pairs several answers give: the first two; best against worst; each against the next; every better against
every worse one."""

PAIRINGS: tuple[Pairing, ...] = ("first", "best_worst", "adjacent", "all")


class NoPairError(Exception):
    """A row gives no pair: reason and evidence."""


@dataclass(slots=True)
class Draft:
    """A pair as a layout reads it. `tools` are definitions in the form of Hugging Face's chat templates; `lang` is
    empty where the row does not say; `unread` names what the layout left of the row on purpose; `tags` are remarks on
    the pair, and pairs of one `item` never straddle a split."""

    prompt: list[Message]
    chosen: list[Message]
    rejected: list[Message]
    score_chosen: float | None = None
    score_rejected: float | None = None
    chosen_model: str | None = None
    rejected_model: str | None = None
    tools: list[Any] | None = None
    lang: str = ""
    unread: tuple[str, ...] = ()
    rejected_row: int | None = None
    tags: tuple[str, ...] = ()
    item: str | None = None


@dataclass(slots=True)
class Half:
    """One answer that somebody liked or disliked, which becomes a pair with another answer to the same prompt."""

    prompt: list[Message]
    answer: list[Message]
    liked: bool
    score: float | None = None
    model: str | None = None
    tools: list[Any] | None = None
    lang: str = ""
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """What a user may say of a layout: which pairs, how far apart their scores must be, and which columns of known
    meaning to pass over."""

    pairs: Pairing | None = None
    min_margin: float = 0.0
    ignore: frozenset[str] = frozenset()


Kind = Callable[[object], bool]
Kinds = Mapping[str, Kind]
"""The columns that a row must have, each with the kind of its value."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """One way to write preferences.

    `variants` are the sets of columns that it may have, the first that fits is taken; `also` are columns that it reads
    where they are there; `joins_input`: an instruction is read with the column input below it. `read` gives the pairs
    of a row, or raises NoPairError. `unpaired`: it gives halves. `pairings` are those that can be chosen, the default
    first; none where a row is one pair.
    """

    name: str
    looks_like: str
    variants: tuple[Kinds, ...]
    read: Callable[[Row, Options], "list[Draft] | list[Half]"]
    also: frozenset[str] = field(default=frozenset())
    unless: Callable[[Row], bool] | None = None
    joins_input: bool = False
    unpaired: bool = False
    pairings: tuple[Pairing, ...] = ()

    def reads(self, variant: int) -> frozenset[str]:
        """The columns that it uses of a row of that variant."""
        columns = self.also.union(self.variants[variant])
        return columns | {"input"} if self.joins_input and "instruction" in columns else columns

    def lacks(self, row: Row) -> list[str]:
        """What keeps the row from being this layout: the columns missing or of another kind, of the nearest variant."""
        return min(
            ([key for key, kind in kinds.items() if key not in row or not kind(row[key])] for kinds in self.variants),
            key=len,
        )


ANSWER_LISTS = ("completions", "answers", "responses", "outputs", "generations", "candidates")
SCORE_LISTS = ("scores", "ratings", "rewards", "overall_scores", "rank", "ranks", "ranking")
"""Columns of several answers, and of their scores or ranks."""


def is_text(value: object) -> bool:
    """A string."""
    return isinstance(value, str)


def is_message(value: object) -> bool:
    """An object with a role, or with from and value."""
    return isinstance(value, Mapping) and ("role" in value or {"from", "value"} <= value.keys())


def is_messages(value: object) -> bool:
    """A list of messages, by the look of the first; an empty one is none."""
    return isinstance(value, list) and bool(value) and is_message(value[0])


def is_texts(value: object) -> bool:
    """A list of strings, by the look of the first; an empty one is none."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], str)


def is_answer(value: object) -> bool:
    """A message or a list of messages."""
    return is_message(value) or is_messages(value)


def is_answer_alone(value: object) -> bool:
    """A list of messages that begins with the assistant's: an answer without its prompt."""
    return is_messages(value) and isinstance(value, list) and value[0].get("role", value[0].get("from")) in ASSISTANT


ASSISTANT = ("assistant", "gpt")


def is_answers(value: object) -> bool:
    """One answer or several: a string, a message, a list of either, or an object that holds the text."""
    if isinstance(value, list) and value and holds_text(value[0]):
        return True
    return is_text(value) or is_texts(value) or is_answer(value) or holds_text(value)


def is_prompt(value: object) -> bool:
    """A string or a list of messages."""
    return isinstance(value, str) or is_messages(value)


def is_list(value: object) -> bool:
    """A list."""
    return isinstance(value, list)


def is_number(value: object) -> bool:
    """A number, as such or as a string."""
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return False
        return True
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_flag(value: object) -> bool:
    """True or false, also as 0, 1 or a string."""
    return isinstance(value, (bool, int)) or (isinstance(value, str) and value.strip().lower() in FLAGS)


def is_something(value: object) -> bool:
    """Anything but null."""
    return value is not None


def is_nothing(value: object) -> bool:
    """What says nothing: null, NaN, a text of white space, an empty list or object."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or value in ([], {}) or value != value  # noqa: PLR0124 - NaN


FLAGS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}
TEXT_KEYS = ("answer", "text", "content", "response", "full_text", "output", "completion", "value")
"""Where an object of one answer holds its text."""


def text_key(value: Row) -> str | None:
    """The first of TEXT_KEYS under which an object has a string."""
    return next((key for key in TEXT_KEYS if isinstance(value.get(key), str)), None)


def holds_text(value: object) -> bool:
    """An object with a string under one of TEXT_KEYS."""
    return isinstance(value, Mapping) and text_key(value) is not None


def string(value: object) -> str | None:
    """The value where it is a string."""
    return value if isinstance(value, str) else None


def has_prompt(row: Row) -> bool:
    """Whether the row has a prompt of its own."""
    return row.get("prompt") is not None


def flag(value: object) -> bool:
    """The truth of an `is_flag` value."""
    return FLAGS[value.strip().lower()] if isinstance(value, str) else bool(value)
