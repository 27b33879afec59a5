"""A recipe: which sources, which checks, which limits. Read from YAML, every key and value checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from builders.stages.benchmarks import BENCHMARKS
from builders.stages.benchmarks_of_today import EVERY_BENCHMARK
from builders.stages.caps import Cap
from sources.checks import CHECKS, CheckLimits
from sources.command.errors import UsageError
from sources.command.settings import (
    Positive,
    Settings,
    Share,
    did_you_mean,
    find_settings,
    load_settings,
    wrong_setting,
)
from sources.fetch.data_files import DataFile
from sources.files.rows import Limits
from sources.pairs.languages import Lang
from sources.pairs.reasoning import ReasoningPolicy
from sources.pairs.source import Source
from sources.registry import find_sources

RECIPES = Path(__file__).parent.parent / "recipes"

Policy = Literal["drop", "tag", "off"]
CharacterPolicy = Literal["as_written", "simplified"]
"""Whether Traditional characters count as Simplified ones where pairs are compared."""

Stage = Literal["check", "exact_duplicates", "contradictions", "near_duplicates", "contamination", "caps", "split"]


class LimitSettings(Settings):
    max_prompt_chars: Positive = 12_000
    max_answer_chars: Positive = 12_000
    max_file_bytes: Positive = 8 << 30
    max_row_bytes: Annotated[int, Field(gt=0, le=1 << 30)] = 4 << 20
    max_bad_share: Share = 0.01
    template_tokens: tuple[str, ...] = ()

    @property
    def reading(self) -> Limits:
        return Limits(
            max_file_bytes=self.max_file_bytes, max_row_bytes=self.max_row_bytes, max_bad_share=self.max_bad_share
        )

    @property
    def checking(self) -> CheckLimits:
        return CheckLimits(
            max_prompt_chars=self.max_prompt_chars,
            max_answer_chars=self.max_answer_chars,
            template_tokens=self.template_tokens,
        )


class NearDuplicateSettings(Settings):
    pair_similarity: Annotated[float, Field(ge=0.5, le=1.0)] = 0.8
    prompt_similarity: Annotated[float, Field(ge=0.5, le=1.0)] = 0.8


class ContaminationSettings(Settings):
    benchmarks: tuple[str, ...] = tuple(benchmark.name for benchmark in BENCHMARKS)


class BalanceSettings(Settings):
    length: Annotated[float, Field(ge=0.5, le=1.0)] | None = None


class Recipe(Settings):
    """The keys of a recipe file; `sources` maps a source's name to its options, in order of precedence. `like` names
    the recipe whose keys hold where the file has none."""

    name: str
    sources: dict[str, dict[str, Any]]
    stages: tuple[Stage, ...]
    checks: dict[str, Policy] = Field(default_factory=dict)
    limits: LimitSettings = LimitSettings()
    near_duplicates: NearDuplicateSettings = NearDuplicateSettings()
    contamination: ContaminationSettings = ContaminationSettings()
    reasoning: ReasoningPolicy = "keep"
    compare_characters: CharacterPolicy = "as_written"
    max_pairs_per_prompt: Positive | None = None
    balance: BalanceSettings = BalanceSettings()
    test_share: Share = 0.01
    like: str | None = Field(default=None, exclude=True)

    @property
    def simplifies(self) -> bool:
        """Whether Traditional characters are compared as Simplified ones."""
        return self.compare_characters == "simplified"


@dataclass(frozen=True, slots=True)
class ChosenSource:
    """A source as a recipe wants it; `local` are the files given by the user, where it is not read from upstream."""

    source: Source
    options: object
    cap: Cap
    local: tuple[DataFile, ...] = ()


def load_recipe(name_or_file: str) -> Recipe:
    """The recipe of that name, or in that file.

    Raises:
        UsageError: there is none, or a key or value in it is wrong; says which.
    """
    path = find_settings("--recipe", name_or_file, RECIPES)
    recipe = load_settings(Recipe, "--recipe", name_or_file, RECIPES)
    _check_names(recipe, path)
    return recipe


def add_sources(recipe: Recipe, names: Sequence[str], where: str) -> Recipe:
    """The recipe with the named sources behind its own, those that it has not yet.

    Raises:
        UsageError: a source does not exist, or gives prompts only.
    """
    new = {name: dict[str, Any]() for name in names if name not in recipe.sources and _sources_of_pairs(name, where)}
    return recipe.model_copy(update={"sources": recipe.sources | new}) if new else recipe


def choose_sources(recipe: Recipe, where: str = "recipe", langs: Sequence[Lang] = ()) -> list[ChosenSource]:
    """The sources of a recipe with their options, in order of precedence; one for each language that a source has in
    SOURCES, and for each other of `langs` that its rows are in.

    Raises:
        UsageError: a source or an option does not exist, or a value does not fit; says what does.
    """
    chosen = []
    for name, given in recipe.sources.items():
        for source in _sources_of_pairs(name, where, langs):
            chosen.append(ChosenSource(source, *_fit_options(source, dict(given), where)))
    return chosen


def _sources_of_pairs(name: str, where: str, langs: Sequence[Lang] = ()) -> list[Source]:
    """The sources of that name.

    Raises:
        UsageError: there is none, or it gives prompts only.
    """
    found = find_sources(name, where, langs)
    if found[0].makes != "pairs":
        hint = "Make pairs of it with synth-prefs; read them by --synth."
        raise UsageError(where, f"{name} gives prompts, not pairs", hint=hint)
    return found


def _fit_options(source: Source, given: dict[str, Any], where: str) -> tuple[object, Cap]:
    """The source's own options, and its share and cap, from the keys of a recipe."""
    own, caps = list(source.options.__dataclass_fields__), list(Cap.__dataclass_fields__)
    for key in given:
        if key not in (*own, *caps):
            known = [*own, *caps]
            raise UsageError(
                where,
                f"sources.{source.name}.{key}: no such key",
                expected=", ".join(known),
                hint=did_you_mean(key, known),
            )
    try:
        cap = TypeAdapter(Cap).validate_python({key: value for key, value in given.items() if key in caps})
        options = TypeAdapter(source.options).validate_python({k: v for k, v in given.items() if k in own})
    except ValidationError as error:
        raise wrong_setting(where, f"sources.{source.name}.", error, Recipe, [*own, *caps]) from error
    return options, cap


def _check_names(recipe: Recipe, path: Path) -> None:
    """Nothing, if every check and benchmark named exists and the stages are in an order that makes sense."""
    known = {"checks": list(CHECKS), "contamination.benchmarks": [benchmark.name for benchmark in EVERY_BENCHMARK]}
    for key, names in (("checks", recipe.checks), ("contamination.benchmarks", recipe.contamination.benchmarks)):
        for name in names:
            if name not in known[key]:
                raise UsageError(
                    path, f"{key}: no {name}", expected=", ".join(known[key]), hint=did_you_mean(name, known[key])
                )
    if len(set(recipe.stages)) != len(recipe.stages):
        raise UsageError(path, "stages: one stands there twice")
    if not recipe.stages or recipe.stages[-1] != "split" or "check" in recipe.stages[1:]:
        raise UsageError(path, f"stages: {', '.join(recipe.stages)}", expected="check first (if at all), split last")
