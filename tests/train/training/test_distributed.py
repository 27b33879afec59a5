"""Two processes train what one trains."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]


def run(out: Path, processes: int, accumulate: int) -> dict[str, Any]:
    """What run_steps.py found, in so many gloo processes."""
    script = [str(Path(__file__).with_name("run_steps.py")), str(out), str(accumulate)]
    launch = [sys.executable]
    if processes > 1:
        launch += ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run([*launch, *script], env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads((out / f"found-{processes}.json").read_text())
    return found


def test_two_processes_under_torchrun_give_the_losses_and_weights_of_one(tmp_path: Path) -> None:
    one, two = run(tmp_path / "one", 1, 4), run(tmp_path / "two", 2, 2)
    assert (one["world"], two["world"]) == (1, 2)
    assert two["losses"] == pytest.approx(one["losses"], abs=1e-5)
    assert two["eval"] == pytest.approx(one["eval"], abs=1e-5)
    assert two["weights"] == pytest.approx(one["weights"], abs=1e-5)
    for mine, theirs in zip(two["by_source"], one["by_source"], strict=True):
        assert mine == pytest.approx(theirs, abs=1e-4)
