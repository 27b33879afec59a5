"""Data named as owner/name on the Hub: a small Hub on this machine gives it, in processes of their own, since
huggingface_hub reads its variables when it is imported."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from sources.command.errors import MissingFileError
from sources.fetch.data_files import find_data, is_data, name_data, named_on_hub
from sources.fetch.hub_data import HubId, hub_id
from tests.forking import ROOT, Forking
from tests.sources.hub_state import Blob
from tests.sources.loopback_hub import Fault, LoopbackHub, loopback_hub

REPOSITORY = "owner/my-prefs"
SECRET = "hf_" + "s3cret" * 6


def lines(*rows: tuple[str, str, str]) -> bytes:
    sides = ("prompt", "chosen", "rejected")
    return b"".join(json.dumps(dict(zip(sides, row, strict=True)), ensure_ascii=False).encode() + b"\n" for row in rows)


TRAIN = lines(("夸夸这只猫。", "它的尾巴真漂亮。", "猫就是猫。"), ("夸夸这条狗。", "它跑得真快。", ""))
TEST = lines(("夸夸这只猫。", "它的眼睛真亮。", "没什么好夸的。"))
FILES = {
    "README.md": b"# mine",
    "config/model.safetensors": b"0",
    "data/train.jsonl": TRAIN,
    "data/test.jsonl": TEST,
}


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    """A Hub that holds the repository with FILES."""
    with loopback_hub() as server:
        hold(server, FILES)
        yield server


def hold(hub: LoopbackHub, files: dict[str, bytes], *, private: bool = False) -> str:
    """The commit of a repository that holds these files and nothing else."""
    hub.state.repos.pop(REPOSITORY, None)
    repository = hub.state.create(REPOSITORY, private)
    return repository.add("data", {path: Blob(content, is_large=False) for path, content in files.items()})


def refuse(hub: LoopbackHub, status: int) -> None:
    """Answer nothing but this status, with a secret in the message."""
    headers = {"X-Error-Message": f"not for {SECRET}"}
    headers |= {"X-Error-Code": "RepoNotFound"} if status in (401, 404) else {}
    hub.play(*(Fault(method, "/", status=status, times=1000, headers=headers) for method in ("GET", "HEAD")))


def fetched(hub: LoopbackHub) -> list[str]:
    """The names of the files of which the content was asked for."""
    return sorted(path.rpartition("/")[2] for method, path, _ in hub.log if method == "GET" and "/resolve/" in path)


Run = Callable[..., "CompletedProcess[str]"]


@pytest.fixture
def command(hub: LoopbackHub, forking: Forking, tmp_path: Path) -> Run:
    """Run a command in a new process whose Hub is the server, in an empty folder."""

    def run(module: str, *flags: str, **variables: str) -> "CompletedProcess[str]":
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HOME": str(tmp_path / "home"),
            "HF_HOME": str(tmp_path / "hf"),
            "HF_ENDPOINT": hub.url,
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_XET": "1",
            **variables,
        }
        program = f"import sys, time; time.sleep = lambda s: None; from {module} import main; sys.exit(main())"
        (tmp_path / "here").mkdir(exist_ok=True)
        return forking.run(module, *flags, program=program, env=environment, cwd=tmp_path / "here")

    return run


def lint(command: Run, *flags: str, **variables: str) -> dict[str, Any]:
    done = command("builders.lint_prefs", *flags, "--json", **variables)
    assert done.stderr == ""
    said: dict[str, Any] = json.loads(done.stdout)
    return said


# Which names are meant for the Hub


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("owner/name", HubId("owner/name")),
        ("H4/ultra_feedback@refs/convert/parquet", HubId("H4/ultra_feedback", "refs/convert/parquet")),
        ("a-b/c.d@v1.0", HubId("a-b/c.d", "v1.0")),
        ("name", None),
        ("a/b/c", None),
        ("/a/b", None),
        ("./a/b", None),
        ("../b", None),
        ("a/b@", None),
        ("a/b c", None),
        ("a/-b\n", None),
    ],
)  # fmt: skip
def test_owner_and_name_are_a_hub_id(given: str, expected: HubId | None) -> None:
    assert hub_id(given) == expected
    if expected is not None:
        assert str(expected) == given


def test_what_is_here_or_looks_like_a_file_is_not_looked_for_on_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a/b").mkdir(parents=True)
    assert named_on_hub(Path("a/b")) is None
    assert named_on_hub(Path("a/c")) == HubId("a/c")
    for name in ("a/c.jsonl", "a/c.csv.gz", "a/c.parquet"):
        assert named_on_hub(Path(name)) is None
        with pytest.raises(MissingFileError, match="no such file or folder"):
            find_data(Path(name), "PATH")


@pytest.mark.parametrize(
    ("given", "name"),
    [("x/prefs.v2.jsonl", "prefs"), ("owner/name.v2@main", "name.v2"), ("data.json.gz", "data")],
)
def test_data_is_called_after_its_file_or_its_repository(given: str, name: str) -> None:
    assert name_data(Path(given)) == name


def test_data_files_are_told_by_their_endings() -> None:
    good = ["a.json", "x/a.jsonl", "a.csv", "a.tsv", "a.parquet", "a.json.gz", "a.jsonl.xz"]
    bad = ["a.txt", "a.gz", "x/manifest.json", ".a.json", ".x/y/z/a.json", "dropped.parquet", "a.json.bak", "json"]
    assert [name for name in [*good, *bad] if is_data(name)] == good


# lint-prefs


def test_a_dataset_of_the_hub_is_linted_like_a_folder(command: Run, hub: LoopbackHub) -> None:
    said = lint(command, REPOSITORY)
    assert [file["file"] for file in said["files"]] == ["data/test.jsonl", "data/train.jsonl"]
    assert said["pairs_by_split"] == {"test": 1, "train": 2}
    assert {found["rule"] for found in said["findings"]} == {"empty_side", "split_leak"}
    assert fetched(hub) == ["test.jsonl", "train.jsonl"]


def test_a_revision_can_be_named(command: Run, hub: LoopbackHub) -> None:
    repository = hub.state.repos[REPOSITORY]
    now, old_csv = repository.files, Blob(b"prompt,chosen,rejected\nWhy?,Because.,No.\n", is_large=False)
    old = repository.tags["v1.0"] = repository.add("old", {"prefs.csv": old_csv})
    repository.add("now", now)
    for revision in ("v1.0", old):
        assert [file["file"] for file in lint(command, f"{REPOSITORY}@{revision}")["files"]] == ["prefs.csv"]


def test_offline_what_was_fetched_before_is_read(command: Run, hub: LoopbackHub) -> None:
    before = lint(command, REPOSITORY)
    hub.log.clear()
    after = lint(command, REPOSITORY, HF_HUB_OFFLINE="1")
    assert {**after, "seconds": 0} == {**before, "seconds": 0}
    assert hub.log == []


def test_the_token_is_sent_and_never_shown(command: Run, hub: LoopbackHub) -> None:
    hold(hub, FILES, private=True)
    hub.state.tokens[SECRET] = {"name": "owner", "role": "read"}
    assert lint(command, REPOSITORY, HF_TOKEN=SECRET)["pairs"] == 3
    refuse(hub, 401)
    done = command("builders.lint_prefs", f"{REPOSITORY}@v2", HF_TOKEN=SECRET)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "s3cret" not in done.stderr


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_what_the_hub_does_not_give_is_one_line(status: int, command: Run, hub: LoopbackHub) -> None:
    refuse(hub, status)
    done = command("builders.lint_prefs", REPOSITORY)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        f"lint-prefs: PATH {REPOSITORY}: no such file or folder, and the Hugging Face Hub returned no such dataset ("
    )
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("variables", [{"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:1"}])
def test_no_hub_at_all_is_one_line(variables: dict[str, str], command: Run, hub: LoopbackHub) -> None:
    done = command("builders.lint_prefs", REPOSITORY, **variables)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert (
        f"PATH {REPOSITORY}: no such file or folder, and the Hugging Face Hub returned no such dataset" in done.stderr
    )
    assert hub.log == []


def test_a_dataset_without_data_files_is_one_line(command: Run, hub: LoopbackHub) -> None:
    hold(hub, {"README.md": b"# none"})
    done = command("builders.lint_prefs", REPOSITORY)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "no data file below it; expected .json" in done.stderr


# build-prefs --add


def test_a_dataset_of_the_hub_is_added_with_its_revision(command: Run, hub: LoopbackHub, tmp_path: Path) -> None:
    commit = hub.state.repos[REPOSITORY].head
    flags = ["--lang", "zh", "--sample", "--only", "huozi", "--workers", "1", "--json", "--out", "out"]
    done = command("builders.build_prefs", *flags, "--add", f"{REPOSITORY}:trl-standard", "--add-licence", "MIT")
    assert (done.returncode, done.stderr) == (0, "")
    (built,) = json.loads(done.stdout)["built"]
    mine = next(source for source in built["sources"] if source["source"] == "my-prefs_zh")
    assert (mine["rows_read"], mine["pairs_made"]) == (3, 3)
    manifest = json.loads((tmp_path / "here/out/zh/manifest.json").read_text(encoding="utf-8"))
    added = [file for file in manifest["inputs"] if file["source"] == "my-prefs_zh"]
    assert [(file["file"], file["revision"]) for file in added] == [
        (f"{REPOSITORY}/data/test.jsonl", commit),
        (f"{REPOSITORY}/data/train.jsonl", commit),
    ]
    assert added[1]["sha256"] == hashlib.sha256(TRAIN).hexdigest()


def test_a_dataset_that_cannot_be_had_is_not_added(command: Run, hub: LoopbackHub, tmp_path: Path) -> None:
    refuse(hub, 404)
    done = command(
        "builders.build_prefs", "--lang", "zh", "--sample", "--add", REPOSITORY, "--add-licence", "MIT", "--out", "out"
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(
        f"build-prefs: --add {REPOSITORY}: no such file or folder, and the Hugging Face Hub returned no such dataset"
    )
    assert not (tmp_path / "here/out").exists()


ADD = ("--lang", "all", "--sample", "--add", REPOSITORY, "--add-licence", "MIT", "--dry-run")


def test_a_dry_run_lists_what_it_would_download_and_downloads_nothing(command: Run, hub: LoopbackHub) -> None:
    done = command("builders.build_prefs", *ADD, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    mine = [file for file in json.loads(done.stdout)["files"] if file["license"] == "MIT"]
    assert [(file["source"], file["file"], file["bytes"], file["where"]) for file in mine] == [
        (f"my-prefs_{lang}", f"{REPOSITORY}/data/{name}", size, "download")
        for lang in ("zh", "en")
        for name, size in (("test.jsonl", len(TEST)), ("train.jsonl", len(TRAIN)))
    ]
    assert fetched(hub) == []
    assert "2 to download" in command("builders.build_prefs", *ADD).stdout


def test_a_dry_run_offline_tells_what_was_fetched_before(command: Run, hub: LoopbackHub) -> None:
    lint(command, REPOSITORY)
    done = command("builders.build_prefs", *ADD, "--json", HF_HUB_OFFLINE="1")
    mine = [file for file in json.loads(done.stdout)["files"] if file["license"] == "MIT"]
    assert {file["where"] for file in mine} == {"given"}


def test_a_dry_run_refuses_what_a_build_would_refuse(command: Run, hub: LoopbackHub) -> None:
    done = command("builders.build_prefs", *ADD, "--add", f"{REPOSITORY}:trll", "--add-licence", "MIT")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "--add: no layout is called trll" in done.stderr
    refuse(hub, 404)
    done = command("builders.build_prefs", *ADD)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(
        f"build-prefs: --add {REPOSITORY}: no such file or folder, and the Hugging Face Hub returned no such dataset"
    )
