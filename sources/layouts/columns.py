"""Columns that mean the same in every layout: system, history, tools, pictures, scores, models, language, reasoning,
further answers. Each is read, or the row is skipped with a reason; any other column is named as not used.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from sources.command.printable import shown
from sources.layouts.layout import Draft, Half, Message, NoPairError, Row
from sources.layouts.tool_calls import read_tools
from sources.layouts.turns import answers, history_turns, number

SYSTEM = ("system", "system_prompt", "system_message", "system_instruction", "sys_prompt")
HISTORY = ("history", "chat_history", "conversation_history", "dialogue_history")
TOOLS = ("tools", "functions")
MEDIA = ("images", "image", "videos", "video", "audios", "audio", "image_path", "video_path", "audio_path")
LANGUAGE = ("language", "lang")
LABEL = ("label", "labels", "winner", "preference", "preferred", "kto_tag")
MARGIN = ("margin", "score_margin", "rating_margin")
LONE_REASONING = ("reasoning_content", "reasoning", "thinking", "thought", "rationale")

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

LANGUAGES = {
    "zh": "zh", "zh-cn": "zh", "zh-tw": "zh", "zh-hans": "zh", "zh-hant": "zh", "zho": "zh", "cmn": "zh",
    "chinese": "zh", "mandarin": "zh", "中文": "zh", "汉语": "zh",
    "en": "en", "en-us": "en", "en-gb": "en", "eng": "en", "english": "en", "英文": "en", "英语": "en",
}  # fmt: skip

Step = Callable[[Row, "list[Draft] | list[Half]"], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of the columns that a layout leaves: `steps` read them, `unused` mean nothing."""

    steps: tuple[Step, ...]
    unused: tuple[str, ...]


@lru_cache(maxsize=4096)
def plan_columns(columns: tuple[str, ...], used: frozenset[str], ignore: frozenset[str]) -> Plan:
    """What to do with these columns of a row, of which a layout used some."""
    steps: list[tuple[int, Step]] = []
    unused = []
    for column in columns:
        if column in used:
            continue
        step = None if column in ignore else _step(column)
        if step is None:
            unused.append(column)
        else:
            steps.append(step)
    return Plan(tuple(step for _, step in sorted(steps, key=lambda each: each[0])), tuple(unused))


def _step(column: str) -> tuple[int, Step] | None:
    """How a column of known meaning is read, and when; None for one that means nothing."""
    name = column.lower()
    for order, names, read in _BY_NAME:
        if name in names:
            return order, _call(read, column)
    for kind, pattern in PATTERNS:
        if found := pattern.fullmatch(name):
            side = next(group for group in found.groups() if group)
            return _BY_SIDE[kind][0], _call(_BY_SIDE[kind][1], column, side)
    return None


def _call(read: Callable[..., None], *arguments: str) -> Step:
    return lambda row, drafts: read(row, drafts, *arguments)


def _media(row: Row, drafts: Iterable[Draft | Half], column: str) -> None:
    value = row[column]
    if value and any(value) if isinstance(value, list) else value:
        raise NoPairError("has_media", f"{column} is {shown(value)}; pairs here are text")


def _tools(row: Row, drafts: Iterable[Draft | Half], column: str) -> None:
    tools = read_tools(row[column], column)
    for draft in drafts:
        draft.tools = draft.tools or tools


def _history(row: Row, drafts: Iterable[Draft | Half], column: str) -> None:
    turns = history_turns(row[column])
    if not turns:
        return
    for draft in drafts:
        if len(draft.prompt) > 1 + (draft.prompt[0]["role"] == "system"):
            raise NoPairError("two_histories", f"{column} has {len(turns)} turns, and the prompt has earlier ones too")
        first = draft.prompt[:-1]
        draft.prompt = [*first, *turns, *draft.prompt[-1:]]


