"""The token ids of each pair, the same as those of TRL 1.16's DPOTrainer, made in batches.

TRL encodes the prompt, the prompt with chosen and the prompt with rejected of each pair, and lets the completion begin
where these diverge (DPOTrainer._prepare_dataset and trl.data_utils.common_prefix_length).
"""

import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from train.data.encode import Encoder, make_encoder
from train.data.render import render_pairs
from train.data.token_cache import TokenCache, open_cache

IDS: Final = pa.list_(pa.int32())
TOKENS: Final = pa.schema(
    [
        pa.field("prompt_ids", IDS),
        pa.field("chosen_ids", IDS),
        pa.field("rejected_ids", IDS),
        pa.field("prompt_cut", pa.int32()),
        pa.field("answers_differ", pa.bool_()),
        pa.field("answer_lost", pa.bool_()),
    ]
)
"""`prompt_cut` says how many tokens the prompt alone ends in that are not those of the prompt with a completion: they
are left out of what is trained on, as TRL does. `answers_differ` says whether chosen and rejected are different before
the chat template is applied, `answer_lost` whether it leaves out a text of them."""

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
    rendered = render_pairs(pairs, encoder)
    prompt_ids, chosen_ids, rejected_ids, prompt_cut = zip(
        *(_split(*ids) for ids in _encode([row.texts for row in rendered], encoder)), strict=True
    )
    lists = [_lists(ids) for ids in (prompt_ids, chosen_ids, rejected_ids)]
    flags = [[row.answers_differ for row in rendered], [bool(row.lost) for row in rendered]]
    return pa.record_batch([*lists, pa.array(prompt_cut, pa.int32()), *map(pa.array, flags)], schema=TOKENS)


Ids = list[int]


Texts = tuple[str, str, str]


def _encode(rows: list[Texts], encoder: Encoder) -> Iterator[tuple[Ids, Ids, Ids, Ids]]:
    """For each prompt, prompt with chosen and prompt with rejected: the ids that begin all three, and then of each.

    The texts are cut before the last cut token of the prompt; where they do not share what is before it, nowhere.
    """
    heads = [_shared_head(row, encoder) for row in rows]
    tails = [text[len(head) :] for head, row in zip(heads, rows, strict=True) for text in row]
    encoded = encoder.encode([*heads, *tails])
    rest = encoded[len(heads) :]
    return zip(encoded[: len(heads)], rest[0::3], rest[1::3], rest[2::3], strict=True)


def _shared_head(texts: Texts, encoder: Encoder) -> str:
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
