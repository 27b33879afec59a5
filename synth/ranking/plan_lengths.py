"""What a judge would be asked if nothing is known yet, from the lengths of the texts: no request is made for it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synth.asking.plan import HAN_TOKENS, OTHER_CHARS_PER_TOKEN, PlannedSide
from synth.asking.work import Way
from synth.job.model import Model
from synth.job.price import OVERHEAD_TOKENS
from synth.job.template import CONTENT
from synth.scoring.domains import Domains
from synth.scoring.groups import Groups

USUAL_TOKENS = 80
"""Of the scores with one sentence of reason."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Characters and bytes that stand around a prompt and an answer, and around each turn of the prompt; and how many
    messages a request has."""

    chars: int
    bytes: int
    turn_chars: int
    turn_bytes: int
    messages: int


def from_lengths(model: Model, groups: Groups, domains: Domains, ways: Sequence[Way]) -> PlannedSide:
    """What the model would be asked. An answer that stands in two groups counts twice here, and is asked about once."""
    example = next(ways[0].requests())
    sizes = _sizes(model, domains)
    chars = size = messages = 0
    for batch in groups.batches():
        told = zip(batch["source"].to_pylist(), batch["domain"].to_pylist(), strict=True)
        around = [sizes[domains.name(*each) if model.side == "judge" else ""] for each in told]
        answers = _answers(batch)
        turns, told_chars, told_bytes = _prompts(batch)
        chars += _sum(batch, pc.utf8_length) + int((answers * told_chars).sum())
        size += _sum(batch, pc.binary_length) + int((answers * told_bytes).sum())
        chars += int((answers * [each.chars for each in around]).sum())
        size += int((answers * [each.bytes for each in around]).sum())
        chars += int((answers * turns * [each.turn_chars for each in around]).sum())
        size += int((answers * turns * [each.turn_bytes for each in around]).sum())
        messages += int((answers * [each.messages or 1 for each in around]).sum())
        messages += int((answers * turns).sum()) if model.side == "reward" else 0
    han = (size - chars) / 2  # a Han character has three bytes
    asked, price = round(han * HAN_TOKENS + (chars - han) / OTHER_CHARS_PER_TOKEN), model.price
    written = groups.answers * min(example.max_tokens, USUAL_TOKENS)
    most = groups.answers * example.max_tokens
    return PlannedSide(
        side=model.side,
        model=model.name,
        where=model.where,
        api=example.api if len({way.api for way in ways}) == 1 else "found out at the start",
        in_journal=0,
        requests=groups.answers,
        prompt_tokens=asked,
        answer_tokens=written,
        most_answer_tokens=most,
        dollars=None if price is None else price.of(asked, written),
        most_dollars=None if price is None else price.of(size + messages * OVERHEAD_TOKENS, most),
    )


def _sizes(model: Model, domains: Domains) -> dict[str, Sizes]:
    """What stands around the texts, by domain; nothing of a reward model, whose requests are the texts."""
    if model.side == "reward":
        return {"": Sizes(0, 0, 0, 0, 0)}
    found = {}
    for name, rubric in domains.rubrics.items():
        asked = [turn["content"] for turn in rubric.ask([], "")]
        form = max((form.replace(CONTENT, "\n\n") for form in rubric.turns.model_dump().values()), key=len)
        said = "".join(asked)
        found[name] = Sizes(len(said), len(said.encode()), len(form), len(form.encode()), len(asked))
    return found


def _texts(batch: pa.RecordBatch) -> list[pa.Array]:
    if "texts" in batch.schema.names:
        return [pc.list_flatten(batch["texts"])]
    return [batch["chosen"], batch["rejected"]]


def _answers(batch: pa.RecordBatch) -> np.ndarray:
    """How many answers each group has."""
    if "texts" in batch.schema.names:
        return np.asarray(pc.list_value_length(batch["texts"]).to_numpy(zero_copy_only=False)).astype(np.int64)
    return np.full(len(batch), 2, np.int64)


def _prompts(batch: pa.RecordBatch) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each prompt: turns, characters and bytes."""
    rows = pc.list_parent_indices(batch["prompt"]).to_numpy()
    content = pc.struct_field(pc.list_flatten(batch["prompt"]), "content")
    lengths = (np.bincount(rows, of(content).to_numpy(zero_copy_only=False), len(batch)) for of in _LENGTHS)
    chars, size = (each.astype(np.int64) for each in lengths)
    return np.bincount(rows, minlength=len(batch)).astype(np.int64), chars, size


_LENGTHS = (pc.utf8_length, pc.binary_length)


def _sum(batch: pa.RecordBatch, of: object) -> int:
    assert callable(of)
    return sum(int(pc.sum(of(text)).as_py() or 0) for text in _texts(batch))
