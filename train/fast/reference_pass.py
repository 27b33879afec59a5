"""One pass of the reference over the rows that its cache does not know."""

import time
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Protocol

from accelerate.utils import gather_object, is_peft_model
from tqdm import tqdm
from trl.trainer.utils import hash_module

from train.fast.reference_cache import Logps, ReferenceCache

SHARD_S = 30.0
"""How much of the reference's work an interruption may cost."""


class Scorer(Protocol):
    """What a trainer gives."""

    accelerator: Any

    def score_reference(self, examples: list[dict[str, Any]], table: Any) -> list[Logps]: ...


@dataclass(frozen=True, slots=True)
class Unscored:
    """Rows of a dataset, the table that says where they come from, and the key and number of tokens of each."""

    dataset: Any
    table: Any
    keys: list[bytes]
    lengths: Any
    batch_size: int


def score_missing(trainer: Scorer, rows: Unscored, cache: ReferenceCache) -> None:
    """Let the cache know every row: the longest first, each process its part, a shard at a time to the disk."""
    batches = _batches(rows, cache)
    if not batches:
        return
    world, rank = trainer.accelerator.num_processes, trainer.accelerator.process_index
    mine = batches[rank::world] or batches[:1]
    mine += [mine[-1]] * (-(-len(batches) // world) - len(mine))  # FSDP wants every process at every forward
    found: dict[bytes, Logps] = {}
    pending: dict[bytes, Logps] = {}
    last = time.monotonic()
    for batch in tqdm(
        mine, desc="reference", unit=" batches", disable=not trainer.accelerator.is_main_process, leave=False
    ):
        logps = trainer.score_reference([rows.dataset[row] for row in batch], rows.table)
        pending.update(zip((rows.keys[row] for row in batch), logps, strict=True))
        if time.monotonic() - last > SHARD_S:
            cache.add(pending)
            found, pending, last = found | pending, {}, time.monotonic()
    cache.add(pending)
    for part in gather_object([found | pending]):
        cache.known.update(part)


def _batches(rows: Unscored, cache: ReferenceCache) -> list[list[int]]:
    """The rows that are not known, each key once, so that rows of like length are together."""
    once = {key: row for row, key in enumerate(rows.keys) if key not in cache.known}
    order = sorted(once.values(), key=lambda row: (-rows.lengths[row], row))
    return [order[start : start + rows.batch_size] for start in range(0, len(order), rows.batch_size)]


def reference_weights(model: Any) -> str:
    """A hash of the weights that are the reference of a model with adapters: those without them, or the adapter `ref`;
    empty for a model without adapters.
    """
    if not is_peft_model(model):
        return ""
    kept = ".ref." if "ref" in model.peft_config else None
    weights = {
        name: value
        for name, value in model.state_dict().items()
        if "lora_" not in name or (kept is not None and kept in name)
    }
    return str(hash_module(SimpleNamespace(state_dict=lambda: weights)))  # all that TRL asks a module for
