"""What the converter makes of the weights and the configuration."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from sources.command.errors import OutputError
from synth.baichuan.convert import convert
from synth.convert_baichuan import main
from tests.synth.vllm.plain_baichuan import last_logits
from tests.synth.vllm.tiny_baichuan import CONFIG

Write = Callable[..., Path]


def read_all(folder: Path) -> dict[str, torch.Tensor]:
    return {name: tensor for file in folder.glob("*.safetensors") for name, tensor in load_file(file).items()}


@pytest.mark.parametrize("suffix", ["bin", "safetensors"])
@pytest.mark.parametrize("shards", [1, 3])
def test_every_layout_becomes_the_same_tensors(
    suffix: str, shards: int, write_tiny: Write, converted_baichuan: Path, tmp_path: Path
) -> None:
    source = write_tiny(tmp_path / "src", suffix=suffix, shards=shards)
    made = convert(source, tmp_path / "dst")
    got, wanted = read_all(tmp_path / "dst"), read_all(converted_baichuan)
    assert got.keys() == wanted.keys()
    assert all(torch.equal(got[name], wanted[name]) for name in wanted)
    assert made.tensors == len(got)


def test_the_rows_of_the_fused_matrix_are_q_then_k_then_v(converted_baichuan: Path, baichuan_weights: Any) -> None:
    got, hidden = read_all(converted_baichuan), CONFIG["hidden_size"]
    fused = baichuan_weights["model.layers.1.self_attn.W_pack.weight"]
    for part, name in enumerate("qkv"):
        rows = got[f"model.layers.1.self_attn.{name}_proj.weight"]
        assert torch.equal(rows, fused[part * hidden : (part + 1) * hidden])
    assert not any("W_pack" in name or "rotary" in name for name in got)


def test_transformers_computes_what_the_original_computes(converted_baichuan: Path, baichuan_weights: Any) -> None:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(converted_baichuan)
    assert type(model).__name__ == "LlamaForCausalLM"
    assert model.dtype == torch.float32
    ids = torch.tensor([5, 300, 7, 41, 998, 641, 12])
    with torch.no_grad():
        got = model(ids[None]).logits[0, -1]
    torch.testing.assert_close(got, last_logits(baichuan_weights, CONFIG, ids), rtol=1e-4, atol=1e-4)


def test_small_shards_come_with_an_index_and_load_as_one_model(tiny_baichuan: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    convert(tiny_baichuan, tmp_path / "dst", max_bytes=600_000)
    index = json.loads((tmp_path / "dst" / "model.safetensors.index.json").read_text())
    got = read_all(tmp_path / "dst")
    assert len(set(index["weight_map"].values())) > 2
    assert index["weight_map"].keys() == got.keys()
    assert index["metadata"]["total_size"] == sum(tensor.nbytes for tensor in got.values())
    assert not (tmp_path / "dst" / "model.safetensors").exists()
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path / "dst").state_dict()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in got.items())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_types_are_kept_and_named_in_the_configuration(
    dtype: torch.dtype, write_tiny: Write, baichuan_weights: Any, tmp_path: Path
) -> None:
    half = {name: tensor.to(dtype) for name, tensor in baichuan_weights.items()}
    half["model.norm.weight"] = baichuan_weights["model.norm.weight"]
    convert(write_tiny(tmp_path / "src", weights=half), tmp_path / "dst")
    got = read_all(tmp_path / "dst")
    assert got.pop("model.norm.weight").dtype == torch.float32
    assert {tensor.dtype for tensor in got.values()} == {dtype}
    config = json.loads((tmp_path / "dst" / "config.json").read_text())
    assert config["torch_dtype"] == str(dtype).removeprefix("torch.")


def test_the_configuration_says_the_same_to_transformers(converted_baichuan: Path) -> None:
    from transformers import AutoConfig, GenerationConfig

    config = AutoConfig.from_pretrained(converted_baichuan)
    same = (
        "hidden_size",
        "intermediate_size",
        "num_hidden_layers",
        "num_attention_heads",
        "vocab_size",
        "rms_norm_eps",
    )
    for key in (*same, "max_position_embeddings", "bos_token_id", "eos_token_id", "pad_token_id"):
        assert getattr(config, key) == CONFIG[key]
    assert config.rope_parameters["rope_theta"] == 10000
    assert not config.tie_word_embeddings
    assert GenerationConfig.from_pretrained(converted_baichuan).eos_token_id == 2


def test_licences_go_along_and_nothing_else_does(converted_baichuan: Path) -> None:
    made = ["config.json", "generation_config.json", "model.safetensors"]
    tokenizer = ["special_tokens_map.json", "tokenizer.json", "tokenizer_config.json"]
    licences = ["LICENSE", "Baichuan-7B Model License.pdf"]
    assert sorted(os.listdir(converted_baichuan)) == sorted([*made, *tokenizer, *licences])
    for path in [converted_baichuan, *converted_baichuan.iterdir()]:
        assert path.stat().st_mode & 0o044 == 0o044, "others may read it, as any file made here"


def test_an_empty_folder_is_used_and_missing_ones_are_made(tiny_baichuan: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    convert(tiny_baichuan, tmp_path / "empty")
    convert(tiny_baichuan, tmp_path / "new" / "deep" / "dst")
    assert (tmp_path / "empty" / "config.json").exists()
    assert (tmp_path / "new" / "deep" / "dst" / "config.json").exists()


def test_an_interruption_leaves_nothing_behind(tiny_baichuan: Path, tmp_path: Path) -> None:
    def interrupt(batches: Any) -> Any:
        yield batches[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(tiny_baichuan, tmp_path / "new" / "dst", max_bytes=600_000, watch=interrupt)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("limit", [10_000, 700_000])
def test_a_full_disk_leaves_nothing_behind(limit: int, tiny_baichuan: Path, tmp_path: Path) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        with pytest.raises(OutputError, match="nothing was written"):
            convert(tiny_baichuan, tmp_path / "dst")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert os.listdir(tmp_path) == []


def test_the_command_says_what_it_wrote(
    tiny_baichuan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tiny_baichuan), str(tmp_path / "dst")]) == 0
    out, err = capsys.readouterr()
    assert "LlamaForCausalLM, 30 tensors" in out
    assert err == ""
