"""`python -m train.dpo` as people use it, on a set that build-prefs made and a model made by train.tiny_model."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from train.dpo import main
from train.tiny_model import main as make_tiny_model

ROOT = Path(__file__).parents[2]
Run = Callable[..., tuple[int, str]]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded sample, built by the command: train may not import builders."""
    out = tmp_path_factory.mktemp("built")
    command = [sys.executable, "-m", "builders.build_prefs", "--lang", "all", "--sample", "--no-report"]
    subprocess.run([*command, "--out", str(out / "prefs")], check=True, capture_output=True, cwd=ROOT)
    return out / "prefs"


@pytest.fixture(scope="session")
def tiny(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny") / "model"
    sizes = ["--vocab-size", "1024", "--hidden-size", "32", "--layers", "1"]
    assert make_tiny_model([str(folder), *sizes, "--data", str(built / "zh")]) == 0
    return folder


@pytest.fixture
def run(
    built: Path, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Run:
    """Runs the command with a tiny model on the Chinese set; the exit status and everything it said."""
    monkeypatch.setenv("BUILD_PREFS_CACHE", str(tmp_path / "cache"))

    def command(*more: str, data: str | None = None, model: str | None = None, out: str = "out") -> tuple[int, str]:
        words = ["--data", data or str(built / "zh"), "--model", model or str(tiny), "--use_cpu"]
        words += ["--output_dir", str(tmp_path / out), "--logging_steps", "2", *more]
        status = main(words)
        return status, "".join(capfd.readouterr())

    return command


def test_a_run_leaves_a_model_its_card_its_curves_and_its_record(run: Run, tmp_path: Path, built: Path) -> None:
    status, said = run("--max_steps", "4", "--save_steps", "2")
    assert status == 0, said
    out = tmp_path / "out"
    names = {path.name for path in out.iterdir()}
    assert {"model.safetensors", "tokenizer.json", "README.md", "curves.svg", "curves.png", "run.json"} <= names
    record = json.loads((out / "run.json").read_text())
    assert (record["status"], record["steps"], record["plan"]["pairs_per_step"]) == ("finished", 4, 32)
    assert record["data"][0]["given"] == str(built / "zh")
    assert sum(source["kept"] for source in record["pairs"].values()) == record["data"][0]["train"]
    assert not any(name.startswith("_unfinished") for name in names)
    for shown in ("Pairs to train on", "4 of 32 pairs", "beta 0.5", "lr 1e-06", "weight decay 0.1", "packed", "memory"):
        assert shown in said
    assert "step      2/4  loss 0.69" in said


def test_the_next_run_on_the_same_reference_scores_nothing(run: Run, tmp_path: Path) -> None:
    assert run("--max_steps", "1")[0] == 0
    shards = sorted((tmp_path / "cache").rglob("part-*.parquet"))
    assert run("--max_steps", "1", "--learning_rate", "5e-5", out="other")[0] == 0
    assert sorted((tmp_path / "cache").rglob("part-*.parquet")) == shards


def test_a_dry_run_says_everything_and_writes_nothing(run: Run, tmp_path: Path) -> None:
    status, said = run("--dry_run")
    assert status == 0
    assert "pairs kept" in said
    assert not (tmp_path / "out").exists()


def test_the_published_settings_are_the_defaults_and_a_recipe(run: Run, tmp_path: Path) -> None:
    plain = run("--dry_run")[1]
    recipe = run("--dry_run", "--config", str(ROOT / "train/recipes/ct_llm.yaml"))[1]
    assert [line for line in plain.splitlines() if line.startswith(("steps", "settings"))] == [
        line for line in recipe.splitlines() if line.startswith(("steps", "settings"))
    ]


def test_several_sets_are_mixed(run: Run, built: Path) -> None:
    status, said = run("--dry_run", "--data", str(built / "zh"), str(built / "en"))
    assert status == 0, said
    assert "beavertails" in said
    assert "huozi" in said


def test_a_killed_run_goes_on_and_ends_as_an_uninterrupted_one(run: Run, tmp_path: Path) -> None:
    assert run("--max_steps", "4", "--save_steps", "2", out="whole")[0] == 0
    shutil.copytree(tmp_path / "whole", tmp_path / "killed")
    for name in ("model.safetensors", "checkpoint-4"):
        path = tmp_path / "killed" / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    (tmp_path / "killed/checkpoint-4").mkdir()
    (tmp_path / "killed/checkpoint-4/model.safetensors").write_bytes(b"cut short")
    record = json.loads((tmp_path / "killed/run.json").read_text())
    (tmp_path / "killed/run.json").write_text(json.dumps(record | {"status": "training"}))
    status, said = run("--max_steps", "4", "--save_steps", "2", "--resume", out="killed")
    assert status == 0, said
    assert "damaged checkpoint is set aside" in said
    whole, again = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "killed"))
    assert whole == again


