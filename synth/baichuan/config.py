"""The configuration: Baichuan-7B's read and checked, Llama's written.

    {"architectures": ["BaiChuanForCausalLM"], "model_type": "baichuan", "hidden_size": 4096, "num_hidden_layers": 32,
     "num_attention_heads": 32, "intermediate_size": 11008, "vocab_size": 64000, "max_position_embeddings": 4096,
     "rms_norm_eps": 1e-06, "hidden_act": "silu", "torch_dtype": "float16", ...}

Its larger and later sisters are written with a small c, and differ in more than the name.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sources.command.errors import ReadError
from synth.baichuan.source_file import json_object

BAICHUAN_7B = "BaiChuanForCausalLM"
OTHER_BAICHUAN = "BaichuanForCausalLM"
BAICHUAN2_VOCAB = 125696
ROPE_THETA = 10000.0
ONLY = "Only Baichuan-7B (BaiChuanForCausalLM, RoPE, W_pack) can be converted."


@dataclass(frozen=True, slots=True)
class Config:
    """What of Baichuan's configuration says something about the model."""

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    layers: int
    heads: int
    max_positions: int
    rms_norm_eps: float
    initializer_range: float
    bos_id: int
    eos_id: int
    pad_id: int

    @property
    def head_size(self) -> int:
        return self.hidden_size // self.heads


def read_config(folder: Path) -> Config:
    """The configuration of the Baichuan-7B checkpoint in `folder`.

    Raises:
        MissingFileError, BrokenFileError: no config.json that can be read.
        ReadError: the checkpoint is of another model, or of a variant that Llama cannot express.
    """
    path = folder / "config.json"
    content = json_object(path)
    reason = _why_not(content)
    if reason:
        raise ReadError(path, reason, hint=ONLY)
    config = Config(
        vocab_size=_number(path, content, "vocab_size"),
        hidden_size=_number(path, content, "hidden_size"),
        intermediate_size=_number(path, content, "intermediate_size"),
        layers=_number(path, content, "num_hidden_layers"),
        heads=_number(path, content, "num_attention_heads"),
        max_positions=_number(path, content, "max_position_embeddings"),
        rms_norm_eps=float(content.get("rms_norm_eps", 1e-6)),
        initializer_range=float(content.get("initializer_range", 0.02)),
        bos_id=_number(path, content, "bos_token_id", 1),
        eos_id=_number(path, content, "eos_token_id", 2),
        pad_id=_number(path, content, "pad_token_id", 0),
    )
    if config.hidden_size % config.heads or config.head_size % 2:
        found = f"hidden_size {config.hidden_size} with num_attention_heads {config.heads}"
        raise ReadError(path, found, expected="heads of an even size")
    return config


def llama_config(config: Config, dtype: str) -> dict[str, Any]:
    """config.json of the same model as a Llama, for transformers 4.4x and 5 and for vLLM."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": config.vocab_size,
        "hidden_size": config.hidden_size,
        "intermediate_size": config.intermediate_size,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "num_key_value_heads": config.heads,
        "head_dim": config.head_size,
        "hidden_act": "silu",
        "max_position_embeddings": config.max_positions,
        "rms_norm_eps": config.rms_norm_eps,
        "initializer_range": config.initializer_range,
        "rope_theta": ROPE_THETA,
        "rope_scaling": None,
        "attention_bias": False,
        "attention_dropout": 0.0,
        "mlp_bias": False,
        "pretraining_tp": 1,
        "tie_word_embeddings": False,
        "use_cache": True,
        **token_ids(config),
        "torch_dtype": dtype,
    }


def token_ids(config: Config) -> dict[str, int]:
    """generation_config.json: where a text ends, and no sampling settings, which are the caller's."""
    return {"bos_token_id": config.bos_id, "eos_token_id": config.eos_id, "pad_token_id": config.pad_id}


def _why_not(content: dict[str, Any]) -> str:
    """Why a checkpoint with this configuration cannot be converted; empty for a Baichuan-7B."""
    named = content.get("architectures")
    architecture = str(named[0]) if isinstance(named, list) and named else "none"
    if architecture == "LlamaForCausalLM":
        return "is a LlamaForCausalLM checkpoint already, which can be served as it is"
    if architecture == OTHER_BAICHUAN:
        return _sister(content)
    if architecture != BAICHUAN_7B or content.get("model_type", "baichuan") != "baichuan":
        return f"architecture {architecture}, model_type {content.get('model_type')}: not a Baichuan-7B"
    if content.get("max_position_embeddings") is None or content.get("hidden_size") == 5120:
        return "has the shape of Baichuan-13B, whose ALiBi positions a Llama does not have"
    needed = {"hidden_act": "silu", "tie_word_embeddings": False, "rope_theta": ROPE_THETA}
    absent = {"rope_scaling": None, "quantization_config": None}
    for key, value in {**needed, **absent}.items():
        if content.get(key, value) != value:
            return f"{key} is {content[key]!r}, where Baichuan-7B has {value!r}"
    return ""


def _sister(content: dict[str, Any]) -> str:
    large = content.get("hidden_size") == 5120 or content.get("num_hidden_layers") == 40
    if content.get("vocab_size") == BAICHUAN2_VOCAB:
        also = " and ALiBi positions" if large else ""
        return (
            f"is a Baichuan2-{13 if large else 7}B, with a normalised head (NormHead){also} that a Llama does not have"
        )
    if large or content.get("max_position_embeddings") is None:
        return "is a Baichuan-13B, whose ALiBi positions a Llama does not have"
    return f"architecture {OTHER_BAICHUAN}: one of the later Baichuan models, not Baichuan-7B ({BAICHUAN_7B})"


def _number(path: Path, content: dict[str, Any], key: str, default: int | None = None) -> int:
    value = content.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < (1 if default is None else 0):
        raise ReadError(path, f"{key} is {value!r}", expected="a whole number")
    return value
