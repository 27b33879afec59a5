"""A tiny random Baichuan-7B, made on the spot: fused W_pack, real sentencepiece model, any layout of files."""

import io
import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from sentencepiece import SentencePieceTrainer, sentencepiece_model_pb2

from tests.synth.vllm.corpus import sentences

CONFIG: dict[str, Any] = {
    "architectures": ["BaiChuanForCausalLM"],
    "auto_map": {"AutoConfig": "configuration_baichuan.BaiChuanConfig"},
    "bos_token_id": 1,
    "eos_token_id": 2,
    "hidden_act": "silu",
    "hidden_size": 128,
    "initializer_range": 0.02,
    "intermediate_size": 352,
    "max_position_embeddings": 512,
    "model_type": "baichuan",
    "num_attention_heads": 4,
    "num_hidden_layers": 3,
    "pad_token_id": 0,
    "rms_norm_eps": 1e-06,
    "tie_word_embeddings": False,
    "torch_dtype": "float32",
    "transformers_version": "4.29.1",
    "use_cache": True,
    "vocab_size": 1100,
}
TOKENIZER_CONFIG = {
    "add_bos_token": False,
    "add_eos_token": False,
    "clean_up_tokenization_spaces": False,
    "model_max_length": 1000000000000000019884624838656,
    "tokenizer_class": "BaiChuanTokenizer",
}


def train_tokenizer(**changed: Any) -> Any:
    """The ModelProto of a small sentencepiece model: BPE with byte fallback, unless `changed` says otherwise."""
    settings = {
        "vocab_size": CONFIG["vocab_size"],
        "model_type": "bpe",
        "byte_fallback": True,
        "normalization_rule_name": "identity",
        "remove_extra_whitespaces": False,
        "allow_whitespace_only_pieces": True,
        "split_digits": True,
        "character_coverage": 0.999,
        "num_threads": 1,
        "minloglevel": 2,
    }
    written = io.BytesIO()
    SentencePieceTrainer.train(sentence_iterator=iter(sentences()), model_writer=written, **{**settings, **changed})
    model = sentencepiece_model_pb2.ModelProto()
    model.ParseFromString(written.getvalue())
    return model


def random_weights(config: dict[str, Any], seed: int = 7) -> dict[str, torch.Tensor]:
    """Weights under Baichuan's names, spread widely enough that no two tokens are nearly as likely."""
    draw = torch.Generator().manual_seed(seed)
    hidden, inner, vocab = config["hidden_size"], config["intermediate_size"], config["vocab_size"]
    head = hidden // config["num_attention_heads"]

    def matrix(rows: int, columns: int, spread: float = 1.0) -> torch.Tensor:
        return torch.randn(rows, columns, generator=draw) * spread * columns**-0.5

    def norm() -> torch.Tensor:
        return 1 + 0.1 * torch.randn(hidden, generator=draw)

    weights = {"model.embed_tokens.weight": matrix(vocab, hidden, 8.0)}
    for layer in range(config["num_hidden_layers"]):
        prefix = f"model.layers.{layer}"
        weights |= {
            f"{prefix}.self_attn.W_pack.weight": matrix(3 * hidden, hidden, 1.5),
            f"{prefix}.self_attn.o_proj.weight": matrix(hidden, hidden),
            f"{prefix}.self_attn.rotary_emb.inv_freq": 1.0 / 10000 ** (torch.arange(0, head, 2).float() / head),
            f"{prefix}.mlp.gate_proj.weight": matrix(inner, hidden),
            f"{prefix}.mlp.down_proj.weight": matrix(hidden, inner),
            f"{prefix}.mlp.up_proj.weight": matrix(inner, hidden),
            f"{prefix}.input_layernorm.weight": norm(),
            f"{prefix}.post_attention_layernorm.weight": norm(),
        }
    return weights | {"model.norm.weight": norm(), "lm_head.weight": matrix(vocab, hidden, 4.0)}


def write_baichuan(
    folder: Path,
    model: Any,
    weights: dict[str, torch.Tensor],
    *,
    suffix: str = "bin",
    shards: int = 1,
    config: dict[str, Any] = CONFIG,
) -> Path:
    """A checkpoint folder as upstream lays it out: .bin or .safetensors, one file or shards with an index."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer_config.json").write_text(json.dumps(TOKENIZER_CONFIG))
    (folder / "tokenizer.model").write_bytes(model.SerializeToString())
    (folder / "LICENSE").write_text("a licence\n")
    (folder / "Baichuan-7B Model License.pdf").write_bytes(b"%PDF-1.4\n")
    (folder / "README.md").write_text("# a card\n")
    write_weights(folder, weights, suffix, shards)
    return folder


def write_weights(folder: Path, weights: dict[str, torch.Tensor], suffix: str, shards: int) -> None:
    stem = {"bin": "pytorch_model", "safetensors": "model"}[suffix]
    names = list(weights)
    share = -(-len(names) // shards)
    parts = [names[first : first + share] for first in range(0, len(names), share)]
    places = {}
    for number, part in enumerate(parts, 1):
        name = f"{stem}-{number:05}-of-{len(parts):05}.{suffix}" if shards > 1 else f"{stem}.{suffix}"
        save = torch.save if suffix == "bin" else save_file
        save({one: weights[one] for one in part}, folder / name)
        places |= dict.fromkeys(part, name)
    if shards > 1:
        (folder / f"{stem}.{suffix}.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))
