"""Log-probabilities of given tokens and the statistics that TRL logs, on a CPU in float32.

TRL's own function folds the vocabulary in tiles with some ten passes over each, which its Triton kernel does in one on
a GPU; a CPU pays for every pass. Here a tile is a few tokens with the whole vocabulary, so the softmax needs no
folding, and it is small enough to stay in the caches. Same values to rounding
(tests/train/fast/test_token_scores.py).

S tokens, V words, H hidden size.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

CACHE_BYTES = 2 << 20
"""What a tile should take at most."""

MIN_TOKENS = 64
"""Fewer tokens in a tile would make its product slow."""

KEPT_BYTES = 64 << 20
"""Probabilities of a batch are kept for its backward pass if they take no more; else they are computed again."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last layer, and the statistics that are wanted beside the log-probability."""

    weight_VH: Tensor
    bias_V: Tensor | None
    outputs: tuple[str, ...]

    @property
    def tile(self) -> int:
        """How many tokens at once."""
        return max(MIN_TOKENS, CACHE_BYTES // (4 * len(self.weight_VH)))

    def logits(self, hidden: Tensor, out: Tensor) -> Tensor:
        """The logits of a tile, in `out`."""
        torch.mm(hidden, self.weight_VH.t(), out=out)
        return out if self.bias_V is None else out.add_(self.bias_V)


def score_tokens(hidden_SH: Tensor, head: Head, targets_S: Tensor) -> tuple[Tensor | None, ...]:
    """log p(target) with its gradient; entropy, log sum of squared probabilities, mean logit and whether the target is
    the most likely word, without; those that are not wanted are None. In the order of TRL's ChunkedLogProbFunction.
    """
    return tuple(_TokenScores.apply(hidden_SH, head.weight_VH, head.bias_V, head.outputs, targets_S))


class _TokenScores(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, hidden_SH: Tensor, weight_VH: Tensor, bias_V: Tensor | None, *others: Any
    ) -> tuple[Tensor | None, ...]:
        outputs, targets_S = others
        ctx.set_materialize_grads(False)
        head = Head(weight_VH, bias_V, outputs)
        tokens, words = len(targets_S), len(weight_VH)
        keeps = 4 * tokens * words <= KEPT_BYTES and any(ctx.needs_input_grad)
        tiles = torch.empty((tokens if keeps else min(head.tile, tokens), words))
        scratch = torch.empty((min(head.tile, tokens), words))
        parts = []
        for start in range(0, tokens, head.tile):
            part = slice(start, start + head.tile)
            count = len(targets_S[part])
            logits = head.logits(hidden_SH[part], tiles[part] if keeps else tiles[:count])
            parts.append(_statistics(logits, targets_S[part], scratch[:count], outputs))
        found = {name: torch.cat([part[name] for part in parts]) for name in parts[0]} if parts else {}
        if "mean_logits" in outputs:
            found["mean_logits"] = hidden_SH @ weight_VH.mean(0) + (0.0 if bias_V is None else bias_V.mean())
        ctx.save_for_backward(hidden_SH, weight_VH, bias_V, targets_S, found.pop("log_z", None))
        ctx.probabilities = tiles if keeps else None
        named = ("log_probs", "entropy", "log_sum_sq_probs", "mean_logits", "is_top1")
        ctx.mark_non_differentiable(*(found[name] for name in named[1:] if name in found))
        return tuple(found.get(name, hidden_SH.new_empty(0) if not tokens else None) for name in named)

    @staticmethod
    def backward(ctx: Any, gradient_S: Tensor | None, *_others: Tensor | None) -> tuple[Tensor | None, ...]:
        hidden_SH, weight_VH, bias_V, targets_S, log_z_S = ctx.saved_tensors
        kept, ctx.probabilities = ctx.probabilities, None
        if gradient_S is None:
            return None, None, None, None, None
        head = Head(weight_VH, bias_V, ())
        to_hidden, to_weight = torch.empty_like(hidden_SH), torch.zeros_like(weight_VH)
        to_bias = None if bias_V is None else torch.zeros_like(bias_V)
        scratch = torch.empty((min(head.tile, len(targets_S)), len(weight_VH))) if kept is None else None
        for start in range(0, len(targets_S), head.tile):
            part = slice(start, start + head.tile)
            gradient = gradient_S[part]
            if scratch is None:
                by_logits = kept[part]
            else:
                by_logits = head.logits(hidden_SH[part], scratch[: len(gradient)])
                by_logits.sub_(log_z_S[part].unsqueeze(1)).exp_()
            by_logits.mul_(gradient.neg().unsqueeze(1))  # d log p(target) / d logit = 1[target] - p
            by_logits.scatter_add_(1, targets_S[part].unsqueeze(1), gradient.unsqueeze(1))
            torch.mm(by_logits, weight_VH, out=to_hidden[part])
            to_weight.addmm_(by_logits.t(), hidden_SH[part])
            if to_bias is not None:
                to_bias += by_logits.sum(0)
        return to_hidden, to_weight, to_bias, None, None


def _statistics(logits: Tensor, targets: Tensor, scratch: Tensor, outputs: tuple[str, ...]) -> dict[str, Tensor]:
    """Everything of a tile; its probabilities take the place of the logits."""
    target = logits.gather(1, targets.unsqueeze(1)).squeeze(1)
    highest = logits.amax(1)
    found: dict[str, Tensor] = {}
    if "is_top1" in outputs:
        found["is_top1"] = _is_first_maximum(logits, targets, target, highest)
    below = logits.sub_(highest.unsqueeze(1))
    exponentials = torch.exp(below, out=scratch)
    total = exponentials.sum(1)
    log_total = total.log()
    found["log_z"] = highest + log_total
    found["log_probs"] = target - found["log_z"]
    if "entropy" in outputs:
        found["entropy"] = log_total - below.mul_(exponentials).sum(1) / total
    if "log_sum_sq_probs" in outputs:
        found["log_sum_sq_probs"] = torch.mul(exponentials, exponentials, out=logits).sum(1).log() - 2 * log_total
    torch.mul(exponentials, total.reciprocal().unsqueeze(1), out=logits)
    return found


def _is_first_maximum(logits: Tensor, targets: Tensor, target: Tensor, highest: Tensor) -> Tensor:
    """Whether the target is the most likely word; of equal ones the first counts, as for argmax."""
    is_top1 = target >= highest
    rows = is_top1.nonzero().squeeze(1)
    is_top1[rows] = logits[rows].argmax(1) == targets[rows]
    return is_top1
