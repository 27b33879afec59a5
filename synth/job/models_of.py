"""The models that the options of synth-prefs name, and how they are asked."""

import argparse
import os
from pathlib import Path

from sources.command.errors import UsageError
from synth.job.model import Model, served_model
from synth.job.price import find_price, load_prices
from synth.job.recipe import SynthRecipe
from synth.job.rejected_from import RejectedFrom

MAX_TEMPERATURE = 2.0


def check_hotter(worse: RejectedFrom, recipe: SynthRecipe, rejected: Model | None, chosen: Model | None) -> None:
    """Check that a temperature is given where it is what makes the answer worse.

    Raises:
        UsageError: it is not, or is no higher than that of chosen by the same model.
    """
    if (worse.way == "hotter") != (worse.temperature is not None):
        need = "says nothing without --rejected-from hotter" if worse.temperature else "is missing"
        raise UsageError("--rejected-temperature", need, expected="with --rejected-from hotter, a number up to 2")
    if worse.temperature is None:
        return
    low = 0.0
    if chosen is not None and rejected is not None and chosen.name == rejected.name:
        low = float(recipe.chosen.sampling.get("temperature", 1.0))
    if not low < worse.temperature <= MAX_TEMPERATURE:
        what = f"above {low:g} (that of chosen), at most 2" if low else "above 0, at most 2"
        raise UsageError("--rejected-temperature", f"is {worse.temperature:g}", expected=what)


def candidates_of(options: argparse.Namespace) -> list[Model]:
    """The models whose answers are candidates; CANDIDATE_API_KEY is for the server of the first.

    Raises:
        UsageError: one is no NAME=URL, stands twice, or there are more key files than models.
    """
    given = options.candidate_model or []
    prices, limited = load_prices(options.prices), options.max_spend is not None
    if given and options.engine == "vllm":
        if len(given) > 1:
            raise UsageError("--engine vllm", f"{len(given)} candidates", expected="one, as a folder")
        price = find_price(prices, given[0], is_own=True, limited=limited)
        return [Model(side="candidate", name=Path(given[0]).name, endpoint=None, checkpoint=given[0], price=price)]
    named = [each.rpartition("=") for each in given]
    for number, (name, _, url) in enumerate(named, 1):
        if not name or "://" not in url:  # what was given is not shown: it may hold a password
            found = f"number {number} is no NAME=URL"
            raise UsageError("--candidate-model", found, expected="something like m=http://127.0.0.1:8000/v1")
    names = [name for name, _, _ in named]
    if len(set(names)) < len(names):
        raise UsageError("--candidate-model", "a model is given twice", hint="Answers are told apart by its name.")
    files = options.candidate_key_file or [None] * len(given)
    if len(files) != len(given):
        raise UsageError("--candidate-key-file", f"is given {len(files)} times for {len(given)} candidates")
    others = {name: value for name, value in os.environ.items() if name != "CANDIDATE_API_KEY"}
    return [
        served_model(
            "candidate", name, url, file, os.environ if url == named[0][2] else others, prices=prices, limited=limited
        )
        for (name, _, url), file in zip(named, files, strict=True)
    ]


def models_of(options: argparse.Namespace) -> tuple[Model, Model | None]:
    """The weaker and, if one is asked, the stronger model."""
    prices, limited = load_prices(options.prices), options.max_spend is not None
    chosen = options.chosen_model and served_model(
        "chosen", options.chosen_model, options.chosen_url, options.chosen_key_file, os.environ,
        prices=prices, limited=limited, batch=options.batch,
    )  # fmt: skip
    name = options.rejected_model
    if options.engine == "vllm":
        price = find_price(prices, name, is_own=True, limited=limited)
        shown = Path(name).name  # the path stays out of the outputs
        return Model(side="rejected", name=shown, endpoint=None, checkpoint=name, price=price), chosen
    rejected = served_model(
        "rejected", name, options.rejected_url, options.rejected_key_file, os.environ, prices=prices, limited=limited
    )
    return rejected, chosen
