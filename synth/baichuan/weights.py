"""The weights: Baichuan-7B's tensors under Llama's names, W_pack split into q, k and v.

    model.layers.0.self_attn.W_pack.weight [3 * hidden, hidden]: rows of q, then of k, then of v

All other names are the same. The rotary frequencies, which some checkpoints carry, follow from theta and are left out.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from sources.command.errors import ReadError
from synth.baichuan.config import ROPE_THETA, Config
from synth.baichuan.shards import Tensor, open_weights, weight_files
from synth.baichuan.source_file import write_json

SHARD_BYTES = 2 << 30
DTYPES = ("float16", "bfloat16", "float32")
ROTARY = re.compile(r"model\.layers\.\d+\.self_attn\.rotary_emb\.inv_freq")
FUSED = ".self_attn.W_pack.weight"
Watch = Callable[[list[list["Found"]]], Iterable[list["Found"]]]
"""Shows how a list is worked through, and is iterated instead of it."""


@dataclass(frozen=True, slots=True)
class Found:
    """A tensor of Baichuan's, and where it is."""

    name: str
    file: Path
    dtype: str
    byte_count: int


def expected_shapes(config: Config) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor that a Baichuan-7B of this size has, in the order of the computation."""
    hidden, inner, vocab = config.hidden_size, config.intermediate_size, config.vocab_size
    layer: dict[str, tuple[int, ...]] = {
        "input_layernorm.weight": (hidden,),
        "self_attn.W_pack.weight": (3 * hidden, hidden),
        "self_attn.o_proj.weight": (hidden, hidden),
        "post_attention_layernorm.weight": (hidden,),
        "mlp.gate_proj.weight": (inner, hidden),
        "mlp.up_proj.weight": (inner, hidden),
        "mlp.down_proj.weight": (hidden, inner),
    }
    return {
        "model.embed_tokens.weight": (vocab, hidden),
        **{f"model.layers.{n}.{name}": shape for n in range(config.layers) for name, shape in layer.items()},
        "model.norm.weight": (hidden,),
        "lm_head.weight": (vocab, hidden),
    }


def find_weights(folder: Path, config: Config) -> list[Found]:
    """Every tensor of the checkpoint, checked by name, shape and type; nothing of them is read but the frequencies.

    Raises:
        ReadError: one is missing, there twice, unknown, or of another shape or type than the configuration says.
    """
    expected = expected_shapes(config)
    found: dict[str, Found] = {}
    for file in weight_files(folder):
        for name, tensor in open_weights(file).items():
            if ROTARY.fullmatch(name):
                _check_frequencies(file, name, tensor, config)
                continue
            if name in found:
                raise ReadError(file, f"tensor {name} is also in {found[name].file.name}")
            found[name] = _checked(file, name, tensor, expected)
    missing = [name for name in expected if name not in found]
    if missing:
        raise ReadError(
            folder, f"{len(missing)} tensors are missing, the first is {missing[0]}", expected="all of them"
        )
    return [found[name] for name in expected]


def write_weights(found: list[Found], out: Path, max_bytes: int = SHARD_BYTES, watch: Watch = iter) -> None:
    """Llama's weights in `out`: one safetensors file, or shards of at most `max_bytes` (or one tensor) and their index.

    No more than one shard is in memory at a time.
    """
    from safetensors.torch import save_file

    batches = _batches(found, max_bytes)
    places: dict[str, str] = {}
    for number, batch in enumerate(watch(batches), 1):
        name = f"model-{number:05}-of-{len(batches):05}.safetensors" if len(batches) > 1 else "model.safetensors"
        tensors = _llama_tensors(batch)
        save_file(tensors, out / name, metadata={"format": "pt"})
        places |= dict.fromkeys(tensors, name)
        del tensors  # unmaps the source before the next shard is opened
    if len(batches) > 1:
        total = sum(one.byte_count for one in found)
        index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(places.items()))}
        write_json(out / "model.safetensors.index.json", index)


def split_fused(name: str, tensor: Tensor) -> dict[str, Tensor]:
    """W_pack as q, k and v; every other tensor as it is."""
    if not name.endswith(FUSED):
        return {name: tensor.contiguous()}
    layer = name.removesuffix(FUSED)
    parts = zip("qkv", tensor.contiguous().chunk(3), strict=True)
    return {f"{layer}.self_attn.{part}_proj.weight": rows for part, rows in parts}


def _llama_tensors(batch: list[Found]) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = {}
    for file in sorted({one.file for one in batch}):
        opened = open_weights(file)
        for one in batch:
            if one.file == file:
                tensors |= split_fused(one.name, opened[one.name])
    return tensors


def _batches(found: list[Found], max_bytes: int) -> list[list[Found]]:
    batches: list[list[Found]] = [[]]
    size = 0
    for one in found:
        if batches[-1] and size + one.byte_count > max_bytes:
            batches.append([])
            size = 0
        batches[-1].append(one)
        size += one.byte_count
    return batches


def _checked(file: Path, name: str, tensor: Tensor, expected: dict[str, tuple[int, ...]]) -> Found:
    if name not in expected:
        raise ReadError(file, f"unexpected tensor {name}", expected="the tensors of a Baichuan-7B of its config.json")
    shape, dtype = tuple(tensor.shape), str(tensor.dtype).removeprefix("torch.")
    if shape != expected[name]:
        raise ReadError(
            file, f"tensor {name} has shape {list(shape)}", expected=f"{list(expected[name])} by config.json"
        )
    if dtype not in DTYPES:
        raise ReadError(file, f"tensor {name} is of type {dtype}", expected=" or ".join(DTYPES))
    return Found(name, file, dtype, tensor.numel() * tensor.element_size())


def _check_frequencies(file: Path, name: str, tensor: Tensor, config: Config) -> None:
    """The rotary frequencies are those of theta 10000, which is all that Llama's configuration can say of them."""
    import torch

    wanted = ROPE_THETA ** -(torch.arange(0, config.head_size, 2, dtype=torch.float32) / config.head_size)
    if tensor.shape != wanted.shape or not torch.allclose(tensor.float(), wanted, rtol=0.01, atol=0.0):
        raise ReadError(file, f"{name} has other frequencies", expected=f"those of RoPE with theta {ROPE_THETA:g}")
