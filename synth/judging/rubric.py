"""A rubric: what a judge is told about a pair, and how it is asked. A YAML file that people read and replace."""

import hashlib
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from sources.command.errors import UsageError
from sources.command.settings import Settings, find_settings, load_settings
from synth.job.recipe import check_sampling
from synth.job.template import CONTENT, Form, Message

RUBRICS = Path(__file__).parent.parent / "rubrics"
PLACES = ("prompt", "first", "second")
IN_BRACES = re.compile(rf"\{{({'|'.join(PLACES)})\}}")


def _has_places(question: str) -> str:
    if tuple(IN_BRACES.findall(question)) != PLACES:
        raise ValueError("it must hold {prompt}, {first} and {second}, once each and in this order")
    return question


class Turns(Settings):
    """How a turn of the conversation is written; `{content}` stands for what it says."""

    system: Form
    user: Form
    assistant: Form


class Rubric(Settings):
    """The keys of a rubric file. In `question` the conversation comes first: what is asked about the two orders of a
    pair begins alike as far as possible, and a server with a prefix cache reads it once."""

    name: str
    system: str = ""
    question: Annotated[str, AfterValidator(_has_places)]
    again: Annotated[str, Field(min_length=1)]
    turns: Turns
    structured: Literal["auto", "on", "off"] = "auto"
    sampling: dict[str, Any]

    def ask(self, prompt: list[Message], first: str, second: str) -> list[Message]:
        """The messages that ask which of two answers is better; braces in texts are left unchanged."""
        texts = {"prompt": self._write(prompt), "first": first, "second": second}
        asked = IN_BRACES.sub(lambda place: texts[place[1]], self.question).strip()
        head = [{"role": "system", "content": self.system.strip()}] if self.system.strip() else []
        return [*head, {"role": "user", "content": asked}]

    def _write(self, prompt: list[Message]) -> str:
        forms = self.turns.model_dump()
        return "\n\n".join(forms[turn["role"]].replace(CONTENT, turn["content"]) for turn in prompt)

    @cached_property
    def sha256(self) -> str:
        """The hash of all its keys."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def load_rubric(name_or_file: str) -> Rubric:
    """The rubric of that name, or in that file.

    Raises:
        UsageError: there is none, or a key or value in it is wrong; says which.
    """
    path = find_settings("--rubric", name_or_file, RUBRICS)
    rubric = load_settings(Rubric, "--rubric", name_or_file, RUBRICS)
    check_sampling(path, "sampling", rubric.sampling)
    if "response_format" in rubric.sampling:
        raise UsageError(path, "sampling.response_format is set by structured", hint="Remove it from the rubric.")
    return rubric
