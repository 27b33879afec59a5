"""The recipe of a scoring run: which rubric for which domain, how judges combine, which candidates become pairs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from sources.command.settings import Settings, load_settings

RECIPES = Path(__file__).parent.parent / "recipes" / "judging"

Combining = Literal["mean", "standardised", "majority", "all"]
"""What several judges say together: the mean of their scores, or of their standardised scores; or what most of them
prefer, or all."""

Choice = Literal["best_worst", "best_random", "adjacent", "above_margin", "closest_length"]
"""Which candidates to a prompt become pairs."""


class Range(Settings):
    """A scale in place of that of the rubrics."""

    low: Annotated[int, Field(ge=0)]
    high: int


class JudgeRecipe(Settings):
    """The keys of a recipe file. `rubrics` has the name or file of a rubric by domain. The domain of a row is that of
    its column `domain_column`, if the file has it; else that of its source in `domains`; else `otherwise`."""

    name: str
    like: str | None = None
    rubrics: Mapping[str, str]
    domain_column: str = "domain"
    domains: Mapping[str, str] = Field(default_factory=dict)
    otherwise: str = "chat"
    scale: Range | None = None
    together: Combining | None = None
    choose: Choice = "best_worst"
    margin: Annotated[float, Field(ge=0)] = 0.0


def load_judge_recipe(name_or_file: str) -> JudgeRecipe:
    """The recipe of that name, or in that file.

    Raises:
        UsageError: there is none, or a key or value in it is wrong; says which.
    """
    return load_settings(JudgeRecipe, "--recipe", name_or_file, RECIPES)
