"""A file that Git LFS keeps: GitHub gives a pointer at its usual place, and the bytes at another."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from sources.command.errors import BrokenFileError, DownloadError, HashMismatchError
from sources.fetch.download import Download
from sources.fetch.fetcher import Mirror
from sources.files.read_whole import whole_rows
from sources.files.rows import Limits
from sources.pairs.source import UpstreamFile
from tests.sources.fetch.site import Answer, Site

ROWS = '{"question": "一加一等于几？"}\n'.encode()
COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILE = UpstreamFile(host="github", repository="owner/repo", revision=COMMIT, path="data/a.jsonl")
PLACE = f"/owner/repo/{COMMIT}/data/a.jsonl"


def pointer(content: bytes) -> bytes:
    sha256 = hashlib.sha256(content).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {len(content)}\n".encode()


@pytest.mark.parametrize("pinned", [None, hashlib.sha256(ROWS).hexdigest()], ids=["by the pointer", "by the source"])
def test_the_bytes_come_from_the_other_place(tmp_path: Path, github: Site, pinned: str | None) -> None:
    github.answers = {PLACE: Answer(200, pointer(ROWS)), f"/media{PLACE}": Answer(200, ROWS)}
    located = Download(tmp_path).locate(replace(FILE, sha256=pinned))
    assert located.path.read_bytes() == ROWS
    assert github.seen == [f"GET {PLACE}", f"GET /media{PLACE}"]


def test_a_file_that_only_speaks_of_lfs_is_taken_as_it_is(tmp_path: Path, github: Site) -> None:
    content = b'{"question": "What does version https://git-lfs.github.com/spec/v1 mean?"}\n'
    github.answers = {PLACE: Answer(200, content)}
    assert Download(tmp_path).locate(FILE).path.read_bytes() == content


def test_other_bytes_than_the_pointer_names_are_thrown_away(tmp_path: Path, github: Site) -> None:
    github.answers = {PLACE: Answer(200, pointer(ROWS)), f"/media{PLACE}": Answer(200, ROWS + b" ")}
    with pytest.raises(HashMismatchError) as caught:
        Download(tmp_path).locate(FILE)
    assert hashlib.sha256(ROWS).hexdigest() in str(caught.value)
    assert not list(tmp_path.rglob("*.jsonl"))


def test_where_the_other_place_refuses_nothing_is_kept(tmp_path: Path, github: Site) -> None:
    github.answers = {PLACE: Answer(200, pointer(ROWS)), f"/media{PLACE}": Answer(403, b"over its data quota")}
    with pytest.raises(DownloadError, match="cannot be downloaded from GitHub") as caught:
        Download(tmp_path).locate(FILE)
    assert "BUILD_PREFS_GITHUB_MEDIA_ENDPOINT" in str(caught.value)
    assert not list(tmp_path.rglob("*.jsonl"))


def test_a_pointer_in_a_mirror_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / FILE.mirror_path
    path.parent.mkdir(parents=True)
    path.write_bytes(pointer(ROWS))
    with pytest.raises(BrokenFileError) as caught:
        list(whole_rows(Mirror(tmp_path).locate(FILE).path, FILE.mirror_path, Limits(), None))
    assert "a pointer of Git LFS, not the file" in str(caught.value)
    assert "git lfs pull" in str(caught.value)
    assert "\n" not in str(caught.value)
