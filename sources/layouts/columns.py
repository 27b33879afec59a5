"""Columns that mean the same in every layout: system, history, tools, pictures, scores, models, language, reasoning,
further answers. Each is read, or the row is skipped with a reason; any other column is named as not used.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

from sources.layouts import column_steps as steps
from sources.layouts.column_steps import Drafts
from sources.layouts.layout import Row

SYSTEM = ("system", "system_prompt", "system_message", "system_instruction", "sys_prompt")
HISTORY = ("history", "chat_history", "conversation_history", "dialogue_history")
TOOLS = ("tools", "functions")
MEDIA = re.compile(r"(?:image|img|picture|video|audio)s?(?:[_-](?:url|path|file)s?)?")
LANGUAGE = ("language", "lang")
LABEL = ("label", "labels", "winner", "preference", "preferred", "kto_tag")
MARGIN = ("margin", "score_margin", "rating_margin")
LONE_REASONING = ("reasoning_content", "reasoning", "thinking", "thought", "rationale")
SCORES = ("scores", "ratings", "rewards")
LONE_SCORE = ("score", "rating", "reward")
LONE_MODEL = ("model", "model_name")
"""The last two say something of a row with one answer; of a pair they do not say which."""

_SCORE = r"(?:avg[_-]?)?(?:score|rating|reward)s?"
SIDE = r"(chosen|rejected)"
PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("score", re.compile(rf"{_SCORE}[_-]{SIDE}|{SIDE}[_-](?:response[_-])?{_SCORE}")),
    ("model", re.compile(rf"{SIDE}[_-](?:response[_-])?model(?:[_-]name)?|model[_-]{SIDE}")),
    (
        "reasoning",
        re.compile(rf"{SIDE}[_-](?:reasoning(?:_content)?|thinking)|(?:reasoning(?:_content)?|thinking)[_-]{SIDE}"),
    ),
    ("further", re.compile(rf"{SIDE}[_-]?[0-9]{{1,2}}")),
)
"""Columns that belong to one side."""

Step = Callable[[Row, Drafts], bool]
"""Reads a column into what the layout made of the row; whether it was of use."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of the columns that a layout leaves: `steps` read them, `unused` mean nothing."""

    steps: tuple[tuple[str, Step], ...]
    unused: tuple[str, ...]


@lru_cache(maxsize=4096)
def plan_columns(columns: tuple[str, ...], used: frozenset[str], ignore: frozenset[str], *, unpaired: bool) -> Plan:
    """What to do with these columns of a row, of which a layout used some; `unpaired`: a row has one answer."""
    planned: list[tuple[int, str, Step]] = []
    unused = []
    for column in columns:
        if column in used:
            continue
        step = None if column in ignore else _step(column, unpaired=unpaired)
        if step is None:
            unused.append(column)
        else:
            planned.append((step[0], column, step[1]))
    planned.sort(key=lambda each: each[0])
    return Plan(tuple((column, step) for _, column, step in planned), tuple(unused))


def _step(column: str, *, unpaired: bool) -> tuple[int, Step] | None:
    """How a column of known meaning is read, and when; None for one that means nothing."""
    name = column.lower()
    if MEDIA.fullmatch(name):
        return 0, partial(steps.refuse_media, column=column)
    for order, names, read in (*_OF_A_ROW, *(_OF_ONE_ANSWER if unpaired else _OF_A_PAIR)):
        if name in names:
            return order, partial(read, column=column)
    for kind, pattern in PATTERNS:
        if found := pattern.fullmatch(name):
            order, read_side = (_OF_THE_SIDE_OF_ONE if unpaired else _OF_A_SIDE)[kind]
            return order, partial(read_side, column=column, side=next(filter(None, found.groups())))
    return None


_OF_A_ROW = (
    (1, LABEL, steps.refuse_label),
    (3, TOOLS, steps.read_tool_column),
    (3, LANGUAGE, steps.read_language),
    (4, HISTORY, steps.read_history),
    (5, SYSTEM, steps.read_system),
)
_OF_A_PAIR = (
    (1, LONE_REASONING, steps.refuse_reasoning),
    (6, SCORES, steps.read_scores),
    (7, MARGIN, steps.read_margin),
)
_OF_ONE_ANSWER = (
    (6, LONE_REASONING, steps.read_reasoning),
    (6, LONE_SCORE, steps.read_score),
    (6, LONE_MODEL, steps.read_model),
)
_OF_A_SIDE: dict[str, tuple[int, Callable[..., bool]]] = {
    "score": (6, steps.read_score),
    "model": (6, steps.read_model),
    "reasoning": (6, steps.read_reasoning),
    "further": (8, steps.read_further),
}
_OF_THE_SIDE_OF_ONE = {**_OF_A_SIDE, "further": (1, steps.refuse_further)}
"""In which order columns are read: what skips a row first, then turns from the last to the first, then scores."""
