"""The layouts of HH-RLHF: dialogues written out in one text, with the prompt inside both sides or by itself."""

import re

from sources.layouts.known.trl import sides
from sources.layouts.layout import Draft, Layout, Message, NoPairError, Options, Row, has_prompt, is_text
from sources.layouts.turns import after_common_turns, text

SPEAKER = re.compile(r"\n\n(Human|Assistant): ?")
SPEAKERS = {"Human": "user", "Assistant": "assistant"}


def _hh(row: Row, options: Options) -> list[Draft]:
    return [after_common_turns(dialogue(text(row, "chosen")), dialogue(text(row, "rejected")))]


def _hh_prompt(row: Row, options: Options) -> list[Draft]:
    answers = {side: text(row, side).strip() for side in ("chosen", "rejected")}
    return sides(dialogue(text(row, "prompt"))[:-1], answers)


def dialogue(said: str) -> list[Message]:
    """The turns of a text in which each begins with "\\n\\nHuman:" or "\\n\\nAssistant:"."""
    before, *parts = SPEAKER.split(said if said.startswith("\n\n") else f"\n\n{said}")
    if before.strip():
        raise NoPairError("broken_turns", "a dialogue does not begin with Human:")
    return [
        {"role": SPEAKERS[who], "content": content.strip()}
        for who, content in zip(parts[::2], parts[1::2], strict=True)
    ]


def _is_dialogue(value: object) -> bool:
    return isinstance(value, str) and SPEAKER.search(f"\n\n{value}") is not None


def is_open_dialogue(value: object) -> bool:
    """A dialogue that ends where the assistant is about to speak."""
    return isinstance(value, str) and value.startswith("\n\nHuman:") and value.rstrip().endswith("\n\nAssistant:")


HH = Layout(
    "hh",
    '{"chosen": "\\n\\nHuman: ...\\n\\nAssistant: ...", "rejected": ...}',
    ({"chosen": _is_dialogue, "rejected": _is_dialogue},),
    _hh,
    unless=has_prompt,
)
HH_PROMPT = Layout(
    "hh-prompt",
    '{"prompt": "\\n\\nHuman: ...\\n\\nAssistant:", "chosen": "...", "rejected": "..."}',
    ({"prompt": is_open_dialogue, "chosen": is_text, "rejected": is_text},),
    _hh_prompt,
)
