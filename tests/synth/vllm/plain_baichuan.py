"""Baichuan-7B's forward pass in plain torch, from the fused layout: what a served conversion is measured against.

Written from the architecture alone; shares no code with the converter, with transformers or with vLLM.

T positions, D hidden, H heads, K head size, V vocabulary.
"""
# ruff: noqa: N803, N806  the letters of a tensor's dimensions end its name

from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True, slots=True)
class Continued:
    """Greedy tokens, and by how much the likeliest led at each step."""

    ids: list[int]
    smallest_lead: float


def continue_greedily(
    weights: dict[str, torch.Tensor], config: dict[str, Any], ids: list[int], count: int
) -> Continued:
    """The `count` likeliest next tokens, one after the other, each from a whole forward pass in float32."""
    made: list[int] = []
    smallest = float("inf")
    for _ in range(count):
        logits_V = last_logits(weights, config, torch.tensor(ids + made))
        best = torch.topk(logits_V, 2)
        smallest = min(smallest, float(best.values[0] - best.values[1]))
        made.append(int(best.indices[0]))
    return Continued(made, smallest)


def last_logits(weights: dict[str, torch.Tensor], config: dict[str, Any], ids_T: torch.Tensor) -> torch.Tensor:
    eps = config["rms_norm_eps"]
    x_TD = weights["model.embed_tokens.weight"][ids_T]
    for layer in range(config["num_hidden_layers"]):
        w = {
            name.split(".", 3)[3]: value for name, value in weights.items() if name.startswith(f"model.layers.{layer}.")
        }
        x_TD = x_TD + attend(w, rms(x_TD, w["input_layernorm.weight"], eps), config["num_attention_heads"])
        x_TD = x_TD + swiglu(w, rms(x_TD, w["post_attention_layernorm.weight"], eps))
    return rms(x_TD[-1], weights["model.norm.weight"], eps) @ weights["lm_head.weight"].T


def rms(x_TD: torch.Tensor, scale_D: torch.Tensor, eps: float) -> torch.Tensor:
    return x_TD / torch.sqrt((x_TD * x_TD).mean(-1, keepdim=True) + eps) * scale_D


def swiglu(w: dict[str, torch.Tensor], x_TD: torch.Tensor) -> torch.Tensor:
    gate = x_TD @ w["mlp.gate_proj.weight"].T
    return (gate * torch.sigmoid(gate) * (x_TD @ w["mlp.up_proj.weight"].T)) @ w["mlp.down_proj.weight"].T


def attend(w: dict[str, torch.Tensor], x_TD: torch.Tensor, heads: int) -> torch.Tensor:
    length, hidden = x_TD.shape
    fused = x_TD @ w["self_attn.W_pack.weight"].T
    q, k, v = (
        fused[:, part * hidden : (part + 1) * hidden].view(length, heads, -1).transpose(0, 1) for part in range(3)
    )
    q_HTK, k_HTK = rotate(q), rotate(k)
    scores_HTT = q_HTK @ k_HTK.transpose(1, 2) / q_HTK.shape[-1] ** 0.5
    later_TT = torch.ones(length, length, dtype=torch.bool).triu(1)
    mixed_HTK = torch.softmax(scores_HTT.masked_fill(later_TT, float("-inf")), -1) @ v
    return mixed_HTK.transpose(0, 1).reshape(length, hidden) @ w["self_attn.o_proj.weight"].T


def rotate(x_HTK: torch.Tensor) -> torch.Tensor:
    """RoPE with theta 10000, where element i turns with element i + K/2, as complex numbers (arXiv 2104.09864)."""
    _, length, size = x_HTK.shape
    pairs = torch.complex(x_HTK[..., : size // 2], x_HTK[..., size // 2 :])
    angles = torch.outer(torch.arange(length).double(), 10000.0 ** (-torch.arange(size // 2).double() * 2 / size))
    turned = pairs * torch.polar(torch.ones_like(angles), angles).to(torch.complex64)
    return torch.cat((turned.real, turned.imag), -1)
