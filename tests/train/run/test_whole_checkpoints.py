import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from sources.command.errors import OutputError
from tests.train.run.tiny_runs import saved_model, tiny_trainer
from train.run.checkpoints import find_checkpoints, last_whole_checkpoint, set_aside_damaged

ROOT = Path(__file__).parents[3]

KILLED = """
import os, signal, sys, torch
from pathlib import Path
from tests.train.run.tiny_runs import tiny_trainer

trainer = tiny_trainer(Path(sys.argv[1]))
save = torch.save

def killed(content, path, *given, **named):
    save(content, path, *given, **named)
    if trainer.state.global_step == 4 and path.endswith("optimizer.pt"):
        os.kill(os.getpid(), signal.SIGKILL)

torch.save = killed
trainer.train()
"""

TOGETHER = """
import sys
from pathlib import Path
from tests.train.run.tiny_runs import tiny_trainer

trainer = tiny_trainer(Path(sys.argv[1]), max_steps=2)
trainer.train()
trainer.save_final_model()
"""


def run_python(code: str, *given: object, launcher: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, *(launcher or ("-c", code)), *map(str, given)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, check=False)


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The trainer of a run of 6 steps that nothing disturbed."""
    trainer = tiny_trainer(tmp_path_factory.mktemp("whole") / "out")
    trainer.train()
    return trainer


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with room for one checkpoint and half of another."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=220k", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("only root can mount a small disk")
    saved_model(tmp_path / "tiny-model")
    (disk / "tiny-model").symlink_to(tmp_path / "tiny-model")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_checkpoint_has_all_that_the_trainer_writes_and_nothing_is_left_aside(whole_run: Any) -> None:
    folder = Path(whole_run.args.output_dir)
    assert sorted(path.name for path in folder.iterdir()) == ["checkpoint-2", "checkpoint-4", "checkpoint-6"]
    assert all(not found.fault for found in find_checkpoints(folder))


def test_a_kill_in_the_middle_of_a_save_leaves_the_checkpoint_before_it_and_resuming_is_exact(
    whole_run: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    assert run_python(KILLED, folder).returncode == -9
    assert sorted(path.name for path in folder.iterdir()) == ["_unfinished", "checkpoint-2"]
    set_aside_damaged(folder)
    last = last_whole_checkpoint(folder)
    assert last == folder / "checkpoint-2"
    resumed = tiny_trainer(folder)
    resumed.train(resume_from_checkpoint=str(last))
    for name, weight in whole_run.model.state_dict().items():
        assert torch.equal(weight, resumed.model.state_dict()[name]), name
    losses = [[entry["loss"] for entry in each.state.log_history if "loss" in entry] for each in (whole_run, resumed)]
    assert losses[0] == losses[1]


def test_on_a_full_disk_the_checkpoint_before_stays_and_the_error_says_how_to_go_on(small_disk: Path) -> None:
    folder = small_disk / "out"
    with pytest.raises(OutputError) as caught:
        tiny_trainer(folder).train()
    assert "checkpoint-4: the disk is full; the previous checkpoint checkpoint-2 is whole" in str(caught.value)
    assert "go on with --resume" in str(caught.value)
    assert [path.name for path in folder.iterdir()] == ["checkpoint-2"]
    assert not find_checkpoints(folder)[0].fault


def test_the_final_model_replaces_nothing_when_the_disk_is_full(small_disk: Path) -> None:
    folder = small_disk / "out"
    trainer = tiny_trainer(folder, max_steps=2)
    trainer.train()
    (small_disk / "filler").write_bytes(bytes(64 << 10))
    with pytest.raises(OutputError, match="the disk is full"):
        trainer.save_final_model()
    assert [path.name for path in folder.iterdir()] == ["checkpoint-2"]


def test_a_write_that_safetensors_cannot_do_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = tiny_trainer(tmp_path / "out")
    save = trainer.save_model

    def full(*given: Any, **named: Any) -> None:
        if trainer.state.global_step > 2:
            raise OSError(28, "No space left on device")
        save(*given, **named)

    monkeypatch.setattr(trainer, "save_model", full)
    with pytest.raises(OutputError, match="the previous checkpoint checkpoint-2 is whole"):
        trainer.train()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["checkpoint-2"]


def test_an_error_that_is_no_failed_write_stays_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = tiny_trainer(tmp_path / "out", max_steps=2)

    def broken(*_given: Any) -> None:
        raise RuntimeError("something else")

    monkeypatch.setattr(trainer, "_save_rng_state", broken)
    with pytest.raises(RuntimeError, match="something else"):
        trainer.train()
    assert list((tmp_path / "out").iterdir()) == []


def test_the_older_checkpoint_is_there_until_the_new_one_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = tiny_trainer(tmp_path / "out", max_steps=4, save_total_limit=1)
    save, seen = trainer._save_rng_state, []

    def look(folder: str) -> None:
        save(folder)
        seen.append(sorted(path.name for path in (tmp_path / "out").iterdir()))

    monkeypatch.setattr(trainer, "_save_rng_state", look)
    trainer.train()
    assert seen == [["_unfinished"], ["_unfinished", "checkpoint-2"]]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["checkpoint-4"]


def test_the_best_checkpoint_is_named_by_its_own_name_and_loaded_at_the_end(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    options = {"eval_strategy": "steps", "eval_steps": 2, "load_best_model_at_end": True, "save_total_limit": 1}
    trainer = tiny_trainer(folder, with_test=True, max_steps=4, **options)
    trainer.train()
    assert trainer.state.best_model_checkpoint == str(folder / "checkpoint-4")
    assert (
        '"best_model_checkpoint": "' + str(folder / "checkpoint-4")
        in (folder / "checkpoint-4/trainer_state.json").read_text()
    )


def test_the_final_model_stands_beside_the_checkpoints(whole_run: Any) -> None:
    folder = Path(whole_run.args.output_dir)
    (folder / "README.md").write_text("ours")
    whole_run.save_final_model()
    assert (folder / "README.md").read_text() == "ours"
    assert not (folder / "_unfinished").exists()
    saved = load_file(folder / "model.safetensors")
    assert torch.equal(saved["model.norm.weight"], whole_run.model.state_dict()["model.norm.weight"])


def test_an_adapter_is_saved_without_the_card_of_peft(tmp_path: Path) -> None:
    from peft import LoraConfig

    folder = tmp_path / "out"
    trainer = tiny_trainer(folder, max_steps=2, peft=LoraConfig(task_type="CAUSAL_LM", r=2))
    trainer.train()
    (folder / "README.md").write_text("ours")
    trainer.save_final_model()
    assert (folder / "README.md").read_text() == "ours"
    assert (folder / "adapter_model.safetensors").is_file()
    assert last_whole_checkpoint(folder) == folder / "checkpoint-2"


def test_two_processes_save_one_checkpoint_together(tmp_path: Path) -> None:
    folder, script = tmp_path / "out", tmp_path / "together.py"
    saved_model(tmp_path / "tiny-model")
    script.write_text(TOGETHER)
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", str(script))
    done = run_python("", folder, launcher=launcher)
    assert done.returncode == 0, done.stderr[-2000:]
    assert not find_checkpoints(folder)[0].fault
    assert sorted(path.name for path in (folder / "checkpoint-2").glob("rng_state*")) == [
        "rng_state_0.pth",
        "rng_state_1.pth",
    ]
    assert (folder / "model.safetensors").is_file()
    assert not (folder / "_unfinished").exists()
