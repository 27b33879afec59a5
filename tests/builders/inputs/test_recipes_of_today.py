"""The recipes of today: what they take, and that the sample builds under each with accounts that add up."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from builders.building.pipeline import Built
from builders.inputs.recipe import RECIPES, Recipe, choose_sources, load_recipe
from builders.stages.benchmarks_of_today import EVERY_BENCHMARK
from sources.command.errors import UsageError
from sources.registry import SOURCES

TODAY = ("zh-2026", "zh-2026-commercial", "en-2026", "en-2026-commercial", "ct-llm-plus")
LANGS = {"zh-2026": ("zh",), "en-2026": ("en",), "ct-llm-plus": ("zh", "en")}
COMMERCIAL = {source.name for source in SOURCES if source.commercial_use}

BuildSample = Callable[..., list[Built]]


def small(folder: Path, text: str, name: str = "recipe") -> str:
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_every_recipe_is_known() -> None:
    assert {path.stem for path in RECIPES.glob("*.yaml")} == {"ct-llm", *TODAY}


@pytest.mark.parametrize("name", TODAY)
def test_a_recipe_says_what_it_is_for_and_is_else_the_default(name: str) -> None:
    text = (RECIPES / f"{name}.yaml").read_text("utf-8")
    head = text[: text.index("\nname:")]
    assert all(line.startswith("#") for line in head.splitlines())
    assert f"--recipe {name}" in head
    assert "rows" in head
    recipe, default = load_recipe(name), load_recipe("ct-llm")
    assert recipe.name == name
    same = {"name": default.name, "sources": default.sources, "contamination": default.contamination}
    assert recipe.model_copy(update=same) == default
    assert recipe.contamination.benchmarks == tuple(benchmark.name for benchmark in EVERY_BENCHMARK)


@pytest.mark.parametrize("name", ["zh-2026", "en-2026"])
def test_the_commercial_form_is_what_the_licences_leave_of_the_whole(name: str) -> None:
    whole, commercial = load_recipe(name).sources, load_recipe(f"{name}-commercial").sources
    assert list(commercial.items()) == [(each, options) for each, options in whole.items() if each in COMMERCIAL]
    assert 0 < len(commercial) < len(whole)


def test_ct_llm_plus_has_the_old_mix_first() -> None:
    old, plus = (choose_sources(load_recipe(name)) for name in ("ct-llm", "ct-llm-plus"))
    assert plus[: len(old)] == old
    assert len(plus) > len(old)


@pytest.mark.parametrize("name", TODAY)
def test_the_sample_builds_under_it(name: str, build_sample: BuildSample) -> None:
    langs = LANGS[name.removesuffix("-commercial")]
    recipe = load_recipe(name)
    built = build_sample(langs=langs, recipe=recipe)
    assert [each.lang for each in built] == list(langs)
    taken = {chosen.source.name for chosen in choose_sources(recipe) if chosen.source.lang in langs}
    accounts = [account for each in built for account in each.accounts]
    assert {account.source for account in accounts} == {each for each in taken if not each.startswith("synth_")}
    assert all(account.pairs_made for account in accounts)
    for each in built:
        manifest = json.loads((each.folder / "manifest.json").read_text("utf-8"))
        assert Recipe(**manifest["recipe"]) == recipe
        assert "like" not in manifest["recipe"]
        read = [(one["source"], one["file"]) for one in manifest["inputs"]]
        assert len(set(read)) == len(read)
        assert {source for source, _ in read} == {account.source for account in each.accounts}


def test_keys_that_a_file_does_not_have_are_those_of_the_other_recipe(tmp_path: Path) -> None:
    found = load_recipe(small(tmp_path, "name: mine\nlike: ct-llm\nsources: {huozi: {}}\ntest_share: 0.5\n"))
    assert (found.name, list(found.sources), found.test_share) == ("mine", ["huozi"], 0.5)
    assert found.checks == load_recipe("ct-llm").checks


def test_a_recipe_may_be_like_one_that_is_like_another(tmp_path: Path) -> None:
    found = load_recipe(small(tmp_path, "name: mine\nlike: zh-2026\ntest_share: 0.5\n"))
    assert found.sources == load_recipe("zh-2026").sources
    assert found.stages == load_recipe("ct-llm").stages


@pytest.mark.parametrize(
    ("like", "message"),
    [
        ("no-such", "like of --recipe: no recipe no-such; expected ct-llm"),
        ("5", "like: Input should be a valid string, found 5"),
    ],
)
def test_another_recipe_that_does_not_exist_is_refused(tmp_path: Path, like: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_recipe(small(tmp_path, f"name: mine\nlike: {like}\nsources: {{}}\nstages: [split]\n"))
    assert message in str(caught.value)


def test_recipes_that_are_like_each_other_are_refused(tmp_path: Path) -> None:
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    small(tmp_path, f"name: one\nlike: {other}\n", "one")
    small(tmp_path, f"name: other\nlike: {one}\n", "other")
    with pytest.raises(UsageError, match="leads back to it"):
        load_recipe(str(one))
