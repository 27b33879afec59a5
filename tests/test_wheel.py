"""The wheel in a clean environment with the base packages only, from a folder that is not the checkout."""

import json
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.wheel
BIN = Path(__file__).parents[1] / ".venv-wheel" / "venv" / "bin"
LIMIT_S = 300


def run(folder: Path, command: str, *flags: str) -> subprocess.CompletedProcess[str]:
    """The command of the wheel, started in that folder without anything of the checkout on its path."""
    return subprocess.run(
        [BIN / command, *flags], cwd=folder, env={"PATH": "", "HOME": str(folder)},
        capture_output=True, text=True, timeout=LIMIT_S, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("elsewhere")
    done = run(folder, "build-prefs", "--lang", "zh", "--sample", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["built"][0]["total"]["train"] == 169
    return folder


def test_a_build_writes_everything(built: Path) -> None:
    there = {path.name for path in (built / "prefs" / "zh").iterdir()}
    assert {"README.md", "report.html", "manifest.json", "dropped.parquet", "data"} <= there


@pytest.mark.parametrize(
    ("command", "flags", "status"),
    [
        ("lint-prefs", "prefs/zh --fail-on never", 0),
        ("lint-prefs", "--explain near_duplicate", 0),
        ("export-prefs", "prefs --format llamafactory --to exported", 0),
        ("diff-prefs", "prefs prefs", 0),
        ("build-prefs", "--lang zh --sample --dry-run", 0),
        ("publish-prefs", "--help", 0),
    ],
)
def test_every_command_works(built: Path, command: str, flags: str, status: int) -> None:
    done = run(built, command, *flags.split())
    assert done.returncode == status, done.stderr
    assert "no page" not in done.stdout


@pytest.mark.parametrize(
    ("extra", "command", "flags"),
    [
        ("synth", "synth-prefs", "--lang zh --sample --rejected-model m --rejected-url http://127.0.0.1:1/v1"),
        ("synth", "judge-prefs", "prefs/zh --out judged --judge-model m --judge-url http://127.0.0.1:1/v1"),
        ("train", "python", "-m train.dpo --data prefs/zh --model tiny --output_dir out"),
        ("train", "python", "-m train.tiny_model tiny --data prefs/zh"),
        ("evaluate", "python", "-m train.evaluate --model tiny --sample"),
    ],
)
def test_a_command_without_its_extra_says_how_to_install_it(built: Path, extra: str, command: str, flags: str) -> None:
    done = run(built, command, *flags.split())
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.endswith(f"not installed. Run: pip install 'build-prefs[{extra}]'\n")


def test_the_functions_are_there_and_typed(built: Path) -> None:
    code = (
        "import builders, pathlib; print((pathlib.Path(builders.__file__).parent / 'py.typed').is_file()); "
        "print(builders.build(lang='zh', sample=True).pairs.num_rows); "
        "print(len(builders.lint('prefs/zh').findings) > 0)"
    )
    done = run(built, "python", "-c", code)
    assert (done.returncode, done.stdout.split()) == (0, ["True", "171", "True"]), done.stderr
