"""A causal language model that scores a padded batch without computing anything for its padding.

TRL 1.16 gives a model a forward that returns log-probabilities (`fused_lm_head=True`). The one here takes the same
padded batch and returns the same output, to rounding; in between, the real tokens of all sequences lie in one row, and
the vocabulary is scored at completion positions only. It runs inside the model's own forward, so the hooks of DDP and
FSDP fire as ever.

Letters of dimensions: B sequences (first half chosen, second half rejected), T padded length, N packed tokens,
S scored tokens, H hidden size.
"""

import functools
import types
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.distributed.tensor import DTensor
from trl.kernels import ChunkedLogProbFunction
from trl.trainer.utils import FusedCausalLMOutput, maybe_gather_lm_head_ctx

from train.fast.attention import PACKED, Packing
from train.fast.token_scores import Head, score_tokens

IGNORED = -100
VOCABULARY_TILE = 32768
"""Words scored at a time by TRL's function, as TRL has it."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A batch without its padding. `place_BT` is where the token of a padded position lies in the packed row."""

    ids_N: Tensor
    positions_N: Tensor
    place_BT: Tensor
    packing: Packing


@dataclass(frozen=True, slots=True)
class Scoring:
    """What to compute: `outputs` are the statistics of each token, as in `add_fused_lm_head`; with `share_prompts`
    a prompt is computed once for both completions; with `exact` log-probabilities come as float64, so that the sum over
    a long completion does not round.
    """

    outputs: tuple[str, ...]
    share_prompts: bool = False
    exact: bool = True


def pack_forward(model: Any, scoring: Scoring) -> None:
    """Give `model`, which has TRL's fused head, a forward that packs."""
    padded_forward = model.forward
    model.set_attn_implementation(PACKED)

    @functools.wraps(type(model).forward)
    def forward(self: Any, *given: Any, fused_lm_head: bool = False, labels: Any = None, **named: Any) -> Any:
        plain = not fused_lm_head or given or "shift_labels" in named or "inputs_embeds" in named
        if plain or labels is None or named.get("attention_mask") is None:
            return padded_forward(*given, fused_lm_head=fused_lm_head, labels=labels, **named)
        packed = pack(named["input_ids"], named["attention_mask"], labels if scoring.share_prompts else None)
        hidden_NH = _backbone(self, packed)
        return _score(self, hidden_NH[packed.place_BT[:, :-1][labels[:, 1:] != IGNORED]], labels, scoring)

    model.forward = types.MethodType(forward, model)


