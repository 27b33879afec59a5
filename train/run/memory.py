"""How much memory a step of training needs on each device, how much there is, and what to change if it is too little.

The estimate is made of what is known before any weight is loaded. It is meant to be right within half of itself: good
enough to stop a run that cannot fit, no more.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from sources.errors import PrefsError
from train.run.room import available_memory

__all__ = ["MemoryEstimate", "available_memory", "check_memory", "estimate_memory", "explain_out_of_memory"]

OPTIMIZER_STATES = (
    (("adafactor", "galore", "apollo", "sgd"), 0.1),
    (("8bit", "4bit"), 0.5),
    (("lion", "rmsprop", "adagrad"), 1.0),
    (("",), 2.0),
)
"""Numbers of a parameter's size that an optimizer keeps for it, by words in its name; Adam keeps two."""

TILE_TOKENS = 4096
"""TRL scores so many tokens at a time."""

TILE_COPIES = {"cpu": 7}
"""Tiles alive at once where there is no Triton kernel, in float32; with one it is the tile alone."""

SCORES_IN_TORCH = 4
"""Bytes of a float32."""

ROOM_FOR_ERROR = 1.5

ALLOCATION = re.compile(r"(?i)tried to allocate ([\d.]+ ?(?:[KMGT]i?B|bytes))")
WORDS = (
    "out of memory", "can't allocate memory", "not enough memory", "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED", "Cannot allocate memory",
)  # fmt: skip

SMALLER_STEP = "--per_device_train_batch_size (the pairs of a step stay the same), --max_length"
FEWER_COPIES = "--use_peft (LoRA), --dtype bfloat16, --optim adamw_8bit, or FSDP2 on more devices"
CHECKPOINTING = "--activation_checkpointing"


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """Bytes on each device in the largest step. `logits` is the tile in which the vocabulary is scored."""

    weights: int
    gradients: int
    optimizer: int
    activations: int
    logits: int
    reference: int

    @property
    def total(self) -> int:
        return self.sure + self.activations + self.logits

    @property
    def sure(self) -> int:
        """What is needed whatever the rows are."""
        return self.weights + self.gradients + self.optimizer + self.reference

    @property
    def line(self) -> str:
        """For people."""
        parts = ", ".join(
            f"{part.name} {size(value)}" for part in fields(self) if (value := getattr(self, part.name)) >= 1 << 20
        )
        return f"about {size(self.total)} on each device" + (f" ({parts})" if parts else "")


def estimate_memory(
    config: Any,
    *,
    parameters: int,
    trainable_parameters: int,
    dtype_bytes: int,
    tokens_per_device: int,
    world_size: int,
    sharded: bool,
    gradient_checkpointing: bool,
    optimizer: str,
    vocab_size: int,
    reference_in_memory: bool,
    packed: bool,
    activation_bytes: int | None = None,
    device: str = "cpu",
) -> MemoryEstimate:
    """What training a transformer needs.

    `dtype_bytes` is the size of a parameter as it is kept, `activation_bytes` that of a number as it is computed with
    (2 in mixed precision; None: the same). `tokens_per_device` are those of the largest micro-batch, padding included
    where it is computed. `sharded` is FSDP: each of `world_size` devices keeps its share.
    """
    computed_bytes = activation_bytes or dtype_bytes
    share = world_size if sharded else 1
    held = parameters * dtype_bytes
    gradients = trainable_parameters * dtype_bytes // share
    buckets = gradients if world_size > 1 and not sharded else 0
    casts = parameters * computed_bytes if computed_bytes < dtype_bytes else 0
    layers, width = _layers(config), _width(config)
    saved = _layer_bytes(config, computed_bytes)
    per_token = layers * _residual_bytes(width, dtype_bytes) + saved if gradient_checkpointing else layers * saved
    per_token += _transient_bytes(config, computed_bytes)
    return MemoryEstimate(
        weights=(held + casts) // share,
        gradients=gradients + buckets,
        optimizer=int(trainable_parameters * dtype_bytes * _states(optimizer)) // share,
        activations=tokens_per_device * per_token,
        logits=_logits(tokens_per_device, vocab_size, width, device, computed_bytes, packed=packed),
        reference=held // share if reference_in_memory else 0,
    )


