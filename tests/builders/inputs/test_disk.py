"""The disk that a build needs is said in its plan and looked at before it begins."""

import json
import shutil
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path, PurePath

import pytest

from builders.building.pipeline import Built
from builders.caching.folder import CacheFolder
from builders.caching.size import parse_size
from builders.gathering import gather_here, workers
from builders.inputs.disk import check_disk, needed_disk, unpacked_bytes
from sources.command.errors import OutputError, UsageError
from tests.builders.running import Run

Usage = namedtuple("Usage", "total used free")
GB = 10**9


@pytest.fixture
def nearly_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk with room for a hundred bytes."""
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(GB, GB - 100, 100))


def test_packed_files_count_as_what_they_unpack_to() -> None:
    sizes = [unpacked_bytes(PurePath(name), 10) for name in ("a.json", "a.json.gz", "a.xz", "a.parquet")]
    assert sizes == [10, 50, 80, 30]


def test_what_is_in_the_cache_needs_no_room_for_its_rows(tmp_path: Path) -> None:
    whole = {"a": 4 * GB, "b": GB}
    anew, beside = needed_disk(whole, whole), needed_disk({"b": GB}, whole)
    assert anew.rows == 5 * beside.rows
    assert anew.result == beside.result
    assert anew.cache == 0
    assert needed_disk(whole, whole, CacheFolder(tmp_path, 3)).cache == 3


def test_too_little_room_is_one_clear_line(tmp_path: Path, nearly_full: None) -> None:
    with pytest.raises(OutputError) as refused:
        check_disk(tmp_path, needed_disk({"a": 2 * GB}, {"a": 2 * GB}))
    said = str(refused.value)
    assert said.startswith(f"{tmp_path}: the disk is full: about 2.8 GB are needed there")
    assert "2.0 GB while it runs, 800.0 MB for the result), 0.0 MB are free" in said
    check_disk(tmp_path, needed_disk({"a": 50}, {"a": 50}))


def test_a_build_that_does_not_fit_is_refused_before_it_reads(
    build_sample: Callable[..., list[Built]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nearly_full: None
) -> None:
    monkeypatch.setattr(workers, "SMALL_BYTES", -1)
    monkeypatch.setattr(gather_here, "gather_unit", None)
    with pytest.raises(OutputError, match="the disk is full: about"):
        build_sample()
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".build-prefs.lock"]


def test_rows_from_the_cache_need_no_room(
    build_sample: Callable[..., list[Built]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "SMALL_BYTES", -1)
    cache = CacheFolder(tmp_path / "rows")
    build_sample(cache=cache)
    size = sum(path.stat().st_size for path in (tmp_path / "out").rglob("*.parquet"))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(GB, 0, 10 * size))
    build_sample(cache=cache)


def test_the_plan_says_what_disk_is_needed(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BUILD_PREFS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("BUILD_PREFS_CACHE_SIZE")
    _, shown, _ = run("--lang", "zh", "--sample", "--dry-run")
    assert "MB while it runs" in shown
    assert "in the cache (--no-cache)" in shown
    _, shown, _ = run("--lang", "zh", "--sample", "--dry-run", "--no-cache", "--json")
    disk = json.loads(shown)["disk"]
    assert disk["rows"] > disk["result"] > disk["cache"] == 0
    _, shown, _ = run("--lang", "zh", "--sample", "--dry-run", "--limit", "3")
    assert "while it runs" not in shown


@pytest.mark.parametrize(
    ("text", "size"), [("0", 0), ("17", 17), ("500MB", 500 * 10**6), ("2GiB", 2 << 30), ("1.5 kib", 1536)]
)
def test_sizes_are_read_as_people_write_them(text: str, size: int) -> None:
    assert parse_size(text, "here") == size


@pytest.mark.parametrize("text", ["", "much", "-1", "2 GiBs", "GiB"])
def test_what_is_no_size_is_said(text: str) -> None:
    with pytest.raises(UsageError, match="is no size"):
        parse_size(text, "here")


def test_the_cache_is_shown_and_emptied(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, build_sample: Callable[..., list[Built]]
) -> None:
    monkeypatch.setattr(workers, "SMALL_BYTES", -1)
    monkeypatch.setenv("BUILD_PREFS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BUILD_PREFS_CACHE_SIZE", "100MB")
    _, shown, _ = run("--cache-info")
    assert "the rows of 0 files that were read and checked, 0.0 MB of at most 100.0 MB" in shown
    _, shown, _ = run("--lang", "zh", "--sample", "--no-report")
    assert "cache: of 6 files 6 now kept in it" in shown
    _, shown, _ = run("--cache-info")
    assert f"{tmp_path}/cache/rows: the rows of 6 files" in shown
    _, shown, _ = run("--cache-clear")
    assert "removed" in shown
    assert list((tmp_path / "cache" / "rows").iterdir()) == []
    monkeypatch.setenv("BUILD_PREFS_CACHE_SIZE", "0")
    assert "The cache is off" in run("--cache-info")[1]
    monkeypatch.setenv("BUILD_PREFS_CACHE_SIZE", "much")
    assert run("--lang", "zh", "--sample")[0] == 2
