"""The job that the options of judge-prefs describe: pairs judged in both orders, or answers scored one by one."""

import argparse
import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sources.command.errors import UsageError
from sources.pairs.language_names import check_lang
from synth.job.completion import Side
from synth.job.flags import ask_settings, check_asking_flags
from synth.job.model import Model, served_model
from synth.job.price import load_prices
from synth.judging.job import JudgeJob
from synth.judging.rubric import load_rubric
from synth.ranking.job import ScoreJob
from synth.scoring.candidates import holds_candidates
from synth.scoring.recipe import Combining, JudgeRecipe, load_judge_recipe

OF_SCORES = ("recipe", "domain", "domain_column")
OF_CANDIDATES = ("choose", "margin", "seed")
MODELS: tuple[Literal["judge", "reward"], ...] = ("judge", "reward")


def make_job(options: argparse.Namespace) -> JudgeJob | ScoreJob:
    """The job that the options describe, checked as far as that needs no pairs.

    Raises:
        UsageError: an option, a rubric, a recipe or a price list is wrong.
    """
    check_asking_flags(options)
    models = [model for side in MODELS for model in _models(options, side)]
    if not models:
        raise UsageError("--judge-model", "no judge is named", expected="--judge-model NAME or --reward-model NAME")
    if options.together and len(models) == 1:
        raise UsageError("--together", "needs at least two judges")
    candidates = holds_candidates(options.input)
    if options.mode != "pointwise" and not options.reward_model and not (candidates and options.mode is None):
        return _pairwise(options, models, candidates=candidates)
    if options.mode == "pairwise":
        raise UsageError("--mode pairwise", "a reward model scores answers one by one", expected="--mode pointwise")
    return _scores(options, models, candidates=candidates)


def _pairwise(options: argparse.Namespace, judges: Sequence[Model], *, candidates: bool) -> JudgeJob:
    if candidates:
        found = f"{options.input} holds candidates, which are scored one by one"
        raise UsageError("--mode pairwise", found, expected="--mode pointwise")
    _refuse(options, (*OF_SCORES, *OF_CANDIDATES), "needs --mode pointwise, a reward model or candidates")
    if options.together not in (None, "majority", "all"):
        found = f"{options.together} is for scores"
        raise UsageError("--together", found, expected="majority or all", hint="Add --mode pointwise to have scores.")
    if options.rubric:
        load_rubric(options.rubric)  # so that a fault shows before the pairs are read
    return JudgeJob(
        pairs=options.input,
        lang=check_lang(options.lang, "--lang") if options.lang else None,
        out=options.out,
        judges=tuple(judges),
        rule=options.together or "majority",
        rubric=options.rubric,
        sample=options.sample,
        settings=ask_settings(options),
    )


def _scores(options: argparse.Namespace, judges: Sequence[Model], *, candidates: bool) -> ScoreJob:
    if not candidates:
        _refuse(options, OF_CANDIDATES, f"is for candidates, and {options.input} holds pairs")
    if options.rubric and options.domain:
        raise UsageError("--domain", "says nothing with --rubric", hint="A rubric that is given is for all rows.")
    if not any(judge.side == "judge" for judge in judges):
        _refuse(options, ("rubric", "domain", "domain_column"), "is for judges, and only reward models are named")
    recipe = load_judge_recipe(options.recipe or "default")
    return ScoreJob(
        input=options.input,
        lang=check_lang(options.lang, "--lang") if options.lang else None,
        out=options.out,
        judges=tuple(judges),
        recipe=recipe,
        together=_together(options.together, recipe, judges),
        choice=options.choose or recipe.choose,
        margin=recipe.margin if options.margin is None else options.margin,
        rubric=options.rubric,
        domain=options.domain,
        domain_column=options.domain_column,
        sample=options.sample,
        seed=options.seed or 0,
        settings=ask_settings(options),
    )


def _refuse(options: argparse.Namespace, names: Sequence[str], why: str) -> None:
    for name in names:
        if getattr(options, name) is not None:
            raise UsageError(f"--{name.replace('_', '-')}", why)


def _together(said: Combining | None, recipe: JudgeRecipe, judges: Sequence[Model]) -> Combining:
    """How judges are combined: their mean, if all have one scale; else standardised."""
    has_rewards = any(judge.side == "reward" for judge in judges)
    rule = said or recipe.together or ("standardised" if has_rewards else "mean")
    if rule == "mean" and has_rewards and len(judges) > 1:
        where = "--together" if said else f"recipe {recipe.name}: together"
        raise UsageError(where, "mean: the scores of a reward model have a scale of their own", expected="standardised")
    return rule


def _models(options: argparse.Namespace, side: Literal["judge", "reward"]) -> list[Model]:
    """The judges, or the reward models; where there are several, the key of the environment is for the first server.

    Raises:
        UsageError: there are more URLs or key files than models, or one stands twice.
    """
    names: list[str] = getattr(options, f"{side}_model") or []
    urls, files = (_one_for_each(options, side, what, len(names)) for what in ("url", "key_file"))
    for name in names:
        if [*(options.judge_model or []), *(options.reward_model or [])].count(name) > 1:
            raise UsageError(f"--{side}-model", f"{name} is given twice", hint="Verdicts are told apart by its name.")
    if side == "reward" and names and None in urls:
        raise UsageError("--reward-url", "is missing", expected="a vLLM server, such as http://127.0.0.1:8001")
    if side == "reward" and names and options.batch:
        raise UsageError("--batch", "a reward model has no Batch API", hint="Run it by itself, without --batch.")
    prices = load_prices(options.prices)
    others = {name: value for name, value in os.environ.items() if name != f"{side.upper()}_API_KEY"}
    return [
        served_model(
            side, name, _with_v1(url) if side == "reward" else url, file, _keys(url == urls[0], others),
            prices=prices, limited=options.max_spend is not None, batch=options.batch,
        )
        for name, url, file in zip(names, urls, files, strict=True)
    ]  # fmt: skip


def _keys(is_first: bool, others: Mapping[str, str]) -> Mapping[str, str]:
    return os.environ if is_first else others


def _with_v1(url: str) -> str:
    """The URL with /v1, below which vLLM lists its models; people give that of a reward model without."""
    bare = url.rstrip("/")
    return bare if bare.endswith("/v1") else f"{bare}/v1"


def _one_for_each(options: argparse.Namespace, side: Side, what: str, count: int) -> list[Any]:
    """The values of an option, one for each model; a single URL is for all, other options that are not given are None.

    Raises:
        UsageError: there is another number of them.
    """
    given = getattr(options, f"{side}_{what}") or []
    if not given or (len(given) == 1 and what == "url" and count):
        return (given or [None]) * count
    if len(given) != count:
        flag, kind = f"--{side}-{what.replace('_', '-')}", "judges" if side == "judge" else "reward models"
        raise UsageError(flag, f"is given {len(given)} times for {count} {kind}", expected="one for each")
    return list(given)
