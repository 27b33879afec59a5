"""A large file of GitHub whose connection is cut: what came is kept, and the rest asked for."""

import gzip
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from sources.command.errors import DownloadError
from sources.fetch.download import Download
from sources.pairs.source import UpstreamFile
from tests.sources.fetch.site import Answer, Site

CONTENT = "".join(f'{{"row": {number}, "text": "一二三四五"}}\n' for number in range(3000)).encode()
COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILE = UpstreamFile(
    host="github",
    repository="owner/repo",
    revision=COMMIT,
    path="data/a.jsonl",
    sha256=hashlib.sha256(CONTENT).hexdigest(),
)
PLACE = f"/owner/repo/{COMMIT}/data/a.jsonl"


def cut(start: int, end: int, then: Answer | None = None) -> Answer:
    """The bytes from start to end, of which the server said that there would be more."""
    status = 206 if start else 200
    return Answer(status, CONTENT[start:end], length=len(CONTENT) - start, then=then)


def test_the_rest_is_asked_for_where_the_connection_was_cut(tmp_path: Path, github: Site) -> None:
    end = len(CONTENT)
    github.answers[PLACE] = cut(0, 50_000, cut(50_000, 90_000, Answer(206, CONTENT[90_000:end])))
    assert Download(tmp_path).locate(FILE).path.read_bytes() == CONTENT
    assert github.ranges == ["", "bytes=50000-", "bytes=90000-"]


def test_a_server_that_begins_anew_is_taken_at_its_word(tmp_path: Path, github: Site) -> None:
    github.answers[PLACE] = cut(0, 50_000, Answer(200, CONTENT))
    assert Download(tmp_path).locate(FILE).path.read_bytes() == CONTENT


def test_a_packed_answer_goes_on_unpacked(tmp_path: Path, github: Site) -> None:
    packed = gzip.compress(CONTENT[:60_000])
    first = Answer(200, packed, length=len(packed) + 9, headers={"Content-Encoding": "gzip"})
    github.answers[PLACE] = replace(first, then=Answer(206, CONTENT[60_000:]))
    assert Download(tmp_path).locate(FILE).path.read_bytes() == CONTENT
    assert github.ranges[1] == "bytes=60000-"


def test_a_server_that_gives_no_more_is_not_asked_for_ever(tmp_path: Path, github: Site) -> None:
    github.answers[PLACE] = cut(0, 50_000, cut(50_000, 50_000))
    with pytest.raises(DownloadError, match="cannot be downloaded from GitHub"):
        Download(tmp_path).locate(FILE)
    assert len(github.seen) == 2
    assert not list(tmp_path.rglob("*.jsonl"))


def test_a_file_of_git_lfs_goes_on_too(tmp_path: Path, github: Site) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{FILE.sha256}\nsize {len(CONTENT)}\n".encode()
    github.answers = {
        PLACE: Answer(200, pointer),
        f"/media{PLACE}": cut(0, 50_000, Answer(206, CONTENT[50_000:])),
    }
    assert Download(tmp_path).locate(FILE).path.read_bytes() == CONTENT
    assert github.ranges == ["", "", "bytes=50000-"]
