"""The law: every key of every row, also inside its objects and messages, is used, named as not used, or its row is
skipped with a reason. Rows of every layout get keys at any place, each with a mark that must be found again."""

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from sources.layouts.find import LAYOUTS, row_reader
from sources.layouts.layout import NoPairError
from tests.sources.layouts.rows import ROWS, UNPAIRED, Row, said

PATHS = "keys(prompt=a.q,chosen=b[0].text,rejected=b[1].text,system=a.s,history=a.h,score_chosen=b[0].n)"
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
CALLING = [
    said("user", "一"),
    {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]},
    {"role": "tool", "content": "二", "tool_call_id": "1"},
    {"role": "assistant", "content": [{"type": "text", "text": "三"}]},
    said("user", "四"),
]
BASES: dict[str, Row] = {
    **ROWS["zh"],
    **UNPAIRED,
    "rich": {"prompt": CALLING, "chosen": {"text": "好"}, "rejected": [{"text": "坏"}], "tools": [TOOL]},
    "several": {"prompt": "一", "completions": [{"text": "好", "score": 2}, {"text": "坏"}, {"text": "中", "rank": 1}]},
    "earlier": {"prompt": "一", "chosen": "好", "rejected": "坏", "history": CALLING[:-1]},
    PATHS: {"a": {"q": "一"}, "b": [{"text": "好", "n": 2}, {"text": "坏"}, {"text": "中"}]},
}

NAMES = (
    *("system", "system_prompt", "history", "tools", "functions", "images", "image_url", "label", "winner", "kto_tag"),
    *("score", "rating", "reward", "margin", "score_chosen", "rejected_rating", "chosen_score", "model", "model_name"),
    *("chosen_model", "rejected_model", "models", "model_a", "language", "lang", "reasoning", "reasoning_content"),
    *("thinking", "chosen_reasoning", "rejected_thinking", "rejected_2", "chosen_3", "input", "prompt", "question"),
    *("instruction", "context", "chosen", "rejected", "answer", "text", "content", "value", "role", "from", "name"),
    *("refusal", "tool_calls", "function_call", "tool_call_id", "weight", "loss", "id", "meta", "rank", "index", "s"),
    *("rejected_response", "rejected_messages", "rejected_tools", "safer_response_id", "score_A", "messages", "h", "n"),
)
SHAPES = st.sampled_from(["text", "number", "flag", "list", "object", "message", "messages", "exchange", "objects"])


def shaped(shape: str, mark: int) -> Any:
    """A value of that shape that holds the mark."""
    text = f"mark{mark}"
    shapes = {
        "text": text,
        "number": mark,
        "flag": True,
        "list": [text],
        "object": {"text": text},
        "message": said("assistant", text),
        "messages": [said("user", text), said("assistant", text)],
        "exchange": [[text, text]],
        "objects": [{"text": text, "score": 1}, {"name": text}],
    }
    return shapes[shape]


def objects(value: Any, path: str = "") -> Iterator[tuple[str, Row]]:
    """Every object in a row, with the path to it."""
    if isinstance(value, dict):
        yield path, value
        for key, inside in value.items():
            yield from objects(inside, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for place, inside in enumerate(value):
            yield from objects(inside, f"{path}[{place}]")


def is_named(path: str, unused: list[str]) -> bool:
    """Whether the path, or what leads to it, is among the names of what was not used."""
    names = {re.sub(r"\[-?\d+\]", "[]", name) for name in unused}
    steps = re.split(r"(?=\.|\[)", re.sub(r"\[-?\d+\]", "[]", path))
    begun = {"".join(steps[:end]) for end in range(1, len(steps) + 1)}
    return bool(begun & names) or any(name.startswith(f"{place} ") for place in begun for name in names)


added = st.lists(st.tuples(st.integers(0, 99), st.sampled_from(NAMES), SHAPES), min_size=1, max_size=3)


@given(st.sampled_from(sorted(BASES)), added, st.sets(st.integers(0, 9), max_size=1))
@example("trl-standard", [(0, "language", "text")], set())
@example("trl-standard", [(0, "chosen_model", "object")], set())
@example("trl", [(1, "name", "text")], set())
@example("kto", [(0, "chosen_model", "text")], set())
@example("kto", [(0, "score", "number")], set())
@example("kto", [(0, "rejected_2", "text")], set())
@example("scored", [(0, "input", "text"), (0, "prompt", "text")], set())
@example("rich", [(4, "index", "number")], set())
@example("several", [(2, "model", "list")], set())
def test_every_key_of_every_row_is_used_named_or_in_the_reason(
    name: str, keys: list[tuple[int, str, str]], dropped: set[int]
) -> None:
    row = deepcopy(BASES[name])
    marks: dict[str, str] = {}
    for mark, (place, key, shape) in enumerate(keys, 7_654_321):
        found = list(objects(row))
        path, inside = found[place % len(found)]
        if key not in inside:
            inside[key] = shaped(shape, mark)
            marks[f"{path}.{key}" if path else key] = f"'{key}': True" if shape == "flag" else str(mark)
    for place in dropped & {*range(len(row))}:
        del row[list(row)[place]]
    is_written = name == PATHS
    reader = row_reader(name if name in ROWS["zh"] or is_written else "trl", is_named=is_written)
    try:
        read = reader(row)
    except NoPairError as refused:
        why, evidence = refused.args
        assert why
        assert evidence
        return
    assert is_written or read.layout in LAYOUTS
    given_by_row = repr(read.drafts)
    for path, mark in marks.items():
        if path.split(".")[0].split("[")[0] in row:
            assert mark in given_by_row or is_named(path, read.unused), f"{path} was lost: {read}"
