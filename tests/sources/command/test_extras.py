"""A package that is not installed is one line with the command that installs it, for every command."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from sources.command.errors import MissingPackageError
from sources.command.extras import explain_missing_packages, require_packages

ROOT = Path(__file__).parents[3]
LIMIT_S = 300
EXTRAS = (
    "aiohttp", "openai", "vllm", "trl", "transformers", "torch", "accelerate", "peft", "lm_eval", "safetensors",
    "sentencepiece", "google", "tokenizers",
)  # fmt: skip

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

SYNTH = "--lang zh --sample --rejected-model m --out out"
URL = "http://127.0.0.1:1/v1"
SERVER = f"--rejected-url {URL}"
VLLM = "--engine vllm"
OF_EXTRA = "Run: pip install -e '{root}[{extra}]'"
COMMANDS = [
    ("", "builders.lint_prefs", "pairs.jsonl --tokenizer .", "Run: pip install tokenizers"),
    ("synth", "synth.synth_prefs", f"{SYNTH} {SERVER}", OF_EXTRA),
    ("synth", "synth.synth_prefs", f"{SYNTH} {VLLM}", OF_EXTRA),
    ("synth", "synth.judge_prefs", f"pairs.parquet --out out --judge-model m --judge-url {URL}", OF_EXTRA),
    ("convert", "synth.convert_baichuan", "baichuan llama", OF_EXTRA),
    ("train", "train.dpo", "--data prefs/zh --model tiny --output_dir out", OF_EXTRA),
    ("train", "train.dpo", "--help", OF_EXTRA),
    ("train", "train.tiny_model", "tiny --data prefs/zh", OF_EXTRA),
    ("evaluate", "train.evaluate", "--model tiny --sample --out out", OF_EXTRA),
]
BAICHUAN = {
    "architectures": ["BaiChuanForCausalLM"],
    "model_type": "baichuan",
    "vocab_size": 9,
    "hidden_size": 8,
    "intermediate_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "max_position_embeddings": 9,
    "hidden_act": "silu",
}
ROOT_COMMANDS = sorted(
    path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
    for room in ("builders", "synth", "train")
    for path in (ROOT / room).glob("*.py")
    if path.name != "__init__.py"
)


def with_base_only(folder: Path, hidden: Sequence[str], *words: str) -> "subprocess.CompletedProcess[str]":
    """A command in an environment that has only what the base installs."""
    return subprocess.run(
        [sys.executable, "-c", WITH_BASE_ONLY, ",".join(hidden), *words],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


@pytest.mark.parametrize(("extra", "command", "flags", "hint"), COMMANDS)
def test_a_command_without_its_extra_says_how_to_install_it(
    extra: str, command: str, flags: str, hint: str, tmp_path: Path
) -> None:
    (tmp_path / "pairs.jsonl").write_text('{"prompt": "a", "chosen": "b", "rejected": "c"}')
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "baichuan").mkdir()
    (tmp_path / "baichuan" / "config.json").write_text(json.dumps(BAICHUAN))
    before = sorted(tmp_path.rglob("*"))
    done = with_base_only(tmp_path, EXTRAS, command, *flags.split())
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f": not installed. {hint.format(root=ROOT, extra=extra)}" in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("command", [name for name in ROOT_COMMANDS if name != "train.dpo"])
def test_help_needs_the_base_only(command: str, tmp_path: Path) -> None:
    """train.dpo is above: its options are those of TRL."""
    done = with_base_only(tmp_path, EXTRAS, command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: ")


def test_vllm_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("aiohttp")
    done = with_base_only(tmp_path, ["vllm"], "synth.synth_prefs", *f"{SYNTH} {VLLM}".split())
    assert done.returncode == 2
    assert "--engine vllm: vllm is not there" in done.stderr.splitlines()[-1]
    assert "(pip install vllm)" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_an_import_of_our_own_that_fails_is_a_fault_and_passes_through() -> None:
    with pytest.raises(ModuleNotFoundError), explain_missing_packages("train"):
        import sources.no_such_module  # noqa: F401


def test_a_package_without_an_extra_is_installed_by_its_name() -> None:
    with pytest.raises(MissingPackageError, match=r"Run: pip install no_such_package$"):
        require_packages("json", "no_such_package")
