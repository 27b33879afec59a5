import json
from pathlib import Path

import pytest
import torch
from transformers import TrainingArguments
from trl import DPOConfig

from train.run.reference import reference_is_unclear


def test_a_model_from_the_hub_or_a_plain_folder_is_clear(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert reference_is_unclear("owner/name") is None
    assert reference_is_unclear(tmp_path) is None


def test_the_output_of_a_run_of_ours_is_unclear_and_names_its_model(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"format": 1, "model": {"name": "lab/sft"}}))
    assert "from lab/sft" in (reference_is_unclear(tmp_path) or "")


@pytest.mark.parametrize("text", ["{}", "[]", "nonsense", ""])
def test_a_run_json_that_says_nothing_is_unclear_too(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    assert "run.json" in (reference_is_unclear(tmp_path) or "")


def test_the_output_of_plain_trl_is_known_by_its_options(tmp_path: Path) -> None:
    torch.save(DPOConfig(output_dir=str(tmp_path), use_cpu=True, bf16=False), tmp_path / "training_args.bin")
    assert "DPO run" in (reference_is_unclear(tmp_path) or "")


def test_a_checkpoint_with_rewards_in_its_log_is_one_of_dpo(tmp_path: Path) -> None:
    (tmp_path / "trainer_state.json").write_text(json.dumps({"log_history": [{"rewards/margins": 0.1}]}))
    assert "DPO run" in (reference_is_unclear(tmp_path) or "")


def test_a_checkpoint_that_says_nothing_is_unclear(tmp_path: Path) -> None:
    (tmp_path / "trainer_state.json").write_text(json.dumps({"log_history": []}))
    assert "does not say" in (reference_is_unclear(tmp_path) or "")


def test_a_checkpoint_of_supervised_fine_tuning_is_a_clear_reference(tmp_path: Path) -> None:
    torch.save(TrainingArguments(output_dir=str(tmp_path), use_cpu=True), tmp_path / "training_args.bin")
    (tmp_path / "trainer_state.json").write_text(json.dumps({"log_history": [{"loss": 1.0}]}))
    assert reference_is_unclear(tmp_path) is None
