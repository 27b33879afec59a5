"""Two results have one identity only if nothing they depend on differs."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from builders.caching import identity as module
from builders.caching.identity import UnknownValueError, code_sha256, identity, told
from builders.inputs.recipe import choose_sources, load_recipe
from sources.fetch.data_files import DataFile
from sources.layouts.find import Taken
from sources.layouts.own_data import Described, adapt, own_data
from sources.registry import SOURCES


@dataclass(frozen=True)
class One:
    value: Any = None


@dataclass(frozen=True)
class Other:
    value: Any = None


def named() -> None:
    """A function with a name."""


DIFFERENT: list[Any] = [
    None,
    True,
    1,
    1.5,
    "1",
    "",
    [],
    [1],
    [[1]],
    {},
    {"a": 1},
    {"a": 2},
    {1: "a"},
    {"b": 1},
    One(),
    Other(),
    One(1),
    One,
    Other,
    named,
    adapt,
    partial(named),
    partial(named, 1),
    partial(named, value=1),
    pa.schema([("a", pa.string())]),
    pa.schema([("a", pa.int64())]),
    pa.schema([pa.field("a", pa.string(), nullable=False)]),
    pa.schema([pa.field("a", pa.string(), metadata={"optional": "yes"})]),
]


def test_different_values_have_different_identities() -> None:
    identities = {identity(value) for value in DIFFERENT}
    assert len(identities) == len(DIFFERENT)


def test_the_order_of_keys_does_not_matter() -> None:
    assert identity({"a": 1, "b": 2}) == identity({"b": 2, "a": 1})


@pytest.mark.parametrize("value", [lambda: None, Path("x"), object(), b"x", [named, {"a": 1j}]])
def test_what_cannot_be_told_apart_has_no_identity(value: object) -> None:
    with pytest.raises(UnknownValueError):
        identity(value)


def test_a_function_that_remembers_something_has_no_identity() -> None:
    remembered = 1

    def inner() -> int:
        return remembered

    with pytest.raises(UnknownValueError):
        told(inner)


def test_every_source_has_an_identity_of_its_own() -> None:
    assert len({identity(source) for source in SOURCES}) == len(SOURCES)


@pytest.mark.parametrize("recipe", ["ct-llm", "zh-2026", "en-2026"])
def test_the_options_of_every_source_have_an_identity(recipe: str) -> None:
    for chosen in choose_sources(load_recipe(recipe)):
        identity(chosen.options)


def test_files_of_ones_own_differ_by_layout_licence_and_language() -> None:
    data = Described(files=(DataFile(Path("x"), "x"),), name="x", licence="MIT")
    taken = Taken("trl-standard", "it says so", False)
    made = [
        own_data(each, taken, lang).source
        for each in (data, replace(data, licence="unknown"), replace(data, layout="scored(min_margin=1)"))
        for lang in ("zh", "en", None)
    ]
    assert len({identity(source) for source in made}) == len(made)


def test_a_change_of_any_code_changes_every_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = tmp_path / "sources"
    (code / "text").mkdir(parents=True)
    monkeypatch.setattr(module, "CODE", (code,))
    seen = set()
    for name, content in (("a.py", "1"), ("a.py", "2"), ("text/table.txt", "x"), ("text/b.py", "")):
        (code / name).write_text(content, encoding="utf-8")
        code_sha256.cache_clear()
        seen.add(identity("value"))
    (code / "a.py").rename(code / "c.py")
    code_sha256.cache_clear()
    seen.add(identity("value"))
    code_sha256.cache_clear()
    assert len(seen) == 5


def test_another_version_of_a_package_changes_every_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    before = identity("value")
    monkeypatch.setattr(module, "version", lambda name: "0" if name == "opencc" else "1")
    assert identity("value") != before
