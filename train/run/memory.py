"""How much memory a step of training needs on each device, how much there is, and what to change if it is too little.

The estimate is made of what is known before any weight is loaded. It is meant to be right within half of itself: good
enough to stop a run that cannot fit, no more.
"""

import re
from dataclasses import dataclass, fields
from typing import Any

from sources.command.errors import PrefsError
from train.run.failed_save import chain

OPTIMIZER_STATES = (
    (("adafactor", "galore", "apollo", "sgd"), 0.1),
    (("8bit", "4bit"), 0.5),
    (("lion", "rmsprop", "adagrad"), 1.0),
    (("",), 2.0),
)
"""Numbers of a parameter's size that an optimizer keeps for it, by words in its name; Adam keeps two."""

FLOAT32 = 4
TILE_TOKENS = 4096
"""TRL scores so many tokens at a time."""

TILE_COPIES = {"cpu": 7}
"""Tiles alive at once where there is no Triton kernel, in float32; with one it is the tile alone."""

ROOM_FOR_ERROR = 1.5

ALLOCATION = re.compile(r"(?i)tried to allocate ([\d.]+ ?(?:[KMGT]i?B|bytes))")
WORDS = (
    "out of memory", "can't allocate memory", "not enough memory", "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED", "Cannot allocate memory",
)  # fmt: skip

SMALLER_STEP = "--per_device_train_batch_size (the pairs of a step stay the same), --max_length"
FEWER_COPIES = "--use_peft (LoRA), --dtype bfloat16, --optim adamw_8bit, or FSDP2 on more devices"
CHECKPOINTING = "--activation_checkpointing true, if it was off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What the memory of a step depends on, beside the configuration of the model.

    `dtype_bytes` is the size of a parameter as it is kept, `activation_bytes` that of a number as it is computed with
    (2 in mixed precision; None: the same). `tokens_per_device` are those of the largest micro-batch, chosen and
    rejected, padding included where it is computed. `sharded` is FSDP: each of `world_size` devices keeps its share.
    """

    parameters: int
    trainable_parameters: int
    dtype_bytes: int
    tokens_per_device: int
    world_size: int
    sharded: bool
    gradient_checkpointing: bool
    optimizer: str
    vocab_size: int
    reference_in_memory: bool
    packed: bool
    activation_bytes: int | None = None
    device: str = "cpu"

    @property
    def computed_bytes(self) -> int:
        return self.activation_bytes or self.dtype_bytes


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


def estimate_memory(config: Any, step: Step) -> MemoryEstimate:
    """What training a transformer of that configuration needs."""
    config = config.get_text_config() if hasattr(config, "get_text_config") else config
    share = step.world_size if step.sharded else 1
    held = step.parameters * step.dtype_bytes
    casts = step.parameters * step.computed_bytes if step.computed_bytes < step.dtype_bytes else 0
    gradients = step.trainable_parameters * step.dtype_bytes // share
    buckets = gradients if step.world_size > 1 and not step.sharded else 0
    return MemoryEstimate(
        weights=(held + casts) // share,
        gradients=gradients + buckets,
        optimizer=int(gradients * _states(step.optimizer)),
        activations=step.tokens_per_device * _activations(config, step),
        logits=_logits(config, step),
        reference=held // share if step.reference_in_memory else 0,
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
            f"a step needs {estimate.line}, but only {size(available)} are available",
            hint=f"Change {_what_to_change(estimate)}.",
        )
    return f"memory may be too small: {size(available)} are free; if it is, change {_what_to_change(estimate)}"


def explain_out_of_memory(error: BaseException) -> PrefsError | None:
    """What to tell when an allocation failed; None if the error is of another kind."""
    for each in chain(error):
        text = str(each)
        if isinstance(each, MemoryError) or (isinstance(each, RuntimeError) and any(word in text for word in WORDS)):
            wanted = ALLOCATION.search(text)
            found = f"too little memory for a step{f' ({_wanted(wanted[1])} more were asked for)' if wanted else ''}"
            hint = f"Lower {SMALLER_STEP}; or take {CHECKPOINTING}; or {FEWER_COPIES}."
            return PrefsError("memory", found, hint=hint)
    return None


def size(number: float) -> str:
    """Bytes as people say them."""
    return f"{number / 2**30:.1f} GiB" if number >= 2**30 else f"{number / 2**20:.0f} MiB"


def _what_to_change(estimate: MemoryEstimate) -> str:
    """Options, those first that touch the larger part."""
    options = [f"{SMALLER_STEP}, {CHECKPOINTING}", FEWER_COPIES]
    return "; or ".join(options if estimate.activations + estimate.logits > estimate.sure else options[::-1])


def _wanted(text: str) -> str:
    """PyTorch's figure, which is in bytes on a CPU."""
    return size(float(text.split(maxsplit=1)[0])) if text.endswith("bytes") else text


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


def _activations(config: Any, step: Step) -> int:
    """Bytes of a token: what the layers keep for the backward pass, or only their input and one layer's at a time, and
    the gradients of a layer that are alive at once.

    A layer of the Llama kind keeps two norms in float32 (their input, the normalised values, the output), queries, keys
    and values, what attention gives, and four times the inner layer.
    """
    queries, keys, inner = _sizes(config)
    width, layers = _width(config), _layers(config)
    layer = 6 * width * FLOAT32 + (3 * queries + 2 * keys + 4 * inner) * step.computed_bytes
    kept = layers * width * step.dtype_bytes + layer if step.gradient_checkpointing else layers * layer
    return kept + 2 * (inner + width) * step.computed_bytes


def _logits(config: Any, step: Step) -> int:
    """The tile of scores, and the head's gradient, which is summed in float32 before it is added."""
    head = (step.vocab_size + 2 * step.tokens_per_device) * _width(config) * FLOAT32
    return head + (_own_tiles(step) if step.packed and step.device == "cpu" else _trl_tiles(step))


def _own_tiles(step: Step) -> int:
    """Those of train.fast.token_scores: a tile, and the probabilities of the batch where they are kept."""
    from train.fast.token_scores import CACHE_BYTES, KEPT_BYTES, MIN_TOKENS

    batch = step.tokens_per_device * step.vocab_size * FLOAT32
    tile = max(CACHE_BYTES, MIN_TOKENS * step.vocab_size * FLOAT32)
    return min(batch, tile) + (batch if batch <= KEPT_BYTES else tile)


def _trl_tiles(step: Step) -> int:
    """Those of TRL's function, with the copies that it makes on a CPU."""
    from train.fast.packed_forward import VOCABULARY_TILE

    scores = min(step.tokens_per_device, TILE_TOKENS) * min(VOCABULARY_TILE, step.vocab_size)
    return scores * (TILE_COPIES[step.device] * FLOAT32 if step.device in TILE_COPIES else step.computed_bytes)
