"""Pairs in the words of a chat template: the prompt alone, and the prompt with each answer."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from sources.command.errors import BrokenFileError
from sources.pairs.extras import extras_of
from sources.pairs.schema import SIDES
from train.data.encode import Conversation, Encoder


@dataclass(frozen=True, slots=True)
class Rendered:
    """A prompt, and the prompt with chosen and with rejected.

    `answers_differ` says whether the answers were different before; `lost` is the first text of an answer that the
    template does not write, empty if it writes all.
    """

    prompt: str
    chosen: str
    rejected: str
    answers_differ: bool
    lost: str

    @property
    def texts(self) -> tuple[str, str, str]:
        """The three texts."""
        return self.prompt, self.chosen, self.rejected


def render_pairs(pairs: pa.Table, encoder: Encoder) -> list[Rendered]:
    """Each pair, in order.

    Raises:
        BrokenFileError: the chat template cannot render a pair.
    """
    rows: list[Rendered | None] = [None] * pairs.num_rows
    for group in _groups(pairs):
        for row, rendered in zip(group.rows, _render_group(group, pairs, encoder), strict=True):
            rows[row] = rendered
    return [row for row in rows if row is not None]


@dataclass(frozen=True, slots=True)
class _Group:
    """Pairs that have the same tools: their places in the batch and their turns by side."""

    rows: list[int]
    sides: tuple[list[Conversation], list[Conversation], list[Conversation]]
    tools: list[Any] | None


def _groups(pairs: pa.Table) -> Iterator[_Group]:
    """The plain pairs in one group, those with extras by their tools."""
    prompts, chosen, rejected = (_conversations(pairs[side]) for side in SIDES)
    extras = extras_of(pairs)
    if extras.null_count == len(pairs):
        yield _Group(list(range(len(pairs))), (prompts, chosen, rejected), None)
        return
    groups: dict[bytes, _Group] = {}
    for row, text in enumerate(extras.to_pylist()):
        whole = {"messages": None, "tools": None} if text is None else orjson.loads(text)
        group = groups.setdefault(orjson.dumps(whole["tools"]), _Group([], ([], [], []), whole["tools"]))
        group.rows.append(row)
        plain = dict(zip(SIDES, (prompts[row], chosen[row], rejected[row]), strict=True))
        for turns, side in zip(group.sides, SIDES, strict=True):
            turns.append((whole["messages"] or plain)[side])
    yield from groups.values()


def _render_group(group: _Group, pairs: pa.Table, encoder: Encoder) -> Iterator[Rendered]:
    prompts, *answers = group.sides
    whole = [
        _render([prompt + turns for prompt, turns in zip(prompts, side, strict=True)], pairs, encoder, group.tools)
        for side in answers
    ]
    rows = zip(_render_prompts(prompts, pairs, encoder, group.tools), *whole, *answers, strict=True)
    for prompt, chosen, rejected, better, worse in rows:
        lost = _lost(better, chosen, prompt) or _lost(worse, rejected, prompt)
        yield Rendered(prompt, chosen, rejected, answers_differ=better != worse, lost=lost)


def _lost(answer: Conversation, rendered: str, prompt: str) -> str:
    """The text of an answer, or the part of it, that the template does not write; white space around it is none."""
    start = len(prompt) if rendered.startswith(prompt) else 0
    for message in answer:
        for key in ("reasoning_content", "content"):
            text = (message.get(key) or "").strip()
            if rendered.find(text, start) < 0:
                ends = range(len(text) + 1)
                return text[: bisect_left(ends, True, key=lambda end: rendered.find(text[end:], start) >= 0)].strip()
    return ""


def _conversations(column: pa.ChunkedArray) -> list[Conversation]:
    """The turns as what chat templates take."""
    whole = column.combine_chunks()
    messages = whole.flatten()
    said = zip(messages.field("role").to_pylist(), messages.field("content").to_pylist(), strict=True)
    flat = [{"role": role, "content": content} for role, content in said]
    ends = np.cumsum(whole.value_lengths().to_numpy(zero_copy_only=False)).tolist()
    return [flat[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def _render_prompts(
    prompts: list[Conversation], pairs: pa.Table, encoder: Encoder, tools: list[Any] | None
) -> list[str]:
    """The rendered prompts with the opening of an answer; equal prompts are rendered once."""
    keys = [orjson.dumps(prompt) for prompt in prompts]
    unique = dict(zip(keys, prompts, strict=True))
    rendered = _render(list(unique.values()), pairs, encoder, tools, add_generation_prompt=True)
    texts = dict(zip(unique, rendered, strict=True))
    return [texts[key] for key in keys]


def _render(
    conversations: list[Conversation],
    pairs: pa.Table,
    encoder: Encoder,
    tools: list[Any] | None,
    *,
    add_generation_prompt: bool = False,
) -> list[str]:
    import jinja2

    try:
        return encoder.render(conversations, add_generation_prompt=add_generation_prompt, tools=tools)
    except (jinja2.TemplateError, TypeError, ValueError) as error:
        where = f"a pair among {pairs['source'][0]} {pairs['source_row'][0]} and the {pairs.num_rows - 1:,} after it"
        hint = "Give another one with --chat_template, or leave out such pairs."
        raise BrokenFileError(where, f"the chat template cannot render it ({error})", hint=hint) from error
