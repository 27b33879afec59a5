"""The token ids of each pair, the same as those of TRL 1.16's DPOTrainer, made in batches.

TRL encodes the prompt, the prompt with chosen and the prompt with rejected of each pair, and lets the completion begin
where these diverge (DPOTrainer._prepare_dataset and trl.data_utils.common_prefix_length).
"""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa

from sources.command.errors import BrokenFileError
from sources.pairs.extras import extras_of
from sources.pairs.schema import SIDES
from train.data.encode import Conversation, Encoder, make_encoder
from train.data.token_cache import TokenCache, open_cache

IDS: Final = pa.list_(pa.int32())
TOKENS: Final = pa.schema(
    [
        pa.field("prompt_ids", IDS),
        pa.field("chosen_ids", IDS),
        pa.field("rejected_ids", IDS),
        pa.field("prompt_cut", pa.int32()),
    ]
)
"""`prompt_cut` says how many tokens the prompt alone ends in that are not those of the prompt with a completion: they
are left out of what is trained on, as TRL does."""

TRACED: Final = ("id", "source", "source_row", "lang")
USUAL_PAIRS, MAX_PAIRS = 2048, 8192


def tokenize_pairs(
    pairs: pa.Table, tokenizer: Any, *, cache: Path | None, progress: Callable[[int], object] | None = None
) -> pa.Table:
    """The pairs with the columns of TOKENS in place of their texts, in the same order.

    `progress` is told the number of pairs after each batch.

    Raises:
        BrokenFileError: the chat template cannot render a pair.
        OutputError: the cache cannot be written.
    """
    encoder, stored = make_encoder(tokenizer), open_cache(cache, tokenizer, TOKENS)
    batches = []
    for start, stop in _bounds(pairs["id"].to_pylist()):
        batches.append(_from_cache(pairs.slice(start, stop - start), encoder, stored))
        if progress:
            progress(stop - start)
    tokens = pa.Table.from_batches(batches, TOKENS)
    return pa.table({**{name: pairs[name] for name in TRACED}, **{name: tokens[name] for name in TOKENS.names}})


def _bounds(ids: list[str]) -> Iterator[tuple[int, int]]:
    """Where batches begin and end: where an id says so, so that pairs put in between change only the batch that they
    are in, and the cache has the others."""
    start = 0
    for row, id_ in enumerate(ids):
        if row - start == MAX_PAIRS or (row > start and zlib.crc32(id_.encode()) % USUAL_PAIRS == 0):
            yield start, row
            start = row
    if start < len(ids):
        yield start, len(ids)


def _from_cache(pairs: pa.Table, encoder: Encoder, stored: TokenCache | None) -> pa.RecordBatch:
    if stored is None:
        return _tokenize(pairs, encoder)
    path = stored.place_of(pairs)
    found = stored.read(path, pairs.num_rows)
    if found is None:
        found = _tokenize(pairs, encoder)
        stored.write(path, found)
    return found


def _tokenize(pairs: pa.Table, encoder: Encoder) -> pa.RecordBatch:
    rows: list[Rendered | None] = [None] * pairs.num_rows
    for group in _groups(pairs):
        rendered = _render_group(group, pairs, encoder)
        for row, texts in zip(group.rows, rendered, strict=True):
            rows[row] = texts
    split = [_split(*ids) for ids in _encode([row for row in rows if row is not None], encoder)]
    prompt_ids, chosen_ids, rejected_ids, prompt_cut = zip(*split, strict=True)
    lists = [_lists(ids) for ids in (prompt_ids, chosen_ids, rejected_ids)]
    return pa.record_batch([*lists, pa.array(prompt_cut, pa.int32())], schema=TOKENS)


Rendered = tuple[str, str, str]
"""A prompt, and the prompt with chosen and with rejected."""


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
    return zip(_render_prompts(prompts, pairs, encoder, group.tools), *whole, strict=True)


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


Ids = list[int]


def _encode(rows: list[Rendered], encoder: Encoder) -> Iterator[tuple[Ids, Ids, Ids, Ids]]:
    """For each prompt, prompt with chosen and prompt with rejected: the ids that begin all three, and then of each.

    The texts are cut before the last cut token of the prompt; where they do not share what is before it, nowhere.
    """
    heads = [_shared_head(row, encoder) for row in rows]
    tails = [text[len(head) :] for head, row in zip(heads, rows, strict=True) for text in row]
    encoded = encoder.encode([*heads, *tails])
    rest = encoded[len(heads) :]
    return zip(encoded[: len(heads)], rest[0::3], rest[1::3], rest[2::3], strict=True)


def _shared_head(texts: Rendered, encoder: Encoder) -> str:
    prompt, chosen, rejected = texts
    head = prompt[: max(encoder.last_cut(prompt), 0)]
    return head if chosen.startswith(head) and rejected.startswith(head) else ""


def _split(head: Ids, prompt: Ids, chosen: Ids, rejected: Ids) -> tuple[Ids, Ids, Ids, int]:
    """prompt_ids, chosen_ids, rejected_ids and prompt_cut; completions begin where one of them leaves the prompt."""
    shared = min(_common(prompt, chosen), _common(prompt, rejected))
    return head + prompt[:shared], chosen[shared:], rejected[shared:], len(prompt) - shared


def _common(ids: Ids, others: Ids) -> int:
    """How many leading ids are the same."""
    if others[: len(ids)] == ids:
        return len(ids)
    return next(place for place, (one, other) in enumerate(zip_longest(ids, others)) if one != other)


def _lists(rows: Sequence[Ids]) -> pa.ListArray:
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    values = np.fromiter(chain.from_iterable(rows), np.int32, offsets[-1])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(values))
