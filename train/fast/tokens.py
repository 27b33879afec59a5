"""Tokenised rows as arrays: prompt_ids, chosen_ids and rejected_ids are lists of int32 in an Arrow table."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from train.fast.reference_cache import row_keys

TOKENS = ("prompt_ids", "chosen_ids", "rejected_ids")


def token_arrays(column: pa.ChunkedArray) -> Iterator[Any]:
    """The token ids of each row, int32 arrays."""
    for chunk in column.chunks:
        values, offsets = chunk.values.to_numpy(), chunk.offsets.to_numpy()
        for start, stop in pairwise(offsets):
            yield values[start:stop]


def tokens_of(table: pa.Table) -> Any:
    """How many tokens both sequences of each row have together, an array."""
    prompt, chosen, rejected = (pc.list_value_length(table[name]).to_numpy() for name in TOKENS)
    return 2 * prompt + chosen + rejected


def keys_of(table: pa.Table, max_length: int | None) -> list[bytes]:
    """A key for the tokens of each row that are scored: those before `max_length` of each sequence."""
    prompts = list(token_arrays(table["prompt_ids"]))
    columns = [[ids.astype(np.int32).tobytes() for ids in prompts]]
    for name in TOKENS[1:]:
        cut = zip(token_arrays(table[name]), prompts, strict=True)
        room = [ids if max_length is None else ids[: max(0, max_length - len(prompt))] for ids, prompt in cut]
        columns.append([ids.astype(np.int32).tobytes() for ids in room])
    return row_keys(*columns)
