"""A build beside an earlier one re-uses what it can, and gives the bytes of a build from nothing."""

import os
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from builders.building.pipeline import Built
from builders.caching.entry import CONTENT
from builders.caching.folder import CacheFolder
from builders.gathering import gather_here, workers
from builders.gathering.unit import UnitResult
from builders.inputs.recipe import load_recipe
from sources.fetch.data_files import DataFile
from sources.fetch.fetcher import SAMPLE
from sources.layouts.own_data import Described
from tests.builders.withstand.place import files

FILES = 6
Build = Callable[..., list[Built]]
ROW = '{"prompt": "介绍一下%s。", "chosen": "%s是一座很大的城市，有山有水。", "rejected": "不知道。"}\n'


@pytest.fixture(autouse=True)
def of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small builds have no cache, but these."""
    monkeypatch.setattr(workers, "SMALL_BYTES", -1)


@pytest.fixture
def cache(tmp_path: Path) -> CacheFolder:
    return CacheFolder(tmp_path / "rows")


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    shutil.copytree(SAMPLE, tmp_path / "mirror")
    return tmp_path / "mirror"


@pytest.fixture
def own(tmp_path: Path) -> Described:
    path = tmp_path / "cities.jsonl"
    path.write_text("".join(ROW % (name, name) for name in ("北京", "上海", "成都", "西安")), encoding="utf-8")
    return Described(files=(DataFile(path, path.name),), name="cities", licence="MIT")


def reuse(built: list[Built]) -> dict[str, int]:
    return dict(built[0].reuse)


def of(built: list[Built]) -> dict[str, bytes]:
    return {f"{each.lang}/{name}": content for each in built for name, content in files(each.folder).items()}


def test_a_build_anew_takes_every_file_from_the_cache_and_gives_the_same_bytes(
    build_sample: Build, cache: CacheFolder
) -> None:
    plain = of(build_sample(report=True))
    first = build_sample(report=True, cache=cache)
    assert (reuse(first), of(first)) == ({"kept": FILES}, plain)
    second = build_sample(report=True, cache=cache)
    assert (reuse(second), of(second)) == ({"taken": FILES}, plain)


def test_with_one_new_file_only_that_one_is_read(
    build_sample: Build, cache: CacheFolder, own: Described, tmp_path: Path
) -> None:
    build_sample(cache=cache)
    built = build_sample(cache=cache, added=(own,))
    assert reuse(built) == {"taken": FILES, "kept": 1}
    assert of(built) == of(build_sample(out=tmp_path / "nothing", added=(own,)))


def test_another_place_of_a_source_in_the_recipe_is_no_reason_to_read_it_again(
    build_sample: Build, cache: CacheFolder, tmp_path: Path
) -> None:
    build_sample(cache=cache)
    recipe = load_recipe("ct-llm")
    turned = recipe.model_copy(update={"sources": dict(reversed(recipe.sources.items()))})
    built = build_sample(cache=cache, recipe=turned)
    assert reuse(built) == {"taken": FILES}
    assert of(built) == of(build_sample(out=tmp_path / "nothing", recipe=turned))


def test_a_changed_file_is_read_again_and_no_other(
    build_sample: Build, cache: CacheFolder, mirror: Path, tmp_path: Path
) -> None:
    build_sample(cache=cache, mirror=mirror)
    path = mirror / "HIT-SCIR/huozi/data/huozi-rlhf/huozi_rlhf_data.csv"
    path.write_bytes(path.read_bytes().replace("。".encode(), "！".encode(), 1))
    built = build_sample(cache=cache, mirror=mirror)
    assert reuse(built) == {"taken": FILES - 1, "kept": 1}
    assert of(built) == of(build_sample(out=tmp_path / "nothing", mirror=mirror))


def changed(**keys: object) -> dict[str, object]:
    return {"recipe": load_recipe("ct-llm").model_copy(update=keys)}


@pytest.mark.parametrize(
    "change",
    [
        changed(checks={"empty_side": "drop"}),
        changed(limits=load_recipe("ct-llm").limits.model_copy(update={"max_answer_chars": 50})),
        changed(reasoning="strip"),
        changed(compare_characters="simplified"),
        changed(stages=("check", "exact_duplicates", "split")),
        {"max_rows": 7},
        {"benchmarks": None},
    ],
)
def test_what_changes_the_rows_is_not_taken_from_the_cache(
    change: dict[str, object], build_sample: Build, cache: CacheFolder, tmp_path: Path
) -> None:
    build_sample(cache=cache)
    built = build_sample(cache=cache, **change)
    assert "taken" not in reuse(built)
    assert of(built) == of(build_sample(out=tmp_path / "nothing", **change))


@pytest.mark.parametrize("name", ["pairs.arrow", "lost.arrow", "keys.npy", CONTENT])
def test_a_damaged_cache_is_found_and_made_anew(name: str, build_sample: Build, cache: CacheFolder) -> None:
    plain = of(build_sample(cache=cache))
    for folder in cache.path.iterdir():
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / name).write_bytes(content)
    built = build_sample(cache=cache)
    assert (reuse(built), of(built)) == ({"damaged": FILES}, plain)
    assert reuse(build_sample(cache=cache)) == {"taken": FILES}


def test_a_file_that_changes_while_it_is_read_is_not_kept(
    build_sample: Build, cache: CacheFolder, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = gather_here.gather_unit

    def touch(unit: object, *more: object) -> UnitResult:
        result = real(unit, *more)  # type: ignore[arg-type]
        for path in mirror.rglob("*zh.json"):
            os.utime(path, (1, 1))
        return result

    monkeypatch.setattr(gather_here, "gather_unit", touch)
    assert reuse(build_sample(cache=cache, mirror=mirror)) == {"kept": FILES - 2, "not kept": 2}


def test_where_nothing_fits_into_the_cache_the_build_is_the_same(build_sample: Build, tmp_path: Path) -> None:
    plain = of(build_sample())
    built = build_sample(cache=CacheFolder(tmp_path / "rows", 10))
    assert (reuse(built), of(built)) == ({"not kept": FILES}, plain)
    assert list((tmp_path / "rows").iterdir()) == []


def test_the_cache_may_be_emptied_and_filled_by_others_while_a_build_uses_it(
    build_sample: Build, cache: CacheFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = of(build_sample(cache=cache))
    real = gather_here.read_result

    def emptied(*given: object) -> UnitResult:
        CacheFolder(cache.path).clear()
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(gather_here, "read_result", emptied)
    assert of(build_sample(cache=cache)) == plain


def test_a_small_build_has_no_cache(build_sample: Build, cache: CacheFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert reuse(build_sample(cache=cache)) == {"": FILES}
    assert not cache.path.exists()


def test_every_field_of_a_result_comes_back(
    build_sample: Build, cache: CacheFolder, monkeypatch: pytest.MonkeyPatch, mirror: Path
) -> None:
    made: dict[int, UnitResult] = {}
    real_write, real_read = gather_here.write_result, gather_here.read_result

    def write(result: UnitResult, folder: Path) -> object:
        made[result.number] = replace(result, keys=replace(result.keys))
        return real_write(result, folder)

    def read(*given: object) -> UnitResult:
        result = real_read(*given)  # type: ignore[arg-type]
        before = made[result.number]
        for field in fields(UnitResult):
            was, now = getattr(before, field.name), getattr(result, field.name)
            if field.name == "keys":
                for column in fields(was):
                    np.testing.assert_array_equal(getattr(was, column.name), getattr(now, column.name))
                    assert getattr(was, column.name).dtype == getattr(now, column.name).dtype
            elif field.name in ("pairs", "lost"):
                assert now.sizes == was.sizes
            elif field.name != "reuse":
                assert now == was, field.name
                assert type(now) is type(was)
                if isinstance(was, Counter):
                    assert list(now) == list(was)  # the order too
        compared.append(result.number)
        return result

    compared: list[int] = []
    monkeypatch.setattr(gather_here, "write_result", write)
    monkeypatch.setattr(gather_here, "read_result", read)
    build_sample(langs=("zh", "en"), cache=cache, mirror=mirror)
    build_sample(langs=("zh", "en"), cache=cache, mirror=mirror)
    assert sorted(compared) == sorted(made)
