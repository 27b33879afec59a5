"""TRL's layouts: standard, conversational, and with the prompt inside both sides (implicit), as lists of messages.

https://huggingface.co/docs/trl/dataset_formats. An implicit prompt of plain strings is not read: its end is a guess.
"""

from sources.layouts.layout import (
    Draft,
    Layout,
    NoPairError,
    Options,
    Row,
    has_prompt,
    is_answer,
    is_answer_alone,
    is_answers,
    is_messages,
    is_text,
    is_texts,
)
from sources.layouts.messages import messages
from sources.layouts.ranked import pair, rate_all
from sources.layouts.turns import after_common_turns, answer, assistant, prompt, text, user


def sides(turns: list[dict[str, object]], row: Row, chosen: str = "chosen", rejected: str = "rejected") -> list[Draft]:
    """Every chosen answer of the row with every rejected one; one that is not there is empty."""
    one, other = row.get(chosen), row.get(rejected)
    if type(one) is type(other) is str:
        return [Draft(turns, assistant(one), assistant(other))]
    good, bad = rate_all(one, chosen), rate_all(other, rejected)
    return [pair(turns, better, worse) for better in good for worse in bad]


def _standard(row: Row, options: Options) -> list[Draft]:
    return sides(prompt(text(row, "prompt"), "prompt"), row)


def _conversational(row: Row, options: Options) -> list[Draft]:
    for side in ("chosen", "rejected"):
        if row.get(side) is None:
            raise NoPairError("broken_turns", f"{side} is not there, expected an answer")
    return sides(messages(row["prompt"], "prompt"), row)


def _implicit(row: Row, options: Options) -> list[Draft]:
    return [after_common_turns(messages(row["chosen"], "chosen"), messages(row["rejected"], "rejected"))]


def _mixed(row: Row, options: Options) -> list[Draft]:
    """UltraFeedback: the sides are answers, or whole dialogues that begin with the prompt."""
    chosen, rejected = messages(row["chosen"], "chosen"), messages(row["rejected"], "rejected")
    said = text(row, "prompt")
    if chosen and rejected and chosen[0]["role"] == rejected[0]["role"] == "assistant":
        return [Draft(user(said), answer(row["chosen"], "chosen"), answer(row["rejected"], "rejected"))]
    draft = after_common_turns(chosen, rejected)
    if said.strip() not in "\n".join(turn["content"] for turn in draft.prompt):
        raise NoPairError("broken_turns", "the prompt is not what the dialogues begin with")
    return [draft]


CONVERSATIONAL = Layout(
    "trl",
    '{"prompt": [messages], "chosen": [messages], "rejected": [messages]}',
    ({"prompt": is_messages, "chosen": is_answers, "rejected": is_answers},),
    _conversational,
)
STANDARD = Layout(
    "trl-standard",
    '{"prompt": "...", "chosen": "...", "rejected": "..."}, or lists of answers',
    (
        {"prompt": is_text, "chosen": is_text, "rejected": is_text},
        {"prompt": is_text, "chosen": is_texts, "rejected": is_texts},
        {"prompt": is_text, "chosen": is_text, "rejected": is_texts},
        {"prompt": is_text, "chosen": is_texts, "rejected": is_text},
    ),
    _standard,
)
IMPLICIT = Layout(
    "trl-implicit",
    '{"chosen": [messages], "rejected": [messages]}, which begin alike',
    ({"chosen": is_messages, "rejected": is_messages},),
    _implicit,
    unless=lambda row: has_prompt(row) or is_answer_alone(row["chosen"]),
)
ULTRAFEEDBACK = Layout(
    "ultrafeedback",
    '{"prompt": "...", "chosen": [messages], "rejected": [messages]}',
    ({"prompt": is_text, "chosen": is_answer, "rejected": is_answer},),
    _mixed,
)
