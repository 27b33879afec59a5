"""The rubric of each domain, and the domain of a row."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sources.command.errors import UsageError
from sources.command.settings import did_you_mean
from sources.pairs.languages import Lang
from synth.scoring.recipe import JudgeRecipe
from synth.scoring.rubric import Scale, ScoreRubric, load_score_rubric

ONE = "all"
"""The domain of every row where one rubric is for all."""


@dataclass(frozen=True, slots=True)
class Domains:
    """Rubrics by domain. `of_source` has the domains of sources, `otherwise` is that of all others."""

    rubrics: dict[str, ScoreRubric]
    of_source: Mapping[str, str]
    otherwise: str

    def name(self, source: str, said: str | None) -> str:
        """The domain of a row; `said` is what its own column says."""
        return said if said and ONE not in self.rubrics else self.of_source.get(source, self.otherwise)

    def check(self, found: Iterable[tuple[str, str | None]]) -> None:
        """Nothing, if the domain of each of these sources and columns has a rubric.

        Raises:
            UsageError: one has none.
        """
        for source, said in found:
            name = self.name(source, said)
            if name not in self.rubrics:
                known = list(self.rubrics)
                raise UsageError(
                    f"domain of {source}",
                    f"no rubric for {name!r}",
                    expected=", ".join(known),
                    hint=did_you_mean(name, known) or "Give it one under rubrics of a recipe (--recipe FILE).",
                )


def load_domains(recipe: JudgeRecipe, lang: Lang, *, rubric: str | None, domain: str | None) -> Domains:
    """The rubrics of a recipe in one language; `rubric` (a name or a file) or that of `domain`, if given, is for all.

    Raises:
        UsageError: a rubric is wrong, or there is none of that domain.
    """
    if rubric is not None:
        return Domains({ONE: _scaled(load_score_rubric("--rubric", rubric, lang), recipe)}, {}, ONE)
    wanted = recipe.rubrics if domain is None else {domain: recipe.rubrics.get(domain, domain)}
    loaded = {
        name: _scaled(load_score_rubric(_flag(recipe, name, domain), where, lang), recipe)
        for name, where in wanted.items()
    }
    if domain is not None:
        return Domains({ONE: loaded[domain]}, {}, ONE)
    domains = Domains(loaded, recipe.domains, recipe.otherwise)
    domains.check([("otherwise", None), *((source, None) for source in recipe.domains)])
    return domains


def _flag(recipe: JudgeRecipe, name: str, domain: str | None) -> str:
    return "--domain" if domain else f"recipe {recipe.name}: rubrics.{name}"


def _scaled(rubric: ScoreRubric, recipe: JudgeRecipe) -> ScoreRubric:
    """The rubric, on the scale of the recipe if that has one."""
    if recipe.scale is None:
        return rubric
    try:
        scale = Scale(low=recipe.scale.low, high=recipe.scale.high)
    except ValueError as error:
        found = f"scale: from {recipe.scale.low} to {recipe.scale.high}"
        raise UsageError(f"recipe {recipe.name}", found, expected="high above low, by 100 at most") from error
    return rubric.model_copy(update={"scale": scale})
