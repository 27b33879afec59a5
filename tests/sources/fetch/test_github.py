"""Files from GitHub: at their commit, kept, or an error that leaves nothing."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from sources.command.errors import DownloadError, HashMismatchError
from sources.fetch import download
from sources.fetch.download import WAITS_S, Download, cache_folder
from sources.fetch.fetcher import Mirror, file_sha256
from tests.sources.fetch.pinned import COMMIT, CONTENT, GITHUB_FILE, HUB_FILE, SECRET, put
from tests.sources.fetch.site import Answer, Site

GITHUB_URL = f"/owner/repo/{COMMIT}/data/a.json"


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() or path.name.startswith(".part-")]


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
