"""Files from the Hub, in a process of their own; the Hub is a server on 127.0.0.1."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from sources.command.errors import DownloadError, FetchError, HashMismatchError, MissingFileError
from sources.fetch.download import Download
from sources.pairs.source import UpstreamFile
from tests.forking import Forking
from tests.sources.fetch.pinned import COMMIT, CONTENT, GITHUB_FILE, HUB_FILE, SECRET
from tests.sources.fetch.site import Answer, Site

HUB_CASE = """
import json, sys, time
from dataclasses import replace
from pathlib import Path
waits = []
time.sleep = waits.append
from sources.command.errors import FetchError
from sources.fetch.download import Download
from sources.pairs.source import UpstreamFile
download, file = Download(Path(sys.argv[1])), UpstreamFile(**json.loads(sys.argv[2]))
try:
    described = [download.describe(file)]
    located = download.locate(file)
    described.append(download.describe(replace(file, revision=located.revision)))
    print(json.dumps([str(located.path), located.revision, described, *waits]))
except FetchError as error:
    print(json.dumps([type(error).__name__, str(error)]))
"""
TWICE_CASE = """
import json, sys, time
from dataclasses import replace
from pathlib import Path
waits = []
time.sleep = waits.append
from sources.command.errors import FetchError
from sources.fetch.download import Download
from sources.pairs.source import UpstreamFile
download, file = Download(Path(sys.argv[1])), UpstreamFile(**json.loads(sys.argv[2]))
waited = []
for path in ("a.json", "b.json"):
    before = len(waits)
    try:
        download.locate(replace(file, path=path))
    except FetchError as error:
        waited.append(len(waits) - before)
        last = error
