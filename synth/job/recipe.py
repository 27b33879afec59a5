"""The recipe of a synth run, read from YAML with every key checked: sampling, checks, pairing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import Field

from sources.command.errors import UsageError
from sources.command.settings import Settings, did_you_mean, find_settings, load_settings
from sources.pairs.languages import TestedLang
from synth.job.answer_checks import CHECKS

RECIPES = Path(__file__).parent.parent / "recipes"

Pairing = Literal["first", "all", "closest_length"]
Policy = Literal["drop", "off"]
KeepReasoning = Literal["strip", "keep"]
"""What becomes of an answer's reasoning: it is left out of the pair, or stands before the answer between marks."""

Thinking = Literal["on", "off"]
KWARGS = "chat_template_kwargs"
SWITCHES = ("enable_thinking", "thinking")
"""What chat templates call their switch for thinking: that of Qwen3, GLM-4.5 and others; that of DeepSeek-V3.1, Granite
and others. A template ignores the name that it does not know."""

OURS = ("model", "prompt", "messages", "n", "seed", "stream", "stream_options", "best_of", "echo", "user")
"""Options of a request that a recipe must not set: the command sets them, or they would break the answer."""


def _own_templates() -> dict[TestedLang, str]:
    return {"zh": "zh", "en": "en"}


class Writing(Settings):
    """How the answers of one side are asked for. `sampling` is sent to the server unchanged. `thinking` sets the switch
    of the model's chat template; without it, the template decides."""

    api: Literal["auto", "chat", "completions"] = "auto"
    templates: Mapping[TestedLang, str] = Field(default_factory=_own_templates)
    sampling: dict[str, Any]
    send_seed: bool = True
    thinking: Thinking | None = None

    @property
    def sent(self) -> dict[str, Any]:
        """The options that are sent: sampling, and the switch for thinking."""
        if self.thinking is None:
            return self.sampling
        told = self.sampling.get(KWARGS) or {}
        return {**self.sampling, KWARGS: {**told, **dict.fromkeys(SWITCHES, self.thinking == "on")}}

    @property
    def max_tokens(self) -> int:
        """The most tokens of an answer."""
        return int(self.sampling.get("max_tokens") or self.sampling["max_completion_tokens"])


class SynthRecipe(Settings):
    """The keys of a recipe file."""

    name: str
    rejected: Writing
    chosen: Writing = Writing(api="chat", sampling={"temperature": 1.0, "top_p": 1.0, "max_tokens": 1024})
    candidate: Writing = Writing(sampling={"temperature": 1.0, "top_p": 1.0, "max_tokens": 1024})
    vllm: dict[str, Any] = Field(default_factory=dict)
    pairing: Pairing = "first"
    reasoning: KeepReasoning = "strip"
    checks: dict[str, Policy] = Field(default_factory=dict)
    max_similarity: Annotated[float, Field(ge=0.5, le=1.0)] = 0.9


SIDES: Final = ("rejected", "chosen", "candidate")
"""The sections of a recipe that say how answers are asked for."""


def load_recipe(name_or_file: str) -> SynthRecipe:
    """The recipe of that name, or in that file.

    Raises:
        UsageError: there is none, or a key or value in it is wrong; says which.
    """
    path = find_settings("--recipe", name_or_file, RECIPES)
    recipe = load_settings(SynthRecipe, "--recipe", name_or_file, RECIPES)
    for side in SIDES:
        writing: Writing = getattr(recipe, side)
        check_sampling(path, f"{side}.sampling", writing.sampling)
    for name in recipe.checks:
        if name not in CHECKS:
            raise UsageError(
                path, f"checks: no {name}", expected=", ".join(CHECKS), hint=did_you_mean(name, list(CHECKS))
            )
    return recipe


def check_sampling(path: Path, where: str, sampling: dict[str, Any]) -> None:
    """Nothing, if the options are ones that people may set, with the values that the common ones take; `where` is their
    key in the file.

    Raises:
        UsageError: one is not.
    """
    for name in OURS:
        if name in sampling:
            raise UsageError(path, f"{where}.{name} is set by the command itself", hint="Remove it.")
    given = [name for name in ("max_tokens", "max_completion_tokens") if name in sampling]
    if len(given) != 1:
        raise UsageError(
            path,
            f"{where}: {' and '.join(given) or 'no max_tokens'}",
            expected=MAX_TOKENS,
        )
    if not _is_whole(sampling[given[0]]) or sampling[given[0]] < 1:
        raise UsageError(path, f"{where}.{given[0]} is {sampling[given[0]]!r}", expected="a whole number above 0")
    stop = sampling.get("stop", [])
    if not isinstance(stop, str) and not (isinstance(stop, list) and all(isinstance(each, str) for each in stop)):
        raise UsageError(path, f"{where}.stop is {stop!r}", expected="a string or a list of strings")
    for name, value in sampling.items():
        if not _is_json(value):
            raise UsageError(path, f"{where}.{name} is {value!r}", expected="what JSON can say, keys as strings")
    for name, (low, high) in RANGES.items():
        value = sampling.get(name, low)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise UsageError(path, f"{where}.{name} is {value!r}", expected=f"a number from {low:g} to {high:g}")


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_json(value: object) -> bool:
    try:
        return bool(orjson.loads(orjson.dumps(value)) == value)
    except TypeError:
        return False


MAX_TOKENS = "max_tokens (where it is missing, servers cut at 16)"
RANGES = {
    "temperature": (0.0, 2.0),
    "top_p": (0.0, 1.0),
    "presence_penalty": (-2.0, 2.0),
    "frequency_penalty": (-2.0, 2.0),
}
