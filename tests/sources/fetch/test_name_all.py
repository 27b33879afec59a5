"""A path with a star names every part of a table, in a mirror and on the Hub; a branch is found out as its commit."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from sources.command.errors import MissingFileError
from sources.fetch.fetcher import Mirror
from sources.pairs.source import UpstreamFile
from tests.forking import Forking
from tests.sources.hub_state import Blob
from tests.sources.loopback_hub import LoopbackHub, loopback_hub

PARTS = ("data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet")
OTHERS = ("README.md", "data/test-00000-of-00001.parquet", "old/data/train-00000-of-00001.parquet")
TABLE = UpstreamFile(host="hub", repository="owner/repo", revision="main", path="data/train-*.parquet")
ONE = replace(TABLE, path=PARTS[0])


def put(folder: Path, *paths: str) -> None:
    for path in paths:
        target = folder / TABLE.repository / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.encode())


def test_a_mirror_gives_every_part_in_order(tmp_path: Path) -> None:
    put(tmp_path, *reversed(PARTS), *OTHERS)
    assert [file.path for file in Mirror(tmp_path).name_all(TABLE)] == list(PARTS)
    assert Mirror(tmp_path).name_all(ONE) == (ONE,)


def test_a_mirror_without_a_part_says_what_is_there(tmp_path: Path) -> None:
    put(tmp_path, *OTHERS)
    with pytest.raises(MissingFileError) as caught:
        Mirror(tmp_path).name_all(TABLE)
    assert "no file owner/repo/data/train-*.parquet" in str(caught.value)
    assert "test-00000-of-00001.parquet" in str(caught.value)


@pytest.mark.parametrize(
    ("revision", "is_pinned"), [("main", False), ("0123456", True), ("0123456789ab" * 3 + "0123", True)]
)
def test_a_commit_is_told_from_a_branch(revision: str, is_pinned: bool) -> None:
    assert replace(TABLE, revision=revision).is_pinned == is_pinned


Ask = Callable[..., Any]
CASE = """
import json, sys
from pathlib import Path
from sources.command.errors import FetchError
from sources.fetch.download import Download
from sources.pairs.source import UpstreamFile
download, file = Download(Path(sys.argv[1])), UpstreamFile(**json.loads(sys.argv[2]))
try:
    located = [download.locate(each) for each in download.name_all(file)]
    print(json.dumps([[each.file.path, each.revision, each.path.read_text()] for each in located]))
except FetchError as error:
    print(json.dumps(str(error)))
"""

AFTER_A_FAILURE = """
import time
time.sleep = lambda seconds: None
from dataclasses import replace
""" + CASE.replace(
    "try:",
    """try:
    download.locate(replace(file, repository="owner/other", path="a.json"))
except FetchError:
    pass
try:""",
    1,
)
"""The same after a file that could not be had."""


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    with loopback_hub() as server:
        yield server


@pytest.fixture
def ask(hub: LoopbackHub, forking: Forking, tmp_path: Path) -> Ask:
    """What a new process has of these files, whose Hub is the server."""

    def run(file: UpstreamFile, script: str = CASE, **variables: str) -> Any:
        places = {"HOME": str(tmp_path), "HF_HOME": str(tmp_path), "HF_ENDPOINT": hub.url}
        quiet = {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
        env = {"PATH": os.environ["PATH"], **places, **quiet, **variables}
        done = forking.run("sources.fetch.download", tmp_path, json.dumps(asdict(file)), program=script, env=env)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def hold(hub: LoopbackHub, *paths: str) -> str:
    repository = hub.state.create(TABLE.repository, False)
    return repository.add("data", {path: Blob(path.encode(), is_large=False) for path in paths})


def test_the_hub_gives_every_part_at_the_commit_of_the_branch(hub: LoopbackHub, ask: Ask) -> None:
    commit = hold(hub, *PARTS, *OTHERS)
    expected = [[path, commit, path] for path in PARTS]
    assert ask(TABLE) == expected
    assert ask(ONE) == expected[:1]
    asked = {path.rpartition("/")[2] for method, path, _ in hub.log if "/resolve/" in path}
    assert asked == {path.rpartition("/")[2] for path in PARTS}
    assert ask(TABLE, HF_HUB_OFFLINE="1") == expected


def test_a_hub_that_cannot_be_reached_costs_no_part_that_is_cached(hub: LoopbackHub, ask: Ask) -> None:
    commit = hold(hub, *PARTS)
    ask(TABLE)
    away = "http://127.0.0.1:1"
    assert ask(TABLE, AFTER_A_FAILURE, HF_ENDPOINT=away) == [[path, commit, path] for path in PARTS]
    said = ask(replace(TABLE, repository="owner/new"), AFTER_A_FAILURE, HF_ENDPOINT=away)
    assert "owner/new/data/train-*.parquet: cannot be downloaded from the Hugging Face Hub (ConnectionError" in said
    assert "is not asked again" in said


def test_a_pattern_that_nothing_fits_is_one_line(hub: LoopbackHub, ask: Ask) -> None:
    hold(hub, *OTHERS)
    said = ask(TABLE)
    assert "owner/repo/data/train-*.parquet: cannot be downloaded from the Hugging Face Hub" in said
    assert "no file there fits" in said


@pytest.mark.parametrize("how", [{"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:1"}], ids=["off", "away"])
@pytest.mark.parametrize("script", [CASE, AFTER_A_FAILURE])
def test_some_parts_in_the_cache_are_not_taken_for_all(
    hub: LoopbackHub, ask: Ask, how: dict[str, str], script: str
) -> None:
    hold(hub, *PARTS)
    ask(ONE)
    assert "cannot be downloaded" in ask(TABLE, script, **how)
