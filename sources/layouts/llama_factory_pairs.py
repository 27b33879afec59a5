"""LLaMA-Factory's layouts: alpaca (instruction, input), its older form with two outputs, and sharegpt."""

from sources.layouts.layout import (
    Draft,
    Layout,
    Message,
    NoPairError,
    Row,
    answer,
    has,
    history_turns,
    is_message,
    is_messages,
    is_text,
    messages,
    text,
)


def _prompt(row: Row) -> list[Message]:
    """system, history and instruction with its input below it."""
    instruction, extra = text(row, "instruction"), text(row, "input")
    said = f"{instruction}\n{extra}" if extra.strip() else instruction
    system = [{"role": "system", "content": text(row, "system")}] if text(row, "system") else []
    turns = [*system, *history_turns(row.get("history"))]
    return [*turns, {"role": "user", "content": said}]


def _alpaca(row: Row) -> Draft:
    return Draft(_prompt(row), text(row, "chosen"), text(row, "rejected"))


def _old(row: Row) -> Draft:
    """Of a longer ranking the first two, as LLaMA-Factory takes them."""
    output = row["output"]
    if len(output) < 2 or not all(isinstance(said, str) for said in output):
        raise NoPairError("not_two_answers", f"output has {len(output)} answers, expected two strings")
    return Draft(_prompt(row), output[0], output[1])


def _sharegpt(row: Row) -> Draft:
    system = [{"role": "system", "content": text(row, "system")}] if text(row, "system") else []
    prompt = [*system, *messages(row["conversations"], "conversations")]
    return Draft(prompt, answer(row["chosen"], "chosen"), answer(row["rejected"], "rejected"))


def _is_list(value: object) -> bool:
    return isinstance(value, list)


ALPACA = Layout(
    "llamafactory",
    '{"instruction": "...", "input": "...", "chosen": "...", "rejected": "..."}',
    lambda row: has(row, instruction=is_text, chosen=is_text, rejected=is_text),
    _alpaca,
)
OLD = Layout(
    "llamafactory-old",
    '{"instruction": "...", "input": "...", "output": ["better", "worse"]}',
    lambda row: has(row, instruction=is_text, output=_is_list),
    _old,
)
SHAREGPT = Layout(
    "sharegpt",
    '{"conversations": [{"from": ..., "value": ...}], "chosen": {...}, "rejected": {...}}',
    lambda row: has(row, conversations=is_messages, chosen=is_message, rejected=is_message),
    _sharegpt,
)
