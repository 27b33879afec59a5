"""Causal attention over many sequences that lie one after the other in a single row, none of which sees another.

A model whose attention implementation is `packed` uses it where its forward was given a `Packing`, and PyTorch's scaled
dot product with the usual masks everywhere else (generation, plain scoring).
"""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

PACKED = "packed"
"""The name of this implementation in a model's configuration."""


@dataclass(frozen=True, slots=True)
class Packing:
    """Which of the N tokens of a packed row belong together.

    `lengths` are those of the sequences in order; they add up to N. Sequence i begins with the context that
    `contexts[i]` = (start, stop) names, tokens of an earlier sequence (a prompt that both completions share); an empty
    range where it stands alone.
    """

    lengths: list[int]
    contexts: list[tuple[int, int]]

    @property
    def shares(self) -> bool:
        """Whether any sequence has a context."""
        return any(start < stop for start, stop in self.contexts)


def packed_attention(
    module: torch.nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **named: Any
) -> tuple[Tensor, None]:
    """Attention of a layer, (1, N, heads, D), from queries (1, heads, N, D) and keys and values (1, groups, N, D)."""
    packing = named.pop("packing", None)
    if packing is None:
        plain: tuple[Tensor, None] = sdpa_attention_forward(module, query, key, value, attention_mask, **named)
        return plain
    scale = named.get("scaling")
    if query.is_cuda and query.dtype in (torch.float16, torch.bfloat16):
        return _by_varlen(query, key, value, packing, scale), None
    return _one_by_one(query, key, value, packing, scale), None


def _one_by_one(query: Tensor, key: Tensor, value: Tensor, packing: Packing, scale: float | None) -> Tensor:
    """A call of the scaled dot product for each sequence: on a CPU they are large enough to be worth one."""
    pieces = []
    parts = zip(*(whole.split(packing.lengths, dim=2) for whole in (query, key, value)), packing.contexts, strict=True)
    grouped = query.shape[1] != key.shape[1]
    for q, k, v, (start, stop) in parts:
        if start == stop:
            piece = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=scale, enable_gqa=grouped)
        else:
            k, v = (torch.cat((whole[:, :, start:stop], own), 2) for whole, own in ((key, k), (value, v)))  # noqa: PLW2901
            mask = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool, device=q.device).tril(k.shape[2] - q.shape[2])
            piece = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=scale, enable_gqa=grouped)
        pieces.append(piece)
    return torch.cat(pieces, dim=2).transpose(1, 2)


def _by_varlen(query: Tensor, key: Tensor, value: Tensor, packing: Packing, scale: float | None) -> Tensor:
    """All sequences in one call of the variable-length flash attention that comes with PyTorch."""
    from torch.nn.attention.varlen import varlen_attn

    q, k, v = (whole[0].transpose(0, 1) for whole in (query, key, value))  # (N, heads, D)
    q_lengths, k_lengths = packing.lengths, packing.lengths
    if packing.shares:
        order, k_lengths = _with_contexts(packing)
        rows = torch.tensor(order, device=q.device)
        k, v = k[rows], v[rows]
    ends = [F.pad(torch.tensor(all_).cumsum(0), (1, 0)).to(q.device, torch.int32) for all_ in (q_lengths, k_lengths)]
    longest = max(q_lengths), max(k_lengths)
    grouped = q.shape[1] != k.shape[1]
    out = varlen_attn(
        q.contiguous(), k.contiguous(), v.contiguous(), *ends, *longest,
        scale=scale, window_size=(-1, 0), enable_gqa=grouped,
    )  # fmt: skip
    return out.unsqueeze(0)


def _with_contexts(packing: Packing) -> tuple[list[int], list[int]]:
    """The positions of the keys of every sequence, its context first, and how many each has."""
    order: list[int] = []
    lengths: list[int] = []
    begin = 0
    for length, (start, stop) in zip(packing.lengths, packing.contexts, strict=True):
        order += [*range(start, stop), *range(begin, begin + length)]
        lengths.append(stop - start + length)
        begin += length
    return order, lengths


AttentionInterface.register(PACKED, packed_attention)
AttentionMaskInterface.register(PACKED, sdpa_mask)