@pytest.mark.parametrize(
    ("more", "status", "words"),
    [
        (("--modl", "x"), 2, "unknown option --modl. Did you mean model"),
        (("--loss_type", "sigmod"), 2, "TRL has sigmoid"),
        (("--trust_remote_code",), 2, "is not run"),
        (("--devices", "8"), 2, "torchrun --nproc_per_node 8"),
        (("--sharding", "fsdp2"), 2, "this run has none"),
        (("--pairs_per_step", "7"), 2, "7 is no multiple of the 4 pairs"),
        (("--max_length", "4"), 1, "pairs is left to train on"),
        (("--resume",), 1, "no run to go on with"),
        (("--config", "/nowhere.yaml"), 1, "cannot be read"),
        (("--chat_template", "nonsense"), 2, "chatml"),
        (("--share_prompts", "--plain"), 2, "needs the packed forward"),
        (("--label_smoothing", "0.1"), 2, "does nothing"),
    ],
)
def test_misuse_is_one_line_that_says_what_to_do(run: Run, more: tuple[str, ...], status: int, words: str) -> None:
    found, said = run(*more)
    assert (found, words in said) == (status, True), said
    assert "Traceback" not in said


def test_data_that_cannot_be_trained_on_is_named(run: Run, tmp_path: Path) -> None:
    standard = tmp_path / "standard.parquet"
    pq.write_table(pa.table({"prompt": ["a"], "chosen": ["b"], "rejected": ["c"]}), standard)
    assert "build-prefs --add" in run(data=str(standard))[1]
    missing = tmp_path / "missing.parquet"
    pq.write_table(pa.table({"prompt": ["a"]}), missing)
    status, said = run(data=str(missing))
    assert (status, "chosen" in said, "Traceback" in said) == (1, True, False)
    assert run(data=str(tmp_path / "nowhere"))[0] == 1


def test_a_model_without_chat_template_is_offered_some(run: Run, tiny: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(tiny, bare)
    (bare / "chat_template.jinja").unlink()
    status, said = run("--dry_run", model=str(bare))
    assert status == 2
    for name in ("chatml", "llama2", "ct-llm", "--chat_template"):
        assert name in said
    assert run("--dry_run", "--chat_template", "chatml", model=str(bare))[0] == 0


def test_a_folder_that_is_no_model_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "no config.json" in run(model=str(tmp_path / "empty"))[1]
    assert "no such folder" in run(model=str(tmp_path / "nowhere/at/all"))[1]


def test_the_output_of_a_run_given_as_the_model_asks_for_the_reference(run: Run, tiny: Path, tmp_path: Path) -> None:
    assert run("--max_steps", "1")[0] == 0
    status, said = run("--dry_run", model=str(tmp_path / "out"), out="second")
    assert (status, "--ref_model" in said) == (1, True), said
    again = run("--max_steps", "1", "--ref_model", str(tiny), model=str(tmp_path / "out"), out="second")
    assert again[0] == 0, again[1]


def test_another_runs_folder_and_a_foreign_one_are_left_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.txt").write_text("mine")
    status, said = run("--max_steps", "1")
    assert (status, "thesis.txt" in said) == (1, True)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.txt"]


def test_lora_leaves_an_adapter(run: Run, tmp_path: Path) -> None:
    status, said = run("--max_steps", "2", "--use_peft", "--lora_r", "4", "--lora_target_modules", "q_proj", "v_proj")
    assert status == 0, said
    assert (tmp_path / "out/adapter_model.safetensors").is_file()


def test_two_processes_train_by_the_command(built: Path, tiny: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc_per_node",
        "2",
        "-m",
        "train.dpo",
    ]
    command += ["--data", str(built / "zh"), "--model", str(tiny), "--use_cpu", "--output_dir", str(tmp_path / "out")]
    environment = os.environ | {"BUILD_PREFS_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, "--max_steps", "2", "--devices", "2"], cwd=ROOT, env=environment, capture_output=True, text=True,
        check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    record = json.loads((tmp_path / "out/run.json").read_text())
    assert (record["status"], record["world_size"], record["plan"]["accumulate"]) == ("finished", 2, 4)
    assert done.stderr.count("Pairs to train on") == 1


@pytest.mark.parametrize(
    ("flag", "word", "other"), [("--help", "--pairs_per_step", "--adam_beta1"), ("--help_all", "--adam_beta1", "???")]
)
def test_help_is_about_our_options_first(flag: str, word: str, other: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([flag])
    said = capsys.readouterr().out
    assert (left.value.code, word in said, other in said) == (0, True, False)
