"""What the converter will not convert, and what it says then; nothing is ever written."""

import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from synth.convert_baichuan import main
from tests.synth.vllm.tiny_baichuan import CONFIG, write_weights

Write = Callable[..., Path]
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 14001163\n"
SISTER = {"architectures": ["BaichuanForCausalLM"]}


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """The one line of a conversion that fails and leaves no trace."""

    def run(source: Path, target: Path | None = None, status: int = 1) -> str:
        target = target or tmp_path / "dst"
        before = sorted(tmp_path.rglob("*"))
        assert main([str(source), str(target)]) == status
        assert sorted(tmp_path.rglob("*")) == before
        out, err = capsys.readouterr()
        assert out == ""
        assert err.count("\n") == 1
        return err

    return run


@pytest.fixture
def source(tiny_baichuan: Path, tmp_path: Path) -> Path:
    """A copy of the tiny checkpoint to damage."""
    return Path(shutil.copytree(tiny_baichuan, tmp_path / "src"))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"architectures": ["LlamaForCausalLM"], "model_type": "llama"}, "is a LlamaForCausalLM checkpoint already"),
        (
            {**SISTER, "hidden_size": 5120, "num_hidden_layers": 40, "max_position_embeddings": None},
            "Baichuan-13B, whose",
        ),
        ({**SISTER, "max_position_embeddings": None}, "ALiBi"),
        ({**SISTER, "vocab_size": 125696, "hidden_size": 4096}, "Baichuan2-7B, with a normalised head (NormHead)"),
        (
            {**SISTER, "vocab_size": 125696, "hidden_size": 5120},
            "Baichuan2-13B, with a normalised head (NormHead) and AL",
        ),
        (SISTER, "not Baichuan-7B"),
        ({"max_position_embeddings": None}, "ALiBi"),
        ({"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2"}, "Qwen2ForCausalLM, model_type qwen2: not a"),
        ({"architectures": None}, "architecture none"),
        ({"tie_word_embeddings": True}, "tie_word_embeddings is True"),
        ({"quantization_config": {"bits": 4}}, "quantization_config"),
        ({"rope_theta": 500000}, "rope_theta is 500000"),
        ({"hidden_size": "many"}, "hidden_size is 'many'; expected a whole number"),
        ({"num_attention_heads": 3}, "hidden_size 128 with num_attention_heads 3"),
        ({"vocab_size": 90}, "has shape [1100, 128]; expected [90, 128] by config.json"),
        ({"num_hidden_layers": 4}, "7 tensors are missing, the first is model.layers.3.input_layernorm.weight"),
        ({"num_hidden_layers": 2}, "unexpected tensor model.layers.2."),
        ({"eos_token_id": 5}, "eos at 2; expected the eos_token_id 5 of config.json"),
    ],
)
def test_another_model_is_refused_with_the_reason(
    changed: dict[str, Any], said: str, source: Path, refused: Callable[..., str]
) -> None:
    kept = {key: value for key, value in {**CONFIG, **changed}.items() if value is not None}
    (source / "config.json").write_text(json.dumps(kept))
    assert said in refused(source)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.model", "pytorch_model.bin"])
def test_a_missing_empty_or_stand_in_file_is_named(name: str, source: Path, refused: Callable[..., str]) -> None:
    path = source / name
    path.write_bytes(LFS)
    assert f"{name}: is a git-lfs pointer" in refused(source)
    path.write_bytes(b"")
    assert f"{name}: is empty" in refused(source)
    path.unlink()
    line = refused(source)
    assert "neither model.safetensors nor pytorch_model.bin" in line or f"{name}: no such file" in line


def test_damaged_json_and_tokenizers_are_refused(source: Path, refused: Callable[..., str]) -> None:
    (source / "tokenizer.model").write_bytes(b"\xff\xff\xff no model")
    assert "is no sentencepiece model" in refused(source)
    (source / "config.json").write_text('{"architectures": ')
    assert "config.json: is not JSON" in refused(source)
    (source / "config.json").write_text("[]")
    assert "holds a list; expected a JSON object" in refused(source)


