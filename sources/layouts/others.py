"""The layouts of HH-RLHF, MedicalGPT, ms-swift and axolotl."""

import re

from sources.layouts.layout import (
    Draft,
    Layout,
    Message,
    NoPairError,
    Row,
    after_common_turns,
    answer,
    has,
    history_turns,
    is_messages,
    is_text,
    messages,
    text,
    user,
)

SPEAKER = re.compile(r"\n\n(Human|Assistant): ?")
SPEAKERS = {"Human": "user", "Assistant": "assistant"}


def _hh(row: Row) -> Draft:
    return after_common_turns(_dialogue(text(row, "chosen")), _dialogue(text(row, "rejected")))


def _dialogue(said: str) -> list[Message]:
    """The turns of a text in which each begins with "\\n\\nHuman:" or "\\n\\nAssistant:"."""
    before, *parts = SPEAKER.split(said if said.startswith("\n\n") else f"\n\n{said}")
    if before.strip():
        raise NoPairError("broken_turns", "a dialogue does not begin with Human:")
    return [
        {"role": SPEAKERS[who], "content": content.strip()}
        for who, content in zip(parts[::2], parts[1::2], strict=True)
    ]


def _medical_gpt(row: Row) -> Draft:
    turns = user(text(row, "question"), text(row, "system"))
    turns[-1:-1] = history_turns(row.get("history"))
    return Draft(turns, text(row, "response_chosen"), text(row, "response_rejected"))


def _ms_swift(row: Row) -> Draft:
    said = messages(row["messages"], "messages")
    if not said:
        raise NoPairError("broken_turns", "messages is empty")
    if said[-1]["role"] != "assistant":
        raise NoPairError("broken_turns", "the last message is not the assistant's")
    if row.get("rejected_response") is None:
        return after_common_turns(said, messages(row.get("rejected_messages"), "rejected_messages"))
    return Draft(said[:-1], said[-1]["content"], answer(row["rejected_response"], "rejected_response"))


def _axolotl(row: Row) -> Draft:
    prompt = user(text(row, "question"), text(row, "system"))
    return Draft(prompt, answer(row["chosen"], "chosen"), answer(row["rejected"], "rejected"))


def _is_dialogue(value: object) -> bool:
    return isinstance(value, str) and SPEAKER.search(f"\n\n{value}") is not None


HH = Layout(
    "hh",
    '{"chosen": "\\n\\nHuman: ...\\n\\nAssistant: ...", "rejected": ...}',
    lambda row: row.get("prompt") is None and has(row, chosen=_is_dialogue, rejected=_is_dialogue),
    _hh,
)
MEDICAL_GPT = Layout(
    "medicalgpt",
    '{"question": "...", "response_chosen": "...", "response_rejected": "..."}',
    lambda row: has(row, question=is_text, response_chosen=is_text, response_rejected=is_text),
    _medical_gpt,
)
MS_SWIFT = Layout(
    "ms-swift",
    '{"messages": [messages, the last one chosen], "rejected_response": "..."}',
    lambda row: (
        has(row, messages=is_messages)
        and (is_text(row.get("rejected_response")) or is_messages(row.get("rejected_messages")))
    ),
    _ms_swift,
)
AXOLOTL = Layout(
    "axolotl",
    '{"system": "...", "question": "...", "chosen": "...", "rejected": "..."}',
    lambda row: has(row, question=is_text, chosen=is_text, rejected=is_text),
    _axolotl,
)