def _system(row: Row, drafts: Iterable[Draft | Half], column: str) -> None:
    said = row[column]
    if not said:
        return
    if not isinstance(said, str):
        raise NoPairError("wrong_type", f"{column} is {shown(said)}, expected a string")
    if not said.strip():
        return
    for draft in drafts:
        draft.prompt = with_system(draft.prompt, said, column)


def with_system(turns: list[Message], said: str, column: str) -> list[Message]:
    """The turns below what the system says.

    Raises:
        NoPairError: the system says something else there already.
    """
    if turns and turns[0]["role"] == "system":
        if turns[0]["content"].strip() == said.strip():
            return turns
        found = f"{column} is {shown(said)}, and the system turn is {shown(turns[0]['content'])}"
        raise NoPairError("two_systems", found)
    return [{"role": "system", "content": said}, *turns]


def _score(row: Row, drafts: Iterable[Draft | Half], column: str, side: str) -> None:
    score = number(row[column])
    for draft in drafts:
        if isinstance(draft, Draft):
            setattr(draft, f"score_{side}", score)


def _margin(row: Row, drafts: Iterable[Draft | Half], column: str) -> None:
    """How much better chosen is: its score above 0 where the row has no scores."""
    margin = number(row[column])
    for draft in drafts:
        if margin is not None and isinstance(draft, Draft) and draft.score_chosen is None is draft.score_rejected:
            draft.score_chosen, draft.score_rejected = margin, 0.0


def _model(row: Row, drafts: Iterable[Draft | Half], column: str, side: str) -> None:
    name = row[column]
    if isinstance(name, str) and name.strip():
        for draft in drafts:
            setattr(draft, f"{side}_model", name)


def _language(row: Row, drafts: Iterable[Draft | Half], column: str) -> None:
    name = row[column]
    for draft in drafts:
        draft.lang = LANGUAGES.get(name.strip().lower(), "") if isinstance(name, str) else ""


def _label(row: Row, drafts: Iterable[Draft | Half], column: str) -> None:
    """A label beside a pair may say that the sides are the other way round."""
    if row[column] is not None and row[column] != "" and not (column == "preference" and row[column] == "chosen"):
        raise NoPairError(
            "unread_label", f"{column} is {shown(row[column])}, and this layout does not say what it means"
        )


def _lone_reasoning(row: Row, drafts: Iterable[Draft | Half], column: str) -> None:
    if row[column]:
        raise NoPairError("unplaced_reasoning", f"{column} is {shown(row[column])}, of which answer is not said")


def _reasoning(row: Row, drafts: Iterable[Draft | Half], column: str, side: str) -> None:
    said = row[column]
    if not said:
        return
    if not isinstance(said, str):
        raise NoPairError("wrong_type", f"{column} is {shown(said)}, expected a string")
    for draft in drafts:
        if isinstance(draft, Draft):
            turns = getattr(draft, side)
            setattr(draft, side, [*turns[:-1], {**turns[-1], "reasoning_content": said}])


def _further(row: Row, drafts: "list[Draft]", column: str, side: str) -> None:
    """One more answer of a side: a pair with the first answer of the other."""
    if not row[column]:
        return
    for said in answers(row[column], column):
        if side == "chosen":
            drafts.append(replace(drafts[0], chosen=said, score_chosen=None, chosen_model=None))
        else:
            drafts.append(replace(drafts[0], rejected=said, score_rejected=None, rejected_model=None))


_BY_NAME = (
    (0, MEDIA, _media),
    (1, LABEL, _label),
    (1, LONE_REASONING, _lone_reasoning),
    (3, TOOLS, _tools),
    (3, LANGUAGE, _language),
    (4, HISTORY, _history),
    (5, SYSTEM, _system),
    (7, MARGIN, _margin),
)
_BY_SIDE: dict[str, tuple[int, Callable[..., None]]] = {
    "score": (6, _score),
    "model": (6, _model),
    "reasoning": (6, _reasoning),
    "further": (8, _further),
}
"""In which order columns are read: what skips a row first, then turns from the last to the first, then scores."""
