"""A package that is not installed is one line with the command that installs it, for every command."""

import subprocess
import sys
from pathlib import Path

import pytest

from sources.command.errors import MissingPackageError
from sources.command.extras import explain_missing_packages, require_packages

ROOT = Path(__file__).parents[3]
LIMIT_S = 60
EXTRAS = ("aiohttp", "openai", "trl", "transformers", "torch", "accelerate", "peft", "lm_eval", "safetensors")

WITH_BASE_ONLY = """
import runpy, sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in HIDDEN:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

HIDDEN = sys.argv[1].split(",")
sys.meta_path.insert(0, Hidden())
sys.argv = sys.argv[2:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""

SYNTH = "--lang zh --sample --rejected-model m --rejected-url http://127.0.0.1:1/v1 --out out"
COMMANDS = [
    ("synth", "synth.synth_prefs", SYNTH),
    ("train", "train.dpo", "--data prefs/zh --model tiny --output_dir out"),
    ("train", "train.tiny_model", "tiny --data prefs/zh"),
    ("evaluate", "train.evaluate", "--model tiny --sample --out out"),
]


@pytest.mark.parametrize(("extra", "command", "flags"), COMMANDS)
def test_a_command_without_its_extra_says_how_to_install_it(
    extra: str, command: str, flags: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITH_BASE_ONLY, ",".join(EXTRAS), command, *flags.split()],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert ": not installed. Run: pip install -e '" in done.stderr
    assert done.stderr.endswith(f"[{extra}]'\n")
    assert not list(tmp_path.iterdir())


def test_an_import_of_our_own_that_fails_is_a_fault_and_passes_through() -> None:
    with pytest.raises(ModuleNotFoundError), explain_missing_packages("train"):
        import sources.no_such_module  # noqa: F401


def test_a_package_without_an_extra_is_installed_by_its_name() -> None:
    with pytest.raises(MissingPackageError, match=r"Run: pip install no_such_package$"):
        require_packages("json", "no_such_package")
