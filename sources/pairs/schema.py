"""What a pair is: the one Arrow schema from the adapter to the file on disk.

A pair is written in TRL's explicit-prompt conversational format, the layout that every trainer reads without
guessing (https://huggingface.co/docs/trl/dataset_formats).
"""

import hashlib
from typing import Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Signal = Literal["human", "votes", "safety", "model", "synthetic", "degraded", "unknown"]
"""Who preferred the chosen answer; unknown only for data of one's own whose owner did not say."""

SIDES: Final = ("prompt", "chosen", "rejected")

MESSAGE: Final = pa.struct([pa.field("role", pa.string()), pa.field("content", pa.string())])
TURNS: Final = pa.list_(MESSAGE)

PAIRS: Final = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("prompt", TURNS),
        pa.field("chosen", TURNS),
        pa.field("rejected", TURNS),
        pa.field("lang", pa.string()),
        pa.field("source", pa.string()),
        pa.field("source_row", pa.string()),
        pa.field("license", pa.string()),
        pa.field("signal", pa.string()),
        pa.field("prompt_group", pa.string()),
        pa.field("score_chosen", pa.float64()),
        pa.field("score_rejected", pa.float64()),
        pa.field("chosen_model", pa.string()),
        pa.field("rejected_model", pa.string()),
        pa.field("tags", pa.list_(pa.string())),
    ]
)

DROPPED: Final = pa.schema(
    [*PAIRS, pa.field("stage", pa.string()), pa.field("reason", pa.string()), pa.field("evidence", pa.string())]
)
"""PAIRS and why the row is not in the dataset; an upstream row that gave no pair has nulls for its turns."""

ID_BYTES: Final = 16


def one_turn(role: str, texts: pa.Array) -> pa.Array:
    """A column of one-message conversations, `texts[i]` said by `role`."""
    return pa.ListArray.from_arrays(
        pa.array(np.arange(len(texts) + 1, dtype=np.int32)),
        pa.StructArray.from_arrays([pa.repeat(pa.scalar(role), len(texts)), texts], fields=list(MESSAGE)),
    )


def turns(conversations: list[list[tuple[str, str]]]) -> pa.Array:
    """A column of conversations, each a list of (role, content)."""
    return pa.array(
        [[{"role": role, "content": content} for role, content in messages] for messages in conversations], TURNS
    )


def joined_text(conversations: pa.Array) -> pa.Array:
    """The contents of each conversation as one string, messages joined by a line break."""
    if pc.all(pc.equal(pc.list_value_length(conversations), 1)).as_py():
        return conversations.flatten().field("content")
    contents = pa.ListArray.from_arrays(_offsets(conversations), conversations.flatten().field("content"))
    return pc.binary_join(contents, "\n")


def content_ids(prompt: pa.Array, chosen: pa.Array, rejected: pa.Array, extras: pa.Array | None = None) -> pa.Array:
    """The id of each pair: 128 bits of BLAKE2b over its prompt, chosen and rejected, as 32 hexadecimal digits.

    Hashed is, for each side, its number of messages and for each message role, length in characters and content,
    all separated by U+001F: lengths and numbers make sure that no two different pairs spell the same. The `extras` of
    a pair that has any (`sources.pairs.extras`) follow.
    """
    parts = [part for side in (prompt, chosen, rejected) for part in _spell(side)]
    joined = pc.binary_join_element_wise(*parts, "\x1f")
    if extras is not None and extras.null_count < len(extras):
        joined = pc.if_else(pc.is_valid(extras), pc.binary_join_element_wise(joined, extras, "\x1f"), joined)
    spelled = joined.cast(pa.binary()).to_pylist()
    blake2b = hashlib.blake2b
    return pa.array([blake2b(text, digest_size=ID_BYTES).hexdigest() for text in spelled], pa.string())


def _spell(conversations: pa.Array) -> list[pa.Array]:
    """Columns that, joined, spell each conversation as no other is spelled; those of one message each need no copy."""
    messages = conversations.flatten()
    content = messages.field("content")
    parts = [messages.field("role"), pc.utf8_length(content).cast(pa.string()), content]
    counts = pc.list_value_length(conversations)
    if not pc.all(pc.equal(counts, 1)).as_py():
        spelled = pc.binary_join_element_wise(*parts, "\x1f")
        parts = [pc.binary_join(pa.ListArray.from_arrays(_offsets(conversations), spelled), "\x1f")]
    return [counts.cast(pa.string()), *parts]


def _offsets(conversations: pa.Array) -> pa.Array:
    """List offsets that start at 0 and fit `conversations.flatten()`, also for a slice of a longer column."""
    lengths = pc.list_value_length(conversations).to_numpy(zero_copy_only=False)
    return pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))
