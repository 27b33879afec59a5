"""The tiny model loads like any other, and nothing that is not its own is overwritten."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from train.tiny_model import FILES, main

SMALL = ["--hidden-size", "16", "--layers", "1", "--vocab-size", "400"]


def test_it_loads_and_generates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "tiny"), *SMALL]) == 0
    assert "random parameters" in capsys.readouterr().err
    assert {path.name for path in (tmp_path / "tiny").iterdir()} <= FILES
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "tiny")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "tiny")
    inputs = tokenizer.apply_chat_template(
        [{"role": "user", "content": "你好，world 👋"}],
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
    )
    assert model.config.vocab_size == 400
    assert (
        tokenizer.decode(inputs["input_ids"][0])
        == "<|im_start|>user\n你好，world 👋<|im_end|>\n<|im_start|>assistant\n"
    )
    assert torch.isfinite(model(**inputs).logits).all()


def test_the_seed_decides_the_weights(tmp_path: Path) -> None:
    weights = []
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert main([str(tmp_path / name), *SMALL, "--seed", seed]) == 0
        weights.append((tmp_path / name / "model.safetensors").read_bytes())
    assert weights[0] == weights[1] != weights[2]


def test_its_own_model_is_made_anew_and_nothing_else_is_touched(tmp_path: Path) -> None:
    own = tmp_path / "tiny"
    assert main([str(own), *SMALL]) == 0
    assert main([str(own), *SMALL, "--seed", "3"]) == 0
    (own / "notes.txt").write_text("mine")
    assert main([str(own), *SMALL]) == 2
    assert (own / "notes.txt").read_text() == "mine"
    (tmp_path / "file").write_text("mine")
    assert main([str(tmp_path / "file"), *SMALL]) == 2
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.json").write_text('{"model_type": "llama"}')
    assert main([str(other), *SMALL]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "other", "tiny"]


def test_its_tokenizer_learns_from_the_data(tmp_path: Path) -> None:
    said = [[{"role": "user", "content": "鹦鹉鹦鹉鹦鹉"}]] * 3
    columns = dict.fromkeys(("prompt", "chosen"), said) | {
        "rejected": [[{"role": "assistant", "content": str(i)}] for i in range(3)]
    }
    pq.write_table(pa.table(columns), tmp_path / "birds.parquet")
    assert main([str(tmp_path / "tiny"), *SMALL, "--data", str(tmp_path / "birds.parquet")]) == 0
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "tiny")
    assert len(tokenizer("鹦鹉")["input_ids"]) == 1


@pytest.mark.parametrize("wrong", [["--hidden-size", "20"], ["--vocab-size", "100"], ["--data", "./missing"]])
def test_what_cannot_be_made_is_said(wrong: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "tiny"), *wrong]) in (1, 2)
    assert capsys.readouterr().err.startswith("train.tiny_model: ")
    assert not (tmp_path / "tiny").exists()
