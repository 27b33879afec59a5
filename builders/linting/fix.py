"""The clean set of what was linted: built as build-prefs builds, with every dropped row and why."""

from builders.building.pipeline import Built
from builders.inputs.recipe import Recipe, load_recipe
from builders.linting.examine import RECIPE, Examined
from builders.linting.splits import SplitFile
from sources.layouts.own_data import Described
from sources.pairs.ledger import total


def recipe_for(examined: Examined) -> Recipe:
    """The recipe of the default mix for this data alone, split anew by prompt where it had a train split and others."""
    train = examined.pairs_by_split.get("train", 0) / examined.account.pairs_made
    changes = {"name": "lint-fix", "sources": {}, "limits": RECIPE.limits, "test_share": 1 - train if train else 0.0}
    return load_recipe("ct-llm").model_copy(update=changes)


def describe_data(files: list[SplitFile], name: str, licence: str, layout: str) -> tuple[Described, ...]:
    """The files as one source."""
    return (Described(files=tuple(each.file for each in files), name=name, licence=licence, layout=layout),)


def as_json(built: list[Built]) -> list[dict[str, object]]:
    """Where each language is, with its account."""
    return [
        {"lang": each.lang, "folder": str(each.folder), "total": total(each.accounts, each.lang).as_dict()}
        for each in built
    ]