def pack(ids_BT: Tensor, mask_BT: Tensor, labels_BT: Tensor | None = None) -> Packed:
    """The real tokens of a batch in one row; with labels, the prompt that a pair has in common only once."""
    own_BT = mask_BT.bool()
    starts_B = [0] * len(ids_BT)
    if labels_BT is not None:
        starts_B = [*starts_B[: len(starts_B) // 2], *_shared_prompts(ids_BT, own_BT, labels_BT).tolist()]
        columns_T = torch.arange(ids_BT.shape[1], device=ids_BT.device)
        own_BT = own_BT & (columns_T >= torch.tensor(starts_B, device=ids_BT.device).unsqueeze(1))
    place_BT = own_BT.flatten().cumsum(0).view_as(own_BT) - 1
    lengths_B = own_BT.sum(1).tolist()
    contexts = [(0, 0)] * len(lengths_B)
    if labels_BT is not None:
        place_BT, contexts = _share(place_BT, starts_B)
    positions_BT = mask_BT.long().cumsum(1) - 1
    return Packed(ids_BT[own_BT], positions_BT[own_BT], place_BT, Packing(lengths_B, contexts))


def _shared_prompts(ids_BT: Tensor, real_BT: Tensor, labels_BT: Tensor) -> Tensor:
    """How many tokens at the start of each pair are prompt on both sides and equal."""
    chosen, rejected = ids_BT.chunk(2)
    is_prompt_BT = real_BT & (labels_BT == IGNORED)
    alike = (chosen == rejected) & is_prompt_BT.chunk(2)[0] & is_prompt_BT.chunk(2)[1]
    return alike.long().cumprod(1).sum(1)


def _share(place_BT: Tensor, starts_B: list[int]) -> tuple[Tensor, list[tuple[int, int]]]:
    """Where tokens lie when the prompts of the rejected half are those of the chosen half, and each one's context."""
    half = len(starts_B) // 2
    chosen, rejected = place_BT.chunk(2)
    columns_T = torch.arange(place_BT.shape[1], device=place_BT.device)
    shared = columns_T < torch.tensor(starts_B[half:], device=place_BT.device).unsqueeze(1)
    begins = chosen[:, 0].tolist()
    contexts = [(begin, begin + count) for begin, count in zip(begins, starts_B[half:], strict=True)]
    return torch.cat((chosen, torch.where(shared, chosen, rejected))), [(0, 0)] * half + contexts


def _backbone(model: Any, packed: Packed) -> Tensor:
    """The last hidden states (N, H) of a packed row."""
    nothing = torch.empty((1, 1, 1, 1), dtype=torch.bool, device=packed.ids_N.device)  # "the mask is made already"
    out = model.base_model(
        input_ids=packed.ids_N.unsqueeze(0),
        position_ids=packed.positions_N.unsqueeze(0),
        attention_mask=nothing,
        use_cache=False,
        packing=packed.packing,
    )
    hidden: Tensor = out.last_hidden_state[0]
    return hidden


def _score(model: Any, hidden_SH: Tensor, labels_BT: Tensor, scoring: Scoring) -> FusedCausalLMOutput:
    """TRL's output (B, T - 1): statistics of each completion token, zero elsewhere."""
    labels = labels_BT[:, 1:]
    scored = labels != IGNORED
    head = model.get_output_embeddings()
    weight, bias = _whole(head.weight), None if head.bias is None else _whole(head.bias)
    with maybe_gather_lm_head_ctx(weight, bias):
        scores = _statistics(hidden_SH.to(weight.device), Head(weight, bias, scoring.outputs), labels[scored])
    log_probs_S, *others = scores
    assert log_probs_S is not None
    log_probs = _spread(log_probs_S.double() if scoring.exact else log_probs_S, scored)
    names = ("entropy", "log_sum_sq_probs", "mean_logits", "is_top1")
    return FusedCausalLMOutput(
        loss=-log_probs.sum() / scored.sum().clamp(min=1),
        log_probs=log_probs,
        label_mask=scored,
        **{name: None if given is None else _spread(given, scored) for name, given in zip(names, others, strict=True)},
    )


def _statistics(hidden_SH: Tensor, head: Head, targets_S: Tensor) -> tuple[Tensor | None, ...]:
    """The statistics of each token: by our function for CPUs, or TRL's for GPUs and mixed precision."""
    weight = head.weight_VH
    is_cpu = weight.device.type == "cpu" and not torch.is_autocast_enabled("cpu")
    if is_cpu and hidden_SH.dtype == weight.dtype == torch.float32:
        return score_tokens(hidden_SH, head, targets_S)
    plain = (1.0, VOCABULARY_TILE, None, 1.0)  # temperature, words at a time, no soft cap, no scale
    return tuple(ChunkedLogProbFunction.apply(hidden_SH, weight, head.bias_V, targets_S, *plain, head.outputs))


def _spread(values_S: Tensor, scored: Tensor) -> Tensor:
    """Values at their places, zero elsewhere; connected to the model even where there is none."""
    return values_S.new_zeros(scored.shape).masked_scatter(scored, values_S)


def _whole(part: Tensor) -> Tensor:
    """A parameter that FSDP2 has sharded, gathered."""
    return part.full_tensor() if isinstance(part, DTensor) else part
