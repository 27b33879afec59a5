"""The command as people call it: what it prints, what it writes, and what it says when it cannot."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from train.evaluate import main

SIX = "cvalues,cvalues_loglikelihood,cmmlu,copa,hellaswag,triviaqa"


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, models: tuple[str, str]) -> Path:
    """The folder of a run of both models on the sample."""
    out = tmp_path_factory.mktemp("run") / "out"
    before, after = models
    assert (
        main(["--model", after, "--before", before, "--sample", "--limit", "2", "--tasks", SIX, "--out", str(out)]) == 0
    )
    return out


def copa(model: str, mirror: Path, out: Path, *more: str) -> int:
    return main(["--model", model, "--tasks", "copa", "--mirror", str(mirror), "--out", str(out), *more])


def test_the_results_are_whole(done: Path, models: tuple[str, str]) -> None:
    assert sorted(path.name for path in done.iterdir()) == [
        "questions.jsonl",
        "results.json",
        "scores.png",
        "scores.svg",
    ]
    results = json.loads((done / "results.json").read_text(encoding="utf-8"))
    assert [task["task"] for task in results["tasks"]] == SIX.split(",")
    assert results["models"]["after"]["model"] == models[1]
    assert results["versions"]["lm_eval"].startswith("0.4.")
    assert results["settings"]["limit"] == 2
    for task in results["tasks"]:
        assert task["questions"] == (4 if task["task"] == "cmmlu" else 2)
        assert task["files"]
        assert all(len(file["sha256"]) == 64 for file in task["files"])
        assert task["version"] in ("1.0", "3.0")
        change = task["after"]["value"] - task["before"]["value"]
        assert task["difference"]["value"] == pytest.approx(change)
    assert "a variant, not the official score" in results["tasks"][1]["note"]
    assert sum(results["tasks"][0]["after"]["readings"].values()) == 2


def test_every_answer_is_kept(done: Path) -> None:
    lines = [json.loads(line) for line in (done / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(lines) == 14
    assert set(lines[0]) == {"task", "question", "before", "after"}


def test_nothing_else_is_left_behind(done: Path) -> None:
    assert [path.name for path in done.parent.iterdir()] == ["out"]


def test_the_pictures_are_pictures(done: Path) -> None:
    assert (done / "scores.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (done / "scores.svg").read_text(encoding="utf-8")


def test_the_table_shows_one_model(
    mirror: Path, tmp_path: Path, models: tuple[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert copa(models[1], mirror, tmp_path / "out") == 0
    shown = capfd.readouterr()
    assert "copa        acc              3" in shown.out
    assert "±" in shown.out
    assert "difference" not in shown.out
    assert shown.err == ""


def test_the_same_model_has_no_difference(
    mirror: Path, tmp_path: Path, models: tuple[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert copa(models[1], mirror, tmp_path / "out", "--before", models[1], "--json") == 0
    results = json.loads(capfd.readouterr().out)
    assert results == json.loads((tmp_path / "out/results.json").read_text(encoding="utf-8"))
    difference = results["tasks"][0]["difference"]
    assert (difference["value"], difference["improved"], difference["verdict"]) == (0.0, 0, "unclear")


def test_a_second_run_takes_the_place_of_the_first_and_is_equal(
    mirror: Path, tmp_path: Path, models: tuple[str, str]
) -> None:
    out = tmp_path / "out"
    assert copa(models[1], mirror, out) == 0
    first = {path.name: path.read_bytes() for path in out.iterdir()}
    assert copa(models[1], mirror, out) == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == first


def test_a_chat_template_is_applied(mirror: Path, tmp_path: Path, models: tuple[str, str]) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(models[1])
    tokenizer.chat_template = "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}<assistant>"
    tokenizer.save_pretrained(tmp_path / "chat")
    AutoModelForCausalLM.from_pretrained(models[1]).save_pretrained(tmp_path / "chat")
    assert copa(str(tmp_path / "chat"), mirror, tmp_path / "out", "--apply-chat-template") == 0
    assert json.loads((tmp_path / "out/results.json").read_text())["settings"]["apply_chat_template"] is True


def failing(capfd: pytest.CaptureFixture[str], status: int, *arguments: str) -> str:
    """The one line on stderr of a run that ends with this status."""
    assert main(list(arguments)) == status
    shown = capfd.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert shown.err.startswith("train.evaluate: ")
    return shown.err


def test_an_unknown_benchmark_is_wrong_usage(capfd: pytest.CaptureFixture[str]) -> None:
    said = failing(capfd, 2, "--model", "x/y", "--tasks", "copa,mmlu")
    assert "no benchmark 'mmlu'; expected cvalues, cvalues_loglikelihood, cmmlu" in said


def test_missing_files_are_all_said_before_a_model_is_loaded(
    tmp_path: Path, models: tuple[str, str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("a model was loaded")

    monkeypatch.setattr("train.evaluation.ask.load_model", never)
    out = tmp_path / "out"
    said = failing(capfd, 1, "--model", models[1], "--mirror", str(tmp_path), "--out", str(out))
    for name in ("cvalues", "cmmlu", "copa", "hellaswag", "triviaqa"):
        assert f"{name} needs " in said
    assert not out.exists()
    assert not list(tmp_path.glob(".out*"))


def test_a_bad_row_stops_the_run(
    mirror: Path,
    tmp_path: Path,
    models: tuple[str, str],
    capfd: pytest.CaptureFixture[str],
    write: Callable[[str, Any], Path],
) -> None:
    write("copa/val.jsonl", [{"premise": "x", "label": 0}])
    said = failing(
        capfd, 1, "--model", models[1], "--tasks", "copa", "--mirror", str(mirror), "--out", str(tmp_path / "o")
    )
    assert "copa/val.jsonl: row 0: no column choice1" in said
    assert not (tmp_path / "o").exists()


def test_no_model_is_one_line(mirror: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    said = failing(capfd, 1, "--model", str(mirror), "--mirror", str(mirror), "--out", str(tmp_path / "o"))
    assert "is no model folder: it holds X-PLUG, copa, haonan-li, " in said


def test_a_folder_with_something_else_is_not_replaced(
    mirror: Path, tmp_path: Path, models: tuple[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.txt").write_text("dear")
    arguments = ["--model", models[1], "--tasks", "copa", "--mirror", str(mirror), "--out", str(tmp_path / "out")]
    assert "holds no results.json" in failing(capfd, 1, *arguments)
    assert (tmp_path / "out/thesis.txt").read_text() == "dear"


def test_a_failure_leaves_the_earlier_results(
    mirror: Path,
    tmp_path: Path,
    models: tuple[str, str],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "out"
    assert copa(models[1], mirror, out) == 0
    first = (out / "results.json").read_bytes()
    capfd.readouterr()

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("train.evaluation.plot.draw", stop)
    assert copa(models[1], mirror, out) == 130
    assert "interrupted; nothing was written" in capfd.readouterr().err
    assert (out / "results.json").read_bytes() == first
    assert not list(tmp_path.glob(".out*"))


def test_a_missing_package_is_named(
    mirror: Path, models: tuple[str, str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sources.command.extras.find_spec", lambda name: None)
    said = failing(capfd, 2, "--model", models[1], "--tasks", "copa", "--mirror", str(mirror))
    assert "package lm_eval: not installed. Run: pip install" in said
    assert "[evaluate]'" in said


def test_several_processes_are_refused(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert "runs in one process" in failing(capfd, 2, "--model", "x/y")


@pytest.mark.parametrize(
    "wrong", [["--num-fewshot", "-1"], ["--batch-size", "0"], ["--limit", "0"], ["--dtype", "int8"], ["--seed", "-1"]]
)
def test_wrong_numbers_are_wrong_usage(wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["--model", "x/y", *wrong])
    assert raised.value.code == 2


def test_help_needs_no_heavy_package() -> None:
    import subprocess
    import sys

    code = "import sys, train.evaluate as e\ntry: e.parse(['--help'])\nexcept SystemExit: pass\n"
    code += (
        "print('LOADED', [m for m in ('torch', 'lm_eval', 'transformers', 'matplotlib', 'rich') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "LOADED []" in shown
    assert "--apply-chat-template" in shown