@pytest.mark.parametrize("suffix", ["bin", "safetensors"])
def test_incomplete_shards_are_named(
    suffix: str, write_tiny: Write, tmp_path: Path, refused: Callable[..., str]
) -> None:
    source = write_tiny(tmp_path / "src", suffix=suffix, shards=3)
    stem = "pytorch_model" if suffix == "bin" else "model"
    shard = source / f"{stem}-00002-of-00003.{suffix}"
    whole = shard.read_bytes()
    shard.write_bytes(whole[: len(whole) // 2])
    assert f"{shard.name}: " in (line := refused(source))
    assert "half-downloaded" in line
    shard.write_bytes(LFS)
    assert f"{shard.name}: is a git-lfs pointer" in refused(source)
    shard.unlink()
    assert f"{shard.name}: no such file" in refused(source)
    index = source / f"{stem}.{suffix}.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "../outside.bin"}}))
    assert "names the file '../outside.bin'" in refused(source)
    index.unlink()
    assert f"{index.name}: no such file beside the shards" in refused(source)


class Attack:
    def __init__(self, trace: str) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return os.mkdir, (self.trace,)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_that_would_run_code_is_refused_and_not_run(
    zipped: bool, source: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    trace = tmp_path / "pwned"
    path = source / "pytorch_model.bin"
    if zipped:
        torch.save({"model.norm.weight": Attack(str(trace))}, path)
    else:
        path.write_bytes(pickle.dumps(Attack(str(trace))))
    line = refused(source)
    assert "holds more than weights and was not opened" in line if zipped else "is no complete torch file" in line
    assert not trace.exists()


def test_odd_contents_of_a_weight_file_are_refused(
    source: Path, baichuan_weights: Any, refused: Callable[..., str]
) -> None:
    torch.save([1, 2], source / "pytorch_model.bin")
    assert "holds something else than tensors" in refused(source)
    torch.save({}, source / "pytorch_model.bin")
    assert "holds no weights" in refused(source)
    write_weights(source, {**baichuan_weights, "lm_head.bias": torch.zeros(3)}, "bin", 1)
    assert "unexpected tensor lm_head.bias" in refused(source)
    write_weights(source, {**baichuan_weights, "model.norm.weight": torch.zeros(128, dtype=torch.int8)}, "bin", 1)
    assert "model.norm.weight is of type int8" in refused(source)
    name = "model.layers.0.self_attn.rotary_emb.inv_freq"
    write_weights(source, {**baichuan_weights, name: baichuan_weights[name] ** 1.2}, "bin", 1)
    assert f"{name} has other frequencies" in refused(source)


def test_a_tensor_in_two_shards_is_refused(
    write_tiny: Write, baichuan_weights: Any, tmp_path: Path, refused: Callable[..., str]
) -> None:
    source = write_tiny(tmp_path / "src", shards=3)
    torch.save(dict(list(baichuan_weights.items())[:10]), source / "pytorch_model-00003-of-00003.bin")
    assert "is also in pytorch_model-00001-of-00003.bin" in refused(source)


def test_folders_that_cannot_be_used_are_refused(source: Path, tmp_path: Path, refused: Callable[..., str]) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("keep")
    (tmp_path / "file").write_text("keep")
    assert "exists and is not empty" in refused(source, tmp_path / "full")
    assert "exists and is not empty" in refused(source, tmp_path / "file")
    assert "is SRC or inside it" in refused(source, source, 2)
    assert "is SRC or inside it" in refused(source, source / "llama", 2)
    assert "no folder" in refused(tmp_path / "nowhere", None, 2)


def test_help_and_a_missing_package_need_no_heavy_library(tiny_baichuan: Path, tmp_path: Path) -> None:
    block = (
        "import sys; sys.modules['torch'] = None; from synth.convert_baichuan import main; sys.exit(main(sys.argv[1:]))"
    )
    run = [sys.executable, "-c", block]
    helped = subprocess.run([*run, "--help"], capture_output=True, text=True, check=True)
    assert "SRC DST" in helped.stdout
    refused = subprocess.run([*run, tiny_baichuan, tmp_path / "dst"], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "not installed. Run: pip install " in refused.stderr
    assert "[convert]'" in refused.stderr
    assert refused.stderr.count("\n") == 1
