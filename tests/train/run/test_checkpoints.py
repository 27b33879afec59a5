import json
import shutil
from pathlib import Path

import pytest

from tests.train.run.tiny_runs import tiny_trainer
from train.run.checkpoints import find_checkpoints, last_whole_checkpoint, set_aside_damaged


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with checkpoints 2 and 4."""
    folder = tmp_path_factory.mktemp("run") / "out"
    tiny_trainer(folder, max_steps=4).train()
    return folder


@pytest.fixture
def copy(run: Path, tmp_path: Path) -> Path:
    return shutil.copytree(run, tmp_path / "out")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def test_checkpoints_of_a_finished_run_are_whole(run: Path) -> None:
    assert [(found.step, found.fault) for found in find_checkpoints(run)] == [(2, ""), (4, "")]
    assert last_whole_checkpoint(run) == run / "checkpoint-4"


def test_there_is_no_checkpoint_where_there_is_nothing(tmp_path: Path) -> None:
    assert last_whole_checkpoint(tmp_path) is None
    assert last_whole_checkpoint(tmp_path / "absent") is None


@pytest.mark.parametrize(
    "name",
    ["model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth", "training_args.bin", "trainer_state.json"],
)
def test_a_file_that_is_cut_off_damages_its_checkpoint(copy: Path, name: str) -> None:
    cut(copy / "checkpoint-4" / name)
    found = find_checkpoints(copy)[-1]
    assert (found.fault, found.damaged) == (f"{name} is cut off", True)
    assert last_whole_checkpoint(copy) == copy / "checkpoint-2"


@pytest.mark.parametrize(
    ("name", "what"), [("model.safetensors", "no weights"), ("trainer_state.json", "no trainer_state")]
)
def test_a_file_that_is_missing_damages_its_checkpoint(copy: Path, name: str, what: str) -> None:
    (copy / "checkpoint-4" / name).unlink()
    assert what in find_checkpoints(copy)[-1].fault
    assert last_whole_checkpoint(copy) == copy / "checkpoint-2"


def test_a_shard_that_is_missing_damages_its_checkpoint(copy: Path) -> None:
    folder = copy / "checkpoint-4"
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")
    shards = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shards}))
    assert find_checkpoints(copy)[-1].fault == "model-00002-of-00002.safetensors is missing"


def test_a_checkpoint_that_transformers_marks_as_unfinished_is_damaged(copy: Path) -> None:
    (copy / "checkpoint-4" / "checkpoint-is-incomplete.txt").touch()
    assert last_whole_checkpoint(copy) == copy / "checkpoint-2"


def test_a_model_without_optimizer_cannot_be_resumed_and_is_left_where_it_is(copy: Path) -> None:
    (copy / "checkpoint-4" / "optimizer.pt").unlink()
    found = find_checkpoints(copy)[-1]
    assert "optimizer" in found.fault
    assert not found.damaged
    assert set_aside_damaged(copy) == []
    assert last_whole_checkpoint(copy) == copy / "checkpoint-2"


def test_damaged_checkpoints_are_set_aside_and_what_a_kill_left_is_removed(copy: Path) -> None:
    cut(copy / "checkpoint-4" / "model.safetensors")
    (copy / "_unfinished" / "checkpoint-6").mkdir(parents=True)
    aside = set_aside_damaged(copy)
    assert [(found.path.name, found.fault) for found in aside] == [
        ("_damaged-checkpoint-4", "model.safetensors is cut off")
    ]
    assert sorted(path.name for path in copy.iterdir()) == ["_damaged-checkpoint-4", "checkpoint-2"]


def test_other_folders_are_no_checkpoints(copy: Path) -> None:
    (copy / "checkpoint-best").mkdir()
    (copy / "checkpoint-9").touch()
    assert [found.step for found in find_checkpoints(copy)] == [2, 4]
