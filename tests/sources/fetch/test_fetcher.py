"""Files from a mirror, from GitHub and from the Hub; the only network is a server on 127.0.0.1."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from sources import cvalues_rlhf
from sources.command.errors import DownloadError, FetchError, HashMismatchError, MissingFileError
from sources.fetch import download
from sources.fetch.download import WAITS_S, Download, cache_folder
from sources.fetch.fetcher import Mirror, file_sha256, sample
from sources.pairs.source import UpstreamFile
from tests.sources.fetch.site import Answer, Site

CONTENT = b'[{"a": "\xe4\xbd\xa0\xe5\xa5\xbd"}]'
COMMIT = "0123456789abcdef0123456789abcdef01234567"
GITHUB_FILE = UpstreamFile(
    host="github",
    repository="owner/repo",
    revision=COMMIT,
    path="data/a.json",
    sha256=hashlib.sha256(CONTENT).hexdigest(),
)
HUB_FILE = replace(GITHUB_FILE, host="hub")
GITHUB_URL = f"/owner/repo/{COMMIT}/data/a.json"
SECRET = "hf_" + "s3cret" * 6


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() or path.name.startswith(".part-")]


def put(folder: Path, content: bytes = CONTENT) -> Path:
    path = folder / GITHUB_FILE.mirror_path
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


# A mirror


def test_a_mirror_has_both_kinds_of_file_at_the_same_place(tmp_path: Path) -> None:
    path = put(tmp_path)
    for file in (GITHUB_FILE, HUB_FILE):
        located = Mirror(tmp_path).locate(file)
        assert (located.path, located.revision, located.file) == (path, "", file)
        assert Mirror(tmp_path).describe(file) == "mirror"


def test_a_mirror_that_is_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError) as caught:
        Mirror(tmp_path / "none")
    assert str(caught.value) == f"mirror: no folder {tmp_path}/none. Give an existing folder to --mirror."


def test_a_file_missing_in_a_mirror_is_an_error_that_says_what_is_there(tmp_path: Path) -> None:
    put(tmp_path)
    with pytest.raises(MissingFileError) as caught:
        Mirror(tmp_path).locate(replace(GITHUB_FILE, path="data/b.json"))
    assert str(caught.value) == (
        f"mirror {tmp_path}: no file owner/repo/data/b.json; expected the layout <owner>/<repository>/<path>. "
        f"{tmp_path}/owner/repo/data holds a.json."
    )
    assert Mirror(tmp_path).describe(replace(GITHUB_FILE, path="data/b.json")) == "missing"


def test_a_missing_folder_of_a_mirror_shows_the_nearest_one_above(tmp_path: Path) -> None:
    put(tmp_path)
    (tmp_path / "other").mkdir()
    with pytest.raises(MissingFileError, match=rf"{tmp_path} holds other/, owner/\."):
        Mirror(tmp_path).locate(replace(GITHUB_FILE, repository="none/repo"))
    with pytest.raises(MissingFileError, match=rf"{tmp_path}/owner holds repo/\."):
        Mirror(tmp_path).locate(replace(GITHUB_FILE, repository="owner/none"))


def test_an_empty_mirror_holds_nothing_and_a_full_one_shows_twelve_names(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"holds nothing\."):
        Mirror(tmp_path).locate(GITHUB_FILE)
    for number in range(20):
        (tmp_path / f"{number:02}").touch()
    with pytest.raises(MissingFileError, match=r"holds 00, .*, 11, …\."):
        Mirror(tmp_path).locate(GITHUB_FILE)


def test_a_folder_in_the_place_of_the_file_is_no_file(tmp_path: Path) -> None:
    (tmp_path / GITHUB_FILE.mirror_path).mkdir(parents=True)
    with pytest.raises(MissingFileError, match=r"holds a\.json/\."):
        Mirror(tmp_path).locate(GITHUB_FILE)


def test_a_part_of_a_file_may_stand_in_a_mirror_whatever_is_pinned(tmp_path: Path) -> None:
    put(tmp_path, b"[]")
    assert Mirror(tmp_path).locate(GITHUB_FILE).path.read_bytes() == b"[]"


def test_the_sample_is_a_mirror_that_knows_its_name(tmp_path: Path) -> None:
    assert sample().is_sample
    assert not Mirror(tmp_path).is_sample
    (file, *_) = cvalues_rlhf.files(cvalues_rlhf.Options())
    assert sample().describe(file) == "sample"
    assert sample().locate(file).path.is_file()


# GitHub


def test_a_file_from_github_comes_at_its_commit_and_is_kept(tmp_path: Path, github: Site) -> None:
    github.answers[GITHUB_URL] = Answer(200, CONTENT)
    download = Download(tmp_path)
    assert download.describe(GITHUB_FILE) == "download"
    first, second = download.locate(GITHUB_FILE), download.locate(GITHUB_FILE)
    assert first.path.read_bytes() == CONTENT
    assert (first.revision, second) == (COMMIT, first)
    assert github.seen == [f"GET {GITHUB_URL}"]
    assert download.describe(GITHUB_FILE) == "cached"


def test_the_cache_of_one_commit_is_itself_a_mirror(tmp_path: Path, github: Site) -> None:
    github.answers[GITHUB_URL] = Answer(200, CONTENT)
    located = Download(tmp_path).locate(GITHUB_FILE)
    assert Mirror(tmp_path / "github" / COMMIT).locate(GITHUB_FILE).path == located.path
    assert files_in(tmp_path) == [located.path]


def test_another_commit_of_the_same_file_is_another_file(tmp_path: Path, github: Site) -> None:
    other = replace(GITHUB_FILE, revision="f" * 40, sha256=None)
    github.answers[GITHUB_URL] = Answer(200, CONTENT)
    github.answers[GITHUB_URL.replace(COMMIT, "f" * 40)] = Answer(200, b"[]")
    download = Download(tmp_path)
    assert download.locate(GITHUB_FILE).path.read_bytes() == CONTENT
    assert download.locate(other).path.read_bytes() == b"[]"


def test_a_redirect_is_followed(tmp_path: Path, github: Site) -> None:
    github.answers[GITHUB_URL] = Answer(302, headers={"Location": "/moved"})
    github.answers["/moved"] = Answer(200, CONTENT)
    assert Download(tmp_path).locate(GITHUB_FILE).path.read_bytes() == CONTENT


def test_a_busy_server_is_asked_again_when_it_says(
    tmp_path: Path, github: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("sources.fetch.retry_after.time.sleep", waits.append)
    asked = Answer(429, headers={"Retry-After": "7"}, then=Answer(503, then=Answer(200, CONTENT)))
    github.answers[GITHUB_URL] = asked
    assert Download(tmp_path).locate(GITHUB_FILE).path.read_bytes() == CONTENT
    assert waits == [7.0, WAITS_S[1]]
    assert caplog.messages == [
        "GitHub is busy (429); trying again in 7 s",
        f"GitHub is busy (503); trying again in {WAITS_S[1]:g} s",
    ]


def test_a_server_that_asks_for_too_long_a_wait_is_not_waited_for(tmp_path: Path, github: Site) -> None:
    github.answers[GITHUB_URL] = Answer(429, headers={"Retry-After": "86400"})
    with pytest.raises(DownloadError, match=r"Try again in 86,400 s, as it asks, set BUILD_PREFS_GITHUB_ENDPOINT to"):
        Download(tmp_path).locate(GITHUB_FILE)
    assert len(github.seen) == 1


@pytest.mark.parametrize("status", [404, 403, 429, 500])
def test_a_refusal_of_github_is_an_error_and_leaves_nothing(
    tmp_path: Path, github: Site, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sources.fetch.download.WAITS_S", ())
    github.answers[GITHUB_URL] = Answer(status, b"<html>no</html>")
    with pytest.raises(DownloadError) as caught:
        Download(tmp_path).locate(GITHUB_FILE)
    assert str(caught.value).startswith("owner/repo/data/a.json: cannot be downloaded from GitHub (HTTPStatusError: ")
    assert str(status) in str(caught.value)
    assert "set BUILD_PREFS_GITHUB_ENDPOINT to a mirror site, or give the files with --mirror." in str(caught.value)
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("pinned", [GITHUB_FILE.sha256, None], ids=["pinned", "not pinned"])
def test_a_cut_connection_is_an_error_and_leaves_nothing(tmp_path: Path, github: Site, pinned: str | None) -> None:
    github.answers[GITHUB_URL] = Answer(200, CONTENT, length=len(CONTENT) + 100)
    download = Download(tmp_path)
    with pytest.raises(DownloadError, match="cannot be downloaded from GitHub"):
        download.locate(replace(GITHUB_FILE, sha256=pinned))
    assert files_in(tmp_path) == []
    github.answers[GITHUB_URL] = Answer(200, CONTENT)
    assert download.locate(GITHUB_FILE).path.read_bytes() == CONTENT


def test_other_bytes_than_the_pinned_ones_are_an_error_and_are_not_kept(tmp_path: Path, github: Site) -> None:
    github.answers[GITHUB_URL] = Answer(200, b"[]")
    with pytest.raises(HashMismatchError) as caught:
        Download(tmp_path).locate(GITHUB_FILE)
    assert f"SHA-256 is {hashlib.sha256(b'[]').hexdigest()}; expected {GITHUB_FILE.sha256}" in str(caught.value)
    assert files_in(tmp_path) == []


def test_a_cached_file_that_was_changed_is_found_out(tmp_path: Path, github: Site) -> None:
    github.answers[GITHUB_URL] = Answer(200, CONTENT)
    located = Download(tmp_path).locate(GITHUB_FILE)
    located.path.write_bytes(b"[]")
    with pytest.raises(HashMismatchError) as caught:
        Download(tmp_path).locate(GITHUB_FILE)
    assert str(located.path) in str(caught.value)
    assert "remove the file and get it again" in str(caught.value)


def test_a_file_without_a_pinned_hash_is_taken_as_it_comes(tmp_path: Path, github: Site) -> None:
    github.answers[GITHUB_URL] = Answer(200, b"[]")
    assert Download(tmp_path).locate(replace(GITHUB_FILE, sha256=None)).path.read_bytes() == b"[]"


def test_no_server_is_an_error(tmp_path: Path, github: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUILD_PREFS_GITHUB_ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(DownloadError, match="ConnectError"):
        Download(tmp_path).locate(GITHUB_FILE)
    assert files_in(tmp_path) == []


def test_an_endpoint_may_end_with_a_slash(tmp_path: Path, github: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    github.answers[GITHUB_URL] = Answer(200, CONTENT)
    monkeypatch.setenv("BUILD_PREFS_GITHUB_ENDPOINT", github.url + "/")
    assert Download(tmp_path).locate(GITHUB_FILE).path.is_file()


@pytest.mark.parametrize(
    "endpoint",
    [
        "127.0.0.1",
        "ftp://127.0.0.1",
        "http://[broken",
        "http://127.0.0.1:port",
    ],
)
def test_an_endpoint_that_is_no_address_is_an_error(
    tmp_path: Path, github: Site, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("BUILD_PREFS_GITHUB_ENDPOINT", endpoint)
    with pytest.raises(DownloadError):
        Download(tmp_path).locate(GITHUB_FILE)


def test_offline_nothing_is_asked_and_what_is_cached_is_given(
    tmp_path: Path, github: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    github.answers[GITHUB_URL] = Answer(200, CONTENT)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(DownloadError, match="HF_HUB_OFFLINE is set and the file is not in the cache"):
        Download(tmp_path).locate(GITHUB_FILE)
    assert github.seen == []
    monkeypatch.delenv("HF_HUB_OFFLINE")
    Download(tmp_path).locate(GITHUB_FILE)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert Download(tmp_path).locate(GITHUB_FILE).path.read_bytes() == CONTENT
    assert len(github.seen) == 1


@pytest.mark.parametrize("value", ["0", "false", "NO"])
def test_the_offline_variable_set_to_no_is_not_offline(
    tmp_path: Path, github: Site, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    github.answers[GITHUB_URL] = Answer(200, CONTENT)
    monkeypatch.setenv("HF_HUB_OFFLINE", value)
    assert Download(tmp_path).locate(GITHUB_FILE).path.is_file()


@pytest.mark.parametrize("length", [12, 152, 400])
def test_a_password_in_the_endpoint_does_not_stand_in_the_error(
    tmp_path: Path, github: Site, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    password = "pass" * (length // 4)
    with_password = github.url.replace("http://", f"http://someone:{password}@")
    monkeypatch.setenv("BUILD_PREFS_GITHUB_ENDPOINT", with_password)
    with pytest.raises(DownloadError) as caught:
        Download(tmp_path).locate(GITHUB_FILE)
    assert "404" in str(caught.value)
    assert "passpass" not in str(caught.value)


@pytest.mark.parametrize("variable", ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"])
@pytest.mark.parametrize("before", [0, 120, 190])
def test_a_token_does_not_stand_in_the_error_wherever_the_error_is_cut(
    monkeypatch: pytest.MonkeyPatch, variable: str, before: int
) -> None:
    monkeypatch.setenv(variable, SECRET)
    error = download._download_error(HUB_FILE, OSError("x" * before + SECRET + " was refused"))
    assert "s3cret" not in str(error)


def test_the_cache_lies_where_the_variables_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUILD_PREFS_CACHE", str(tmp_path / "a"))
    assert cache_folder() == tmp_path / "a"
    monkeypatch.delenv("BUILD_PREFS_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "b"))
    assert cache_folder() == tmp_path / "b" / "build-prefs"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "c"))
    assert cache_folder() == tmp_path / "c" / ".cache" / "build-prefs"


def test_the_hash_of_a_file_is_its_sha_256(tmp_path: Path) -> None:
    assert file_sha256(put(tmp_path)) == GITHUB_FILE.sha256


# The Hub: huggingface_hub reads its variables when it is imported, so each case has its own process

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
def ask_hub(tmp_path: Path, site: Site) -> Case:
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
        command = [sys.executable, "-c", script, str(tmp_path / "cache"), spelled]
        done = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=300, check=False)
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
