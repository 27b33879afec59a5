"""An instruction template: how the turns of a prompt become one text for a base model to continue."""

import hashlib
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from sources.command.settings import Settings, load_settings

TEMPLATES = Path(__file__).parent.parent / "templates"
MIN_MARK_CHARS = 4
CONTENT = "{content}"

Message = dict[str, str]
"""role and content."""


def _holds_content(form: str) -> str:
    if CONTENT not in form:
        raise ValueError(f"it must hold {CONTENT}")
    return form


Form = Annotated[str, AfterValidator(_holds_content)]
"""How a turn is written; without the content the model would never see it."""


class Template(Settings):
    """The keys of a template file; `{content}` stands for what the turn says."""

    head: str = ""
    system: Form = "{content}\n\n"
    user: Form
    assistant: Form
    answer: str
    stop: tuple[Annotated[str, Field(min_length=1)], ...] = ()

    def render(self, messages: list[Message]) -> str:
        """The text for the model to continue; braces in the messages are left unchanged."""
        forms = {"system": self.system, "user": self.user, "assistant": self.assistant}
        turns = (forms[message["role"]].replace(CONTENT, message["content"]) for message in messages)
        return "".join([self.head, *turns, self.answer])

    @cached_property
    def marks(self) -> tuple[str, ...]:
        """The lines that only the template writes; an answer that holds one of them has continued the template."""
        written = "\n".join((self.head, self.system, self.user, self.assistant, self.answer)).replace(CONTENT, "\n")
        lines = (re.sub(r"\s+", " ", line).strip() for line in written.splitlines())
        return tuple(sorted({line for line in lines if len(line) >= MIN_MARK_CHARS}))

    @cached_property
    def sha256(self) -> str:
        """The hash of all its keys."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def load_template(flag: str, name_or_file: str) -> Template:
    """The template of that name, or in that file; `flag` is where the name was given.

    Raises:
        UsageError: there is none, or it is wrong.
    """
    return load_settings(Template, flag, name_or_file, TEMPLATES)
