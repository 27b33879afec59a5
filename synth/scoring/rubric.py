"""A rubric for scores: what a judge is told about one answer, by which aspects, on which scale."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from sources.command.errors import UsageError
from sources.command.settings import Settings, find_settings, load_settings
from sources.pairs.languages import Lang, asked_in
from synth.job.recipe import check_sampling
from synth.job.template import CONTENT, Message
from synth.judging.rubric import RUBRICS, Turns

PLACES = ("prompt", "answer")
IN_BRACES = re.compile(r"\{(prompt|answer|aspects|form|low|high)\}")
ASPECT = r"^[a-z][a-z_]*$"
MOST_LABELS = 100

Setting = Literal["auto", "on", "off"]


def _has_places(question: str) -> str:
    if tuple(name for name in IN_BRACES.findall(question) if name in PLACES) != PLACES:
        raise ValueError("it must hold {prompt} and {answer}, once each and in this order")
    return question


class Scale(Settings):
    """The whole numbers from `low` to `high`."""

    low: Annotated[int, Field(ge=0)] = 1
    high: int = 5

    @model_validator(mode="after")
    def _is_one(self) -> "Scale":
        if not self.low < self.high <= self.low + MOST_LABELS:
            raise ValueError(f"high must be above low, by {MOST_LABELS} at most")
        return self

    @property
    def labels(self) -> list[int]:
        """Every score."""
        return list(range(self.low, self.high + 1))

    @property
    def is_prefix_free(self) -> bool:
        """Whether no score begins like another, as 10 does like 1: only then does one token tell the score."""
        return len(str(self.low)) == len(str(self.high))


class ScoreRubric(Settings):
    """The keys of a rubric file. `aspects` are what is scored, each with a description; `{aspects}` and `{form}` stand
    for their list and for the JSON to answer with. The conversation comes before the answer: a server with a prefix
    cache reads it once for all answers to it. Without `reason` the judge gives scores only."""

    name: str
    like: str | None = None
    system: str = ""
    question: Annotated[str, AfterValidator(_has_places)]
    again: Annotated[str, Field(min_length=1)]
    turns: Turns
    reason: str = ""
    aspects: Annotated[dict[Annotated[str, Field(pattern=ASPECT)], str], Field(min_length=1)]
    scale: Scale = Scale()
    structured: Setting = "auto"
    logprobs: Setting = "auto"
    sampling: dict[str, Any]

    def ask(self, prompt: list[Message], answer: str) -> list[Message]:
        """The messages that ask for the scores of one answer; braces in texts are left unchanged."""
        forms = self.turns.model_dump()
        told = "\n\n".join(forms[turn["role"]].replace(CONTENT, turn["content"]) for turn in prompt)
        texts = {"prompt": told, "answer": answer}
        head = [{"role": "system", "content": self._write(self.system)}] if self.system.strip() else []
        return [*head, {"role": "user", "content": self._write(self.question, texts)}]

    def ask_again(self) -> Message:
        """The message that asks once more, after an answer that could not be read."""
        return {"role": "user", "content": self._write(self.again)}

    def _write(self, text: str, texts: dict[str, str] | None = None) -> str:
        values = {
            "aspects": "\n".join(f"- {name}: {said}" for name, said in self.aspects.items()),
            "form": self._form(),
            "low": str(self.scale.low),
            "high": str(self.scale.high),
            **(texts or {}),
        }
        return IN_BRACES.sub(lambda place: values.get(place[1], place[0]), text).strip()

    def _form(self) -> str:
        """The JSON to answer with; N stands for a score."""
        reason = [f'"reason": "{self.reason}"'] * bool(self.reason)
        return "{" + ", ".join([*reason, *(f'"{name}": N' for name in self.aspects)]) + "}"

    @property
    def response_format(self) -> dict[str, Any]:
        """What asks a server that knows structured output for this JSON and nothing else."""
        score = {"type": "integer", "enum": self.scale.labels}
        reason: dict[str, Any] = {"reason": {"type": "string"}} if self.reason else {}
        properties = {**reason, **dict.fromkeys(self.aspects, score)}
        schema = {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }
        return {"type": "json_schema", "json_schema": {"name": "scores", "strict": True, "schema": schema}}


def rubrics_of(lang: Lang) -> Path:
    """The folder of our own rubrics in that language, or of the English ones where there are none."""
    return RUBRICS / "scores" / asked_in(lang)


def load_score_rubric(flag: str, name_or_file: str, lang: Lang) -> ScoreRubric:
    """The rubric of that name in that language, or in that file; `flag` is where it was given.

    Raises:
        UsageError: there is none, or a key or value in it is wrong; says which.
    """
    folder = rubrics_of(lang)
    path = find_settings(flag, name_or_file, folder)
    rubric = load_settings(ScoreRubric, flag, name_or_file, folder)
    check_sampling(path, "sampling", rubric.sampling)
    if "reason" in rubric.aspects:
        raise UsageError(path, "aspects.reason: reason is what the judge says of its scores", hint="Rename it.")
    for name, where in (("response_format", "structured"), ("logprobs", "logprobs"), ("top_logprobs", "logprobs")):
        if name in rubric.sampling:
            raise UsageError(path, f"sampling.{name} is set by {where}", hint="Remove it from the rubric.")
    if rubric.logprobs == "on" and not rubric.scale.is_prefix_free:
        found = f"logprobs: on with a scale from {rubric.scale.low} to {rubric.scale.high}"
        raise UsageError(path, found, hint="A score that begins like another cannot be told by one token: 1 to 9, say.")
    return rubric
