"""What a format is: how a pair becomes rows of it, which pairs it cannot hold, and how its trainer is configured."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from sources.layouts.layout import Message

Row = dict[str, Any]
"""One row as JSON has it."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair as a format sees it."""

    prompt: list[Message]
    chosen: str
    rejected: str


@dataclass(frozen=True, slots=True)
class RichPair:
    """The whole messages of a pair, with the definitions of its tools."""

    prompt: list[Message]
    chosen: list[Message]
    rejected: list[Message]
    tools: list[Any] | None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Instead of rows: why a format cannot hold the pair."""

    reason: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where rows were written: file names by split (train, and test if there is one), the name of the set, and whether
    the rows have a column `tools`."""

    files: Mapping[str, str]
    name: str
    has_tools: bool = False

    @property
    def train(self) -> str:
        return self.files["train"]

    @property
    def test(self) -> str | None:
        return self.files.get("test")


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One trainer's layout.

    `rows` gives the rows of a pair, always `rows_per_pair` of them, or LeftOut with one of `reasons` (code: words).
    `schema` is that of Parquet files; without one the rows are JSON lines.
    `configuration` gives the files beside the data: name -> content. `run` is how to train with them.
    `rich` gives the rows of a pair with tools, reasoning or answers of several turns; without one such a pair is left
    out. With `rich_always` it gives those of every pair of a dataset that has any, so that all have the same columns.
    `remark` (code, words, test) counts pairs that are written, and about which there is something to say.
    """

    name: str
    trainer: str
    row: str
    rows: Callable[[Pair], list[Row] | LeftOut]
    configuration: Callable[[Place], dict[str, str]]
    run: str
    good_to_know: tuple[str, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    rows_per_pair: int = 1
    schema: pa.Schema | None = None
    rich: Callable[[RichPair], list[Row] | LeftOut] | None = None
    rich_schema: pa.Schema | None = None
    rich_always: bool = False
    remark: tuple[str, str, Callable[[Pair], bool]] | None = None

    @property
    def suffix(self) -> str:
        return "jsonl" if self.schema is None else "parquet"


NOT_ONE_ANSWER = "not_one_answer"
MORE_THAN_TEXT = "more_than_text"
HAS_TOOLS = "has_tools"
SEVERAL_ANSWER_TURNS = "several_answer_turns"
CALL_AND_TEXT = "call_and_text"
COMMON_REASONS = {
    NOT_ONE_ANSWER: "a side that is not one turn of the assistant",
    MORE_THAN_TEXT: "calls of tools, reasoning or answers of several turns, for which the format has no place",
    HAS_TOOLS: "definitions, calls or results of tools, which the trainer does not pass on",
    SEVERAL_ANSWER_TURNS: "an answer of several turns, of which the trainer takes one",
    CALL_AND_TEXT: "a turn with text and a call of a tool, of which the format holds one",
}
"""Why any format may leave a pair out, beside its own reasons."""


def turns_alternate(prompt: list[Message]) -> bool:
    """Whether a prompt is (system) user (assistant user)..."""
    roles = [message["role"] for message in prompt]
    said = roles[1:] if roles[:1] == ["system"] else roles
    return len(said) % 2 == 1 and all(role == ("user", "assistant")[place % 2] for place, role in enumerate(said))


def assistant(content: str) -> Message:
    """A turn of the assistant."""
    return {"role": "assistant", "content": content}


def words_of(format_: Format, reason: str) -> str:
    """What a reason of a format means."""
    return format_.reasons.get(reason) or COMMON_REASONS[reason]
