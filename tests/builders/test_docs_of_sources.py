"""docs/sources.md says what the registry says."""

import re
from pathlib import Path

import pytest

from builders.inputs.recipe import RECIPES
from sources.registry import SOURCES

DOC = (Path(__file__).parents[2] / "docs" / "sources.md").read_text("utf-8")
NAMES = list(dict.fromkeys(source.name for source in SOURCES if source.makes == "pairs"))


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


TABLE = [cells(line) for line in DOC[: DOC.index("*Commercial use*")].splitlines() if line.startswith("| `")]
ROWS = {name: row for row in TABLE for name in re.findall(r"`(\w+)`", row[0])}


def test_the_table_has_every_source_of_pairs_and_no_other() -> None:
    assert sorted(ROWS) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_row_of_a_source_is_true(name: str) -> None:
    named = [source for source in SOURCES if source.name == name]
    _, langs, _, _, signal, licence, commercial, options = ROWS[name]
    assert {source.lang for source in named} <= set(langs.split(", "))
    assert (signal, licence) == (named[0].signal, named[0].license)
    assert commercial == ("yes" if named[0].commercial_use else "no")
    assert re.findall(r"`(\w+)`", options) == list(named[0].options.__dataclass_fields__)


def test_every_recipe_is_named() -> None:
    assert [path.stem for path in RECIPES.glob("*.yaml") if f"`{path.stem}`" not in DOC] == []


def test_sources_that_are_not_pinned_are_named() -> None:
    unpinned = {source.name for source in SOURCES for file in source.files(source.options()) if not file.is_pinned}
    section = DOC[DOC.index("## Pins") : DOC.index("## Recipes")]
    assert unpinned
    assert [name for name in unpinned if name not in section] == []
