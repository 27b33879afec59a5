"""publish-prefs against a Hub on loopback: what it holds afterwards, and what comes back from it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pytest
import yaml
from huggingface_hub import DatasetCard

from builders.build_prefs import main as build_prefs
from tests.builders.publishing.conftest import OLD_HTTPX, TOKEN, Done
from tests.forking import Forking
from tests.sources.loopback_hub import Fault, LoopbackHub

Publish = Callable[..., Done]
pytestmark = pytest.mark.filterwarnings(OLD_HTTPX)


def test_a_dry_run_shows_what_would_be_sent_and_sends_nothing(hub: LoopbackHub, built: Path, publish: Publish) -> None:
    done = publish(built, "--repo", "me/x", "--dry-run")
    assert done.status == 0
    assert "+ zh/data/train-00000-of-00001.parquet" in done.out
    assert "217 pairs would be published in one commit: 12 files to send, " in done.out
    assert "the repository would be made first, private" in done.out
    assert not hub.state.repos
    assert {method for method, _, _ in hub.log} <= {"GET", "HEAD"}


def test_both_languages_go_up_in_one_commit_and_come_back_the_same(
    hub: LoopbackHub, built: Path, publish: Publish, tmp_path: Path
) -> None:
    done = publish(built, "--repo", "me/x")
    assert (done.status, done.err.count("\n")) == (0, 2), done.err
    assert "loaded back: rows, contents and file hashes are those of the manifest" in done.out
    repo = hub.state.repos["me/x"]
    assert repo.private
    assert [message for _, message, _ in repo.commits] == [
        "initial commit",
        "Publish ct-llm (zh, en), built by build-prefs 0.1.0",
    ]
    assert set(repo.files) == {
        ".gitattributes",
        "LICENSE.md",
        "README.md",
        "publish-prefs.json",
        *(f"{lang}/{name}" for lang in ("zh", "en") for name in ("dropped.parquet", "manifest.json", "report.html")),
        "zh/data/train-00000-of-00001.parquet",
        "zh/data/test-00000-of-00001.parquet",
        "en/data/train-00000-of-00001.parquet",
    }
    for path, blob in repo.files.items():
        if path.startswith(("zh/", "en/")):
            assert blob.content == (built / path).read_bytes()


def test_nothing_changed_means_nothing_committed(
    hub: LoopbackHub, built: Path, publish: Publish, trusting: None
) -> None:
    assert publish(built, "--repo", "me/x").status == 0
    again = publish(built, "--repo", "me/x")
    assert (again.status, again.err) == (0, "")
    assert again.out.startswith("nothing has changed; nothing was committed\n")
    assert len(hub.state.repos["me/x"].commits) == 2
    assert hub.count("POST", "/commit/") == 1


def test_a_changed_build_replaces_what_changed_and_removes_what_is_gone(
    hub: LoopbackHub, built: Path, publish: Publish, trusting: None, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(built, "--repo", "me/x")
    arguments = ["--lang", "all", "--sample", "--limit", "5", "--out", str(built)]
    assert build_prefs(arguments) == 0
    capsys.readouterr()
    done = publish(built, "--repo", "me/x", "--json")
    told = json.loads(done.out)
    assert "zh/data/train-00000-of-00001.parquet" in told["added"]
    assert told["removed"] == ["zh/data/test-00000-of-00001.parquet"]
    files = hub.state.repos["me/x"].files
    assert files["zh/manifest.json"].content == (built / "zh" / "manifest.json").read_bytes()
    assert "zh/data/test-00000-of-00001.parquet" not in files


def test_one_language_has_its_folder_and_config_too(hub: LoopbackHub, built: Path, publish: Publish) -> None:
    assert publish(built / "en", "--repo", "lab/x").status == 0
    card = DatasetCard(hub.state.repos["lab/x"].files["README.md"].content.decode())
    assert [config["config_name"] for config in card.data.to_dict()["configs"]] == ["en"]
    assert 'load_dataset("lab/x", "en")' in card.text


def test_the_repository_becomes_public_only_after_it_came_back(
    hub: LoopbackHub, built: Path, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(
        "builders.publishing.publish.check_back", lambda *given: seen.append(hub.state.repos["me/x"].private)
    )
    done = publish(built, "--repo", "me/x", "--public")
    assert done.status == 0
    assert seen == [True]
    assert not hub.state.repos["me/x"].private
    assert "made public" in done.out
    refused = publish(built, "--repo", "me/x")
    assert refused.status == 1
    assert "me/x: is public. Give --public" in refused.err


def test_a_file_that_comes_back_different_is_told(
    hub: LoopbackHub, built: Path, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil() -> None:
        path, other = "en/data/train-00000-of-00001.parquet", "zh/data/test-00000-of-00001.parquet"
        files = hub.state.repos["me/x"].files
        files[path] = files[other]

    hub.play(Fault("GET", "/resolve/", status=0, before=spoil))
    done = publish(built, "--repo", "me/x")
    assert done.status == 1
    commit = hub.state.repos["me/x"].head
    assert f"was published as commit {commit}, but comes back different: en train has 1 rows" in done.err
    assert "The commit stays, and the repository as private as it was" in done.err
    assert "en/data/train-00000-of-00001.parquet has another SHA-256" in done.err


def test_building_with_push_to_hub_does_the_same(
    hub: LoopbackHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--lang", "zh", "--sample", "--out", str(tmp_path / "out"), "--push-to-hub", "me/x"]
    assert build_prefs(arguments) == 0
    assert "171 pairs published in one commit" in capsys.readouterr().out
    assert hub.state.repos["me/x"].private
    assert build_prefs([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["published"]["commit"] is None


def test_a_dry_run_with_push_to_hub_asks_the_hub_and_changes_nothing(
    hub: LoopbackHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--lang", "zh", "--sample", "--out", str(tmp_path / "out"), "--dry-run"]
    assert build_prefs([*arguments, "--push-to-hub", "me/x"]) == 0
    assert "It would be published as me/x, private" in capsys.readouterr().out
    assert not hub.state.repos
    hub.state.tokens[TOKEN]["role"] = "read"
    assert build_prefs([*arguments, "--push-to-hub", "me/x"]) == 1
    assert build_prefs([*arguments, "--public"]) == 2


def test_push_to_hub_is_refused_before_anything_is_built(
    hub: LoopbackHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.state.tokens[TOKEN]["role"] = "read"
    arguments = ["--lang", "zh", "--sample", "--out", str(tmp_path / "out"), "--push-to-hub", "me/x"]
    assert build_prefs(arguments) == 1
    assert "may only read" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert build_prefs(["--lang", "zh", "--sample", "--public"]) == 2
    assert build_prefs(["--lang", "zh", "--sample", "--push-to-hub", "no name"]) == 2


def test_the_environment_is_honoured_by_a_process_of_its_own(
    hub: LoopbackHub, built: Path, tmp_path: Path, forking: Forking
) -> None:
    """HF_ENDPOINT, and the token of `hf auth login` in HF_HOME, as they are read when a process starts."""
    import os

    home = tmp_path / "home"
    home.mkdir()
    (home / "token").write_text(TOKEN)
    environment = {name: value for name, value in os.environ.items() if name != "HF_TOKEN"} | {"HF_HOME": str(home)}
    done = forking.run("builders.publish_prefs", built / "en", "--repo", "me/x", env=environment)
    assert (done.returncode, done.stdout.splitlines()[1][:11]) == (0, "loaded back"), done.stderr
    assert {path.name for path in home.iterdir()} <= {"token", "hub", "xet", "assets", ".agent_harnesses.json"}


def test_a_proxy_is_used(hub: LoopbackHub, built: Path, monkeypatch: pytest.MonkeyPatch, publish: Publish) -> None:
    """The loopback Hub plays the proxy: it is asked for the whole URL of another host."""
    from huggingface_hub import close_session, constants

    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("HTTP_PROXY", hub.url)
    monkeypatch.setattr(constants, "ENDPOINT", "http://hub.example")
    close_session()
    done = publish(built, "--repo", "me/x", "--dry-run")
    assert any(path.startswith("http://hub.example/api/whoami-v2") for _, path, _ in hub.log)
    assert done.status == 0, done.err


def test_the_published_card_is_one_that_the_hub_takes(
    hub: LoopbackHub, built: Path, publish: Publish, trusting: None
) -> None:
    assert publish(built, "--repo", "me/x").status == 0
    assert hub.count("POST", "/api/validate-yaml") == 1
    header: dict[str, Any] = yaml.safe_load(
        hub.state.repos["me/x"].files["README.md"].content.decode().split("---\n")[1]
    )
    assert header["license_link"] == "LICENSE.md"
    assert {config["config_name"] for config in header["configs"]} == {"zh", "en"}


def test_what_is_downloaded_is_a_build_again(
    hub: LoopbackHub, built: Path, publish: Publish, trusting: None, tmp_path: Path
) -> None:
    """As the card says: `hf download --local-dir prefs`, and train on prefs/zh."""
    from huggingface_hub import snapshot_download

    publish(built, "--repo", "me/x")
    snapshot_download("me/x", repo_type="dataset", local_dir=tmp_path / "down", endpoint=hub.url, token=TOKEN)
    shutil.rmtree(tmp_path / "down" / ".cache")
    loaded = datasets.load_dataset(str(tmp_path / "down"), "zh", cache_dir=str(tmp_path / "cache"))
    assert {split: rows.num_rows for split, rows in loaded.items()} == {"train": 170, "test": 1}
    assert publish(tmp_path / "down", "--repo", "me/x").out.startswith("nothing has changed")


def test_what_is_published_can_be_linted_by_its_name(
    hub: LoopbackHub, built: Path, publish: Publish, trusting: None, capsys: pytest.CaptureFixture[str]
) -> None:
    from builders.lint_prefs import main as lint_prefs

    assert publish(built, "--repo", "me/x").status == 0
    assert lint_prefs(["me/x", "--json", "--workers", "1", "--fail-on", "error"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["pairs"], said["pairs_by_split"]) == (217, {"train": 216, "test": 1})
    assert {file["layout"] for file in said["files"]} == {"trl"}


def test_what_cannot_be_loaded_back_names_its_commit(
    hub: LoopbackHub, built: Path, publish: Publish, waited: list[float]
) -> None:
    def lose() -> None:
        del hub.state.repos["me/x"].files["en/data/train-00000-of-00001.parquet"]

    hub.play(Fault("GET", "/revision/", status=0, before=lose))
    done = publish(built / "en", "--repo", "me/x", "--public")
    assert done.status == 1
    repo = hub.state.repos["me/x"]
    assert f"was published as commit {repo.head}, but cannot be loaded back (" in done.err
    assert repo.private