def check_memory(estimate: MemoryEstimate, available: int | None) -> str | None:
    """A remark where it may be tight; None where there is room, or nobody knows.

    Raises:
        PrefsError: it surely does not fit; says what to change.
    """
    if available is None or estimate.total <= 0.85 * available:
        return None
    if estimate.sure > available or estimate.total > ROOM_FOR_ERROR * available:
        raise PrefsError(
            "memory",
            f"a step needs {estimate.line}, and there are {size(available)}",
            hint=f"Change {_what_to_change(estimate)}.",
        )
    return f"memory may be too small: {size(available)} are free; if it is, change {_what_to_change(estimate)}"


def explain_out_of_memory(error: BaseException) -> PrefsError | None:
    """What to tell when an allocation failed; None if the error is of another kind."""
    for each in _chain(error):
        text = str(each)
        if isinstance(each, MemoryError) or (isinstance(each, RuntimeError) and any(word in text for word in WORDS)):
            wanted = ALLOCATION.search(text)
            found = f"too little memory for a step{f' ({_wanted(wanted[1])} more were asked for)' if wanted else ''}"
            hint = f"Lower {SMALLER_STEP}; give {CHECKPOINTING}; or {FEWER_COPIES}; --resume goes on with what is saved."
            return PrefsError("memory", found, hint=hint)
    return None


def size(number: float) -> str:
    """Bytes as people say them."""
    return f"{number / 2**30:.1f} GiB" if number >= 2**30 else f"{number / 2**20:.0f} MiB"


def _what_to_change(estimate: MemoryEstimate) -> str:
    """Options, those first that touch the larger part."""
    of_step = f"{SMALLER_STEP}, {CHECKPOINTING}"
    options = [of_step, FEWER_COPIES]
    return " or ".join(options if estimate.activations + estimate.logits > estimate.sure else options[::-1])


def _wanted(text: str) -> str:
    """PyTorch's figure, which is in bytes on a CPU."""
    return size(float(text.split()[0])) if text.endswith("bytes") else text


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _states(optimizer: str) -> float:
    name = str(optimizer).lower()
    return next(states for words, states in OPTIMIZER_STATES if any(word in name for word in words))


def _layers(config: Any) -> int:
    return int(getattr(config, "num_hidden_layers", 0) or getattr(config, "n_layer", 12))


def _width(config: Any) -> int:
    return int(getattr(config, "hidden_size", 0) or getattr(config, "n_embd", 768))


def _sizes(config: Any) -> tuple[int, int, int]:
    """Widths of all queries, of all keys, and of the inner layer."""
    heads = int(getattr(config, "num_attention_heads", 0) or 1)
    each = int(getattr(config, "head_dim", None) or _width(config) // heads)
    groups = int(getattr(config, "num_key_value_heads", None) or heads)
    inner = int(getattr(config, "intermediate_size", None) or 4 * _width(config))
    return heads * each, groups * each, inner


def _layer_bytes(config: Any, computed_bytes: int) -> int:
    """What a layer of the Llama kind keeps of a token for the backward pass: two norms in float32 (their input, the
    normalised values, the output), queries, keys and values, what attention gives, and four times the inner layer."""
    queries, keys, inner = _sizes(config)
    return 6 * _width(config) * 4 + (3 * queries + 2 * keys + 4 * inner) * computed_bytes


def _transient_bytes(config: Any, computed_bytes: int) -> int:
    """Gradients of a layer's activations that are alive at once."""
    _, _, inner = _sizes(config)
    return (2 * inner + 2 * _width(config)) * computed_bytes


def _residual_bytes(width: int, dtype_bytes: int) -> int:
    return width * dtype_bytes


def _logits(tokens: int, vocab_size: int, width: int, device: str, computed_bytes: int, *, packed: bool) -> int:
    """The tile of scores, and the head's gradient, which is summed in float32 before it is added."""
    tile = _vocabulary_tile(device, packed=packed)
    scores = min(tokens, TILE_TOKENS) * min(tile, vocab_size)
    copies = TILE_COPIES.get(device, 0)
    tiles = scores * (copies * SCORES_IN_TORCH if copies else computed_bytes)
    return tiles + vocab_size * width * 4 + 2 * tokens * width * 4


def _vocabulary_tile(device: str, *, packed: bool) -> int:
    from train.fast.packed_forward import LARGE_TILE, VOCABULARY_TILE

    return VOCABULARY_TILE.get(device, LARGE_TILE) if packed else LARGE_TILE
