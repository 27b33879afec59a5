"""LLaMA-Factory's layouts: alpaca (instruction, input), its older form with two outputs, and sharegpt."""

from collections.abc import Sequence

from sources.layouts.known.trl import sides
from sources.layouts.layout import (
    Draft,
    Layout,
    Message,
    NoPairError,
    Options,
    Row,
    is_answers,
    is_list,
    is_messages,
    is_prompt,
    is_text,
)
from sources.layouts.messages import messages
from sources.layouts.ranked import Rated, rank_pairs
from sources.layouts.turns import assistant, prompt, text, user


def instruction(row: Row) -> str:
    """The instruction, and its input below it where there is one."""
    said, extra = text(row, "instruction"), text(row, "input")
    return f"{said}\n{extra}" if extra.strip() else said


def asked(row: Row, columns: Sequence[str]) -> list[Message]:
    """The turns under the first of these columns that the row has; an instruction with its input."""
    key = next(key for key in columns if is_prompt(row.get(key)))
    return user(instruction(row)) if key == "instruction" else prompt(row[key], key)


def _alpaca(row: Row, options: Options) -> list[Draft]:
    return sides(user(instruction(row)), row)


def _old(row: Row, options: Options) -> list[Draft]:
    """Of a longer ranking the first two, as LLaMA-Factory takes them; by option others."""
    output = row["output"]
    if len(output) < 2 or not all(isinstance(said, str) for said in output):
        raise NoPairError("not_two_answers", f"output has {len(output)} answers, expected two strings")
    ranked = [Rated(assistant(said)) for said in output]
    drafts = rank_pairs(user(instruction(row)), ranked, options, "first", in_order=True)
    if len(output) > 2 and options.pairs in (None, "first"):
        drafts[0].unread = ("output[2:]",)
    return drafts


def _sharegpt(row: Row, options: Options) -> list[Draft]:
    return sides(messages(row["conversations"], "conversations"), row)


ALPACA = Layout(
    "llamafactory",
    '{"instruction": "...", "input": "...", "chosen": "...", "rejected": "..."}',
    ({"instruction": is_text, "chosen": is_answers, "rejected": is_answers},),
    _alpaca,
    joins_input=True,
)
OLD = Layout(
    "llamafactory-old",
    '{"instruction": "...", "input": "...", "output": ["better", "worse"]}',
    ({"instruction": is_text, "output": is_list},),
    _old,
    joins_input=True,
    pairings=("first", "best_worst", "adjacent", "all"),
)
SHAREGPT = Layout(
    "sharegpt",
    '{"conversations": [{"from": ..., "value": ...}], "chosen": {...}, "rejected": {...}}',
    ({"conversations": is_messages, "chosen": is_answers, "rejected": is_answers},),
    _sharegpt,
)
