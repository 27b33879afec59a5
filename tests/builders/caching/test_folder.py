"""Results are whole or not there, damage is found, and no more of them are kept than fits."""

import os
import threading
from pathlib import Path

import pytest

from builders.caching.entry import CONTENT, LOCK, DamagedError
from builders.caching.folder import GONE, PART, CacheFolder, bytes_below

LONG_AGO = 1_000_000_000


@pytest.fixture
def cache(tmp_path: Path) -> CacheFolder:
    return CacheFolder(tmp_path / "rows")


def keep(cache: CacheFolder, key: str, text: str = "some rows") -> bool:
    def write(folder: Path) -> dict[str, str]:
        (folder / "rows.txt").write_text(text, encoding="utf-8")
        return {"about": key}

    return cache.keep(key, write)


def found(cache: CacheFolder, key: str) -> str | None:
    """The text of a result."""
    entry = cache.find(key)
    if entry is None:
        return None
    with entry.lock:
        assert entry.content == {"about": key}
        return (entry.folder / "rows.txt").read_text(encoding="utf-8")


def names(cache: CacheFolder) -> list[str]:
    return sorted(path.name for path in cache.path.iterdir())


def test_a_result_is_found_under_its_identity_alone(cache: CacheFolder) -> None:
    assert found(cache, "one") is None
    assert keep(cache, "one")
    assert found(cache, "one") == "some rows"
    assert found(cache, "other") is None


def test_only_its_owner_may_look_into_the_cache(cache: CacheFolder) -> None:
    keep(cache, "one")
    assert cache.path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["rows.txt", CONTENT, LOCK])
@pytest.mark.parametrize("how", ["cut", "changed", "removed"])
def test_damage_is_found_whatever_file_it_is_in_and_the_result_is_gone(name: str, how: str, cache: CacheFolder) -> None:
    keep(cache, "one")
    file = cache.path / "one" / name
    if name == LOCK and how != "removed":
        pytest.skip("holds nothing")
    if how == "removed":
        file.unlink()
    else:
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content[:-1] if how == "cut" else content)
    with pytest.raises(DamagedError):
        cache.find("one")
    assert names(cache) == []
    assert keep(cache, "one")
    assert found(cache, "one") == "some rows"


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    cache = CacheFolder(tmp_path / "rows")
    for age, key in enumerate(["a", "b", "c"]):
        keep(cache, key)
        os.utime(cache.path / key / CONTENT, (LONG_AGO + age, LONG_AGO + age))
    found(cache, "a")
    size = bytes_below(cache.path / "a")
    assert keep(CacheFolder(cache.path, 3 * size), "d")
    assert names(cache) == ["a", "c", "d"]
    assert sum(held for _, held, _ in cache.entries()) <= 3 * size


def test_results_of_one_build_do_not_push_out_one_another(tmp_path: Path) -> None:
    cache = CacheFolder(tmp_path / "rows")
    keep(cache, "a")
    small = CacheFolder(cache.path, bytes_below(cache.path / "a") * 3 // 2, began=0.0)
    assert not keep(small, "b")
    assert names(cache) == ["a"]


def test_what_is_in_use_is_not_removed(cache: CacheFolder) -> None:
    keep(cache, "a")
    entry = cache.find("a")
    assert entry is not None
    with entry.lock:
        os.utime(cache.path / "a" / CONTENT, (LONG_AGO, LONG_AGO))
        assert not keep(CacheFolder(cache.path, 1), "b")
        assert cache.clear() == 0
        assert names(cache) == ["a"]
    assert cache.clear() > 0
    assert names(cache) == []


def test_a_full_disk_costs_the_entry_and_no_more(cache: CacheFolder) -> None:
    def write(folder: Path) -> None:
        (folder / "rows.txt").write_text("half of it", encoding="utf-8")
        raise OSError(28, "No space left on device")

    assert not cache.keep("one", write)
    assert names(cache) == []


def test_a_cache_that_cannot_be_written_keeps_nothing_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    cache = CacheFolder(tmp_path / "file" / "rows")
    assert not keep(cache, "one")
    assert found(cache, "one") is None
    assert cache.clear() == 0


def test_what_killed_builds_left_is_removed_and_what_others_write_now_is_not(cache: CacheFolder) -> None:
    keep(cache, "one")
    for name in (f"{PART}old", f"{GONE}old"):
        (cache.path / name).mkdir()
        (cache.path / name / LOCK).touch()

    def write(folder: Path) -> dict[str, str]:
        CacheFolder(cache.path).clean()
        (folder / "rows.txt").write_text("some rows", encoding="utf-8")
        return {"about": "two"}

    assert cache.keep("two", write)
    assert names(cache) == ["one", "two"]
    assert found(cache, "two") == "some rows"


def test_two_builds_at_once_keep_one_whole_result(cache: CacheFolder) -> None:
    both = threading.Barrier(2)
    kept: list[bool] = []

    def build() -> None:
        both.wait()
        kept.extend(keep(cache, "one") for _ in range(20))

    builds = [threading.Thread(target=build) for _ in range(2)]
    for each in builds:
        each.start()
    for each in builds:
        each.join()
    assert kept == [True] * 40
    assert names(cache) == ["one"]
    assert found(cache, "one") == "some rows"


def test_the_bound_is_half_of_what_the_disk_has_room_for_and_at_most_20_gib(tmp_path: Path) -> None:
    assert 0 < CacheFolder(tmp_path / "not" / "there").bound(0) <= 20 << 30
    assert CacheFolder(tmp_path).bound(100 << 40) == 20 << 30
    assert CacheFolder(tmp_path, 7).bound(0) == 7
