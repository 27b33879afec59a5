"""TRL's layouts: standard, conversational, and with the prompt inside both sides (implicit), as lists of messages.

https://huggingface.co/docs/trl/dataset_formats. An implicit prompt of plain strings is not read: its end is a guess.
"""

from sources.layouts.layout import (
    Draft,
    Layout,
    NoPairError,
    Row,
    after_common_turns,
    answer,
    has,
    is_messages,
    is_text,
    messages,
    text,
    user,
)


def _standard(row: Row) -> Draft:
    """With a column system, as axolotl's prompt_pairs has it, that is the first turn."""
    return Draft(user(text(row, "prompt"), text(row, "system")), text(row, "chosen"), text(row, "rejected"))


def _conversational(row: Row) -> Draft:
    prompt = messages(row["prompt"], "prompt")
    return Draft(prompt, answer(row["chosen"], "chosen"), answer(row["rejected"], "rejected"))


def _implicit(row: Row) -> Draft:
    return after_common_turns(messages(row["chosen"], "chosen"), messages(row["rejected"], "rejected"))


def _mixed(row: Row) -> Draft:
    """UltraFeedback: the sides are answers, or whole dialogues that begin with the prompt."""
    chosen, rejected = messages(row["chosen"], "chosen"), messages(row["rejected"], "rejected")
    prompt = text(row, "prompt")
    if len(chosen) == len(rejected) == 1:
        return Draft(user(prompt), answer(chosen, "chosen"), answer(rejected, "rejected"))
    draft = after_common_turns(chosen, rejected)
    if prompt.strip() not in "\n".join(turn["content"] for turn in draft.prompt):
        raise NoPairError("broken_turns", "the prompt is not what the dialogues begin with")
    return draft


def _no_prompt(row: Row) -> bool:
    return row.get("prompt") is None


CONVERSATIONAL = Layout(
    "trl",
    '{"prompt": [messages], "chosen": [message], "rejected": [message]}',
    lambda row: has(row, prompt=is_messages, chosen=is_messages, rejected=is_messages),
    _conversational,
)
STANDARD = Layout(
    "trl-standard",
    '{"prompt": "...", "chosen": "...", "rejected": "..."}',
    lambda row: has(row, prompt=is_text, chosen=is_text, rejected=is_text),
    _standard,
)
IMPLICIT = Layout(
    "trl-implicit",
    '{"chosen": [messages], "rejected": [messages]}, which begin alike',
    lambda row: _no_prompt(row) and has(row, chosen=is_messages, rejected=is_messages),
    _implicit,
)
ULTRAFEEDBACK = Layout(
    "ultrafeedback",
    '{"prompt": "...", "chosen": [messages], "rejected": [messages]}',
    lambda row: has(row, prompt=is_text, chosen=is_messages, rejected=is_messages),
    _mixed,
)
