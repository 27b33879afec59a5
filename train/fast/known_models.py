"""Which models the packed forward is known to serve: those it was compared with plain TRL for, and nothing else."""

from typing import Any

KNOWN = (
    "arcee", "ernie4_5", "gemma", "glm", "glm4", "gpt_neox", "hunyuan_v1_dense", "internlm3", "llama", "mistral",
    "olmo", "olmo2", "phi", "phi3", "qwen2", "qwen3", "smollm3",
)  # fmt: skip
"""`model_type` of configurations; tests/train/fast/test_packed_forward.py compares every one."""

STRETCHED = ("dynamic", "longrope")
"""Rotary embeddings that depend on the longest position of the batch, which padding changes."""


def why_padded(config: Any, max_length: int | None, attention: str | None = None) -> str | None:
    """The reason for which a model of this configuration is left to plain TRL; None where packing serves it.

    `attention` is the implementation that the user asked for, if any.
    """
    text = config.get_text_config()
    kind = config.model_type
    reasons = {
        f"its attention was chosen: {attention}": attention not in (None, "sdpa", "packed"),
        f"it looks at images or sounds ({kind})": text is not config,
        f"it is a mixture of experts ({kind})": _any(text, "num_experts", "num_local_experts", "n_routed_experts"),
        f"it caps its logits or attention ({kind})": _any(text, "final_logit_softcapping", "attn_logit_softcapping"),
        f"it scales its logits ({kind})": _any(text, "logit_scale", "logits_scaling", "lm_head_multiplier"),
        "its attention has dropout": bool(getattr(text, "attention_dropout", 0.0)),
        "it sees a sliding window shorter than max_length": _slides(text, max_length),
        "its rotary embedding depends on the padded length": _rope(text) in STRETCHED,
        f"nobody has compared model type {kind} yet": kind not in KNOWN,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _any(config: Any, *names: str) -> bool:
    return any(getattr(config, name, None) is not None for name in names)


def _slides(config: Any, max_length: int | None) -> bool:
    window = getattr(config, "sliding_window", None)
    if window is None or getattr(config, "use_sliding_window", True) is False:
        return False
    return max_length is None or max_length > window


def _rope(config: Any) -> object:
    return (getattr(config, "rope_parameters", None) or {}).get("rope_type")