print(json.dumps([type(last).__name__, str(last), *waited]))
"""
"""Two files of a Hub, one after the other: the error of the second, and how often was waited for each."""
Case = Callable[..., list[Any]]


@pytest.fixture
def ask_hub(tmp_path: Path, site: Site, forking: Forking) -> Case:
    """What Download makes of a Hub file in a new process whose Hub is the site: the error, or the place."""

    def run(file: UpstreamFile = HUB_FILE, script: str = HUB_CASE, **variables: str) -> list[Any]:
        settings = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path / "home"),
            "HF_HOME": str(tmp_path / "hf"),
            "HF_HUB_CACHE": str(tmp_path / "hub"),
            "HF_ENDPOINT": site.url,
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            **variables,
        }
        spelled = json.dumps({name: getattr(file, name) for name in UpstreamFile.__dataclass_fields__})
        done = forking.run("sources.fetch.download", tmp_path / "cache", spelled, program=script, env=settings)
        assert done.returncode == 0, done.stderr
        answer: list[Any] = json.loads(done.stdout)
        return answer

    return run


def hub_answers(file: UpstreamFile, commit: str = COMMIT) -> dict[str, Answer]:
    headers = {"X-Repo-Commit": commit, "ETag": '"abc"'}
    return {f"/datasets/{file.repository}/resolve/{commit}/{file.path}": Answer(200, CONTENT, headers=headers)}


def test_a_file_from_the_hub_comes_at_its_commit_and_is_kept(site: Site, ask_hub: Case, tmp_path: Path) -> None:
    site.answers |= hub_answers(HUB_FILE)
    path, revision, described = ask_hub()
    assert Path(path).read_bytes() == CONTENT
    assert Path(path).is_relative_to(tmp_path / "hub")
    assert (revision, described) == (COMMIT, ["download", "cached"])
    site.answers.clear()
    assert ask_hub(HF_HUB_OFFLINE="1") == [path, COMMIT, ["cached", "cached"]]


def test_a_short_revision_of_the_hub_is_made_whole(site: Site, ask_hub: Case) -> None:
    commits = [
        {"id": commit, "authors": [], "date": "2024-01-01T00:00:00.000Z", "title": "", "message": ""}
        for commit in ("f" * 40, COMMIT)
    ]
    site.answers |= hub_answers(HUB_FILE)
    site.answers["/api/datasets/owner/repo/commits/main"] = Answer(200, json.dumps(commits).encode())
    path, revision, _ = ask_hub(replace(HUB_FILE, revision=COMMIT[:12]))
    assert Path(path).read_bytes() == CONTENT
    assert revision == COMMIT


@pytest.mark.parametrize("date", [False, True])
def test_a_busy_hub_is_asked_again_when_it_says(site: Site, ask_hub: Case, date: bool) -> None:
    ((path, answer),) = hub_answers(HUB_FILE).items()
    asked = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True) if date else "90"
    busy = Answer(429, headers={"Retry-After": asked}, then=answer)
    site.answers[path] = replace(busy, then=busy)  # huggingface_hub begins with a try after which it does not wait
    _, revision, _, waited = ask_hub()
    assert revision == COMMIT
    assert 60 < waited < 92


def test_a_hub_that_asks_for_too_long_a_wait_is_not_waited_for(site: Site, ask_hub: Case) -> None:
    ((path, _),) = hub_answers(HUB_FILE).items()
    site.answers[path] = Answer(429, headers={"Retry-After": "86400"})
    kind, message = ask_hub()
    assert kind == "DownloadError"
    assert "Try again in 86,400 s, as it asks" in message
    assert len(site.seen) == 2


def test_other_bytes_from_the_hub_than_the_pinned_ones_are_an_error(site: Site, ask_hub: Case) -> None:
    site.answers |= hub_answers(HUB_FILE)
    kind, message = ask_hub(replace(HUB_FILE, sha256="0" * 64))
    assert kind == "HashMismatchError"
    assert f"SHA-256 is {GITHUB_FILE.sha256}; expected {'0' * 64}" in message


@pytest.mark.parametrize("status", [401, 404, 500])
@pytest.mark.parametrize("revision", [COMMIT, COMMIT[:12]], ids=["full", "short"])
def test_a_refusal_of_the_hub_is_an_error_without_the_token(
    site: Site, ask_hub: Case, tmp_path: Path, status: int, revision: str
) -> None:
    refusal = Answer(status, b"no", headers={"X-Error-Message": f"the token {SECRET} is not good"})
    site.answers[f"/datasets/owner/repo/resolve/{revision}/data/a.json"] = refusal
    site.answers["/api/datasets/owner/repo/commits/main"] = refusal
    kind, message = ask_hub(replace(HUB_FILE, revision=revision), HF_TOKEN=SECRET)
    assert kind == "DownloadError"
    assert message.startswith("owner/repo/data/a.json: cannot be downloaded from the Hugging Face Hub (")
    assert "set HF_ENDPOINT to a mirror site, or give the files with --mirror." in message
    assert "s3cret" not in message
    assert not [path for path in (tmp_path / "hub").rglob("*.json") if path.is_file()]


def test_offline_a_hub_file_that_is_not_cached_is_an_error(site: Site, ask_hub: Case) -> None:
    kind, message = ask_hub(HF_HUB_OFFLINE="1")
    assert kind == "DownloadError"
    assert "Check the network or the proxy" in message
    assert site.seen == []


def test_no_hub_at_all_is_an_error(ask_hub: Case) -> None:
    for revision in (COMMIT, COMMIT[:12]):
        kind, _ = ask_hub(replace(HUB_FILE, revision=revision), HF_ENDPOINT="http://127.0.0.1:1")
        assert kind == "DownloadError"


def test_a_hub_that_cannot_be_reached_is_asked_once(ask_hub: Case) -> None:
    kind, message, asked, again = ask_hub(script=TWICE_CASE, HF_ENDPOINT="http://127.0.0.1:1")
    assert kind == "DownloadError"
    assert "it could not be reached a moment ago, and is not asked again" in message
    assert asked > again == 0


def test_github_that_cannot_be_reached_is_asked_once(
    tmp_path: Path, github: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    download = Download(tmp_path)
    with monkeypatch.context() as away:
        away.setenv("BUILD_PREFS_GITHUB_ENDPOINT", "http://127.0.0.1:1")
        with pytest.raises(DownloadError, match="ConnectError"):
            download.locate(GITHUB_FILE)
    with pytest.raises(DownloadError, match="is not asked again"):
        download.locate(GITHUB_FILE)
    assert github.seen == []


def test_every_way_a_file_cannot_be_had_is_a_fetch_error() -> None:
    assert all(issubclass(kind, FetchError) for kind in (MissingFileError, HashMismatchError, DownloadError))
