import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sources.command.errors import OutputBusyError, OutputError
from train.data.load_pairs import Origin
from train.run.run_folder import (
    LOCK,
    check_run_folder,
    describe_options,
    differences,
    open_run_folder,
    read_record,
    versions,
)

TOKEN = "hf_" + "a" * 34


@dataclass
class Options:
    learning_rate: float = 1e-6
    hub_token: str | None = TOKEN
    pad_token: str = "<pad>"
    report_to: list[str] = field(default_factory=lambda: ["tensorboard"])
    endpoint: str = "https://anna:geheim@hub.example/x?token=abc&page=2"
    loss_weights: float = float("nan")
    nested: dict[str, Any] = field(default_factory=lambda: {"api_key": "k" * 20, "max_new_tokens": 5})


def written(folder: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return record


def test_an_absent_or_empty_folder_is_made_a_run_at_once(tmp_path: Path) -> None:
    with open_run_folder(tmp_path / "new", resume=False) as run:
        assert written(run.path)["status"] == "preparing"
        run.note(status="training", data=[Origin("prefs/中文", "built", 10, 2, "ab" * 32)])
    record = written(tmp_path / "new")
    assert record["status"] == "training"
    assert record["data"] == [
        {"given": "prefs/中文", "kind": "built", "train": 10, "test": 2, "fingerprint": "ab" * 32}
    ]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [LOCK, "run.json"]


def test_a_folder_with_other_things_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(OutputError, match=r"no run of train.dpo \(thesis.tex\).*another --output_dir"):
        check_run_folder(tmp_path, resume=False)
    with pytest.raises(OutputError), open_run_folder(tmp_path, resume=True):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(OutputError, match="is no folder"):
        check_run_folder(tmp_path / "out", resume=False)


def test_a_run_json_of_somebody_else_makes_no_run_of_ours(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"name": "my run"}')
    with pytest.raises(OutputError, match=r"no run of train\.dpo"):
        check_run_folder(tmp_path, resume=False)


def test_a_run_that_only_prepared_can_simply_be_started_again(tmp_path: Path) -> None:
    with open_run_folder(tmp_path / "out", resume=False):
        (tmp_path / "out" / "tokens").mkdir()
    with open_run_folder(tmp_path / "out", resume=False) as run:
        assert run.before["status"] == "preparing"


def test_caches_alone_are_no_other_run(tmp_path: Path) -> None:
    (tmp_path / "tokens").mkdir()
    (tmp_path / "reference").mkdir()
    check_run_folder(tmp_path, resume=False)


def test_a_finished_run_is_not_overwritten(tmp_path: Path) -> None:
    with open_run_folder(tmp_path / "out", resume=False) as run:
        run.note(status="finished")
        (run.path / "model.safetensors").touch()
    with pytest.raises(OutputError, match=r"holds a run that is finished.*--resume"):
        check_run_folder(tmp_path / "out", resume=False)
    with open_run_folder(tmp_path / "out", resume=True) as run:
        assert run.before["status"] == "finished"
        assert run.record["first_started"] == run.before["first_started"]


def test_there_must_be_something_to_resume(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"no run to go on with. Leave out --resume"):
        check_run_folder(tmp_path / "out", resume=True)


def test_a_second_run_into_the_same_folder_is_told_who_writes_there(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from train.run.run_folder import open_run_folder\n"
        "with open_run_folder(Path(sys.argv[1]), resume=False): pass"
    )
    with open_run_folder(tmp_path / "out", resume=False):
        root = Path(__file__).parents[3]
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "out")], capture_output=True, text=True, cwd=root, check=False
        )
        assert f"OutputBusyError: {tmp_path / 'out'}: another run (process {os.getpid()})" in done.stderr or (
            "OutputBusyError" in done.stderr and str(os.getpid()) in done.stderr
        )
        with (
            pytest.raises(OutputBusyError, match="another --output_dir"),
            open_run_folder(tmp_path / "out", resume=False),
        ):
            pass


def test_secrets_are_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "0123456789abcdef")
    command = ["--hub_token", TOKEN, "--model", "m", "--api-key=xyz", "--data", "s3://u:p@host/x", "0123456789abcdef"]
    with open_run_folder(tmp_path / "out", resume=False) as run:
        run.note(options=describe_options(command, dpo=Options()), hub_token="short")
    text = (tmp_path / "out" / "run.json").read_text()
    for secret in (TOKEN, "geheim", "token=abc", "k" * 20, "xyz", "u:p@", "0123456789abcdef", "short"):
        assert secret not in text
    options = written(tmp_path / "out")["options"]
    assert options["command"] == [
        "--hub_token", "***", "--model", "m", "--api-key=***", "--data", "s3://***@host/x", "***",
    ]  # fmt: skip
    assert options["dpo"]["pad_token"] == "<pad>"
    assert options["dpo"]["loss_weights"] == "nan"
    assert options["dpo"]["nested"]["max_new_tokens"] == 5
    assert options["dpo"]["endpoint"].endswith("page=2")


def test_the_options_of_trl_can_all_be_written(tmp_path: Path) -> None:
    from trl import DPOConfig

    config = DPOConfig(output_dir=str(tmp_path), use_cpu=True, bf16=False, report_to=[])
    described = describe_options([], dpo=config)
    assert json.loads(json.dumps(described))["dpo"]["beta"] == 0.1


def test_a_record_that_cannot_be_written_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    with open_run_folder(tmp_path / "out", resume=False) as run:
        monkeypatch.setattr(Path, "write_text", full)
        with pytest.raises(OutputError, match="the disk is full"):
            run.note(status="finished")
    record = read_record(tmp_path / "out")
    assert record
    assert record["status"] == "preparing"


def test_what_makes_two_runs_different_is_told() -> None:
    before = {"data": [{"fingerprint": "a"}], "options": {"dpo": {"learning_rate": 1e-6, "logging_steps": 1}}}
    now = {"data": [{"fingerprint": "b"}], "options": {"dpo": {"learning_rate": 2e-6, "logging_steps": 5}}}
    told = differences(before, now)
    assert told == ['data: [{"fingerprint": "a"}], now [{"fingerprint": "b"}]', "learning_rate: 1e-06, now 2e-06"]
    assert differences(before, before) == []
    assert differences({}, now) == []


def test_versions_name_what_counts() -> None:
    assert {"python", "torch", "trl", "transformers"} <= versions().keys()
