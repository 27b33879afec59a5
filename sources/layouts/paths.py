"""The layout that a user writes down: which path in a row leads to prompt, chosen, rejected and the rest."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from sources.command.errors import UsageError
from sources.layouts import column_steps as steps
from sources.layouts.layout import Draft, Kinds, Layout, NoPairError, Options, Row, is_nothing
from sources.layouts.messages import unread_keys
from sources.layouts.ranked import PLACE, SCORE_KEYS, pair, rate_all
from sources.layouts.turns import prompt

STEP = re.compile(r"([^.\[\]]+)|\[(-?\d+)\]")
PART = re.compile(r"\s*(\w+)\s*=\s*(.+?)\s*")
REQUIRED = ("prompt", "chosen", "rejected")
OTHERS: Mapping[str, Callable[..., bool]] = {
    "history": steps.read_history,
    "system": steps.read_system,
    "tools": steps.read_tool_column,
    "score_chosen": partial(steps.read_score, side="chosen"),
    "score_rejected": partial(steps.read_score, side="rejected"),
    "chosen_model": partial(steps.read_model, side="chosen"),
    "rejected_model": partial(steps.read_model, side="rejected"),
}
"""What a path may lead to beside a pair, in the order in which it is read."""

Path = tuple[str | int, ...]


def keys_layout(name: str, flag: str) -> Layout:
    """keys(prompt=a.b,chosen=c[0].text,rejected=d) as a layout; also with system, history, tools, scores and models.

    Raises:
        UsageError: it names something else, or something twice.
    """
    inside = re.fullmatch(r"keys\((.+)\)", name)
    parts = [PART.fullmatch(part) for part in inside[1].split(",")] if inside else []
    found = [part for part in parts if part]
    if not found or len(found) != len(parts):
        expected = "keys(prompt=...,chosen=...,rejected=...)"
        raise UsageError(flag, f"no layout is called {name}", expected=expected)
    sides = [part[1] for part in found]
    if sorted(side for side in sides if side not in OTHERS) != sorted(REQUIRED) or len(set(sides)) != len(sides):
        expected = f"prompt, chosen and rejected, each once, and where wanted {', '.join(OTHERS)}"
        raise UsageError(flag, f"{name} names {', '.join(sides)}", expected=expected)
    paths = {part[1]: _parse(part[2], flag) for part in found}
    kinds: Kinds = {str(paths[side][0]): _anything for side in REQUIRED}
    written = {part[1]: part[2] for part in found}
    also = frozenset((*(str(path[0]) for path in paths.values()), *written.values()))
    return Layout(name, name, (kinds,), partial(_read, paths, written), also=also)


def _anything(value: object) -> bool:
    return True


def _parse(text: str, flag: str) -> Path:
    steps: list[str | int] = [int(step[2]) if step[2] else step[1] for step in STEP.finditer(text)]
    if not steps or "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".") != text:
        raise UsageError(
            flag, f"{text} is no path", expected="keys with dots between, and [number] for a place in a list"
        )
    return tuple(steps)


def _follow(row: Row, path: Path, written: str) -> Any:
    """What lies at the end of the path, None where a step is missing. A column whose name has dots in it is found as it
    is written."""
    if written in row:
        return row[written]
    value: Any = row
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _read(paths: Mapping[str, Path], written: Mapping[str, str], row: Row, options: Options) -> list[Draft]:
    cells = {side: _follow(row, path, written[side]) for side, path in paths.items()}
    for side in REQUIRED:
        if cells[side] is None:
            raise NoPairError("wrong_type", f"{written[side]} is None, expected {side}")
    score_keys = () if {"score_chosen", "score_rejected"} & paths.keys() else SCORE_KEYS
    good, bad = (rate_all(cells[side], written[side], score_keys) for side in ("chosen", "rejected"))
    turns = prompt(cells["prompt"], written["prompt"])
    drafts = [pair(turns, better, worse) for better in good for worse in bad]
    for draft in drafts:
        for attribute in ("chosen_model", "rejected_model"):
            if attribute in paths:
                setattr(draft, attribute, None)
    unread = [*_left(row, set(paths.values()), "")]
    unread += (name for side, cell in cells.items() for name in unread_keys(cell, PLACE.sub("[]", written[side])))
    for side, step in OTHERS.items():
        column = written.get(side, "")
        if side in paths and not step({column: cells[side]}, drafts, column=column) and not is_nothing(cells[side]):
            unread.append(column)
    named = {PLACE.sub("[]", each) for each in written.values()}
    for draft in drafts:
        draft.unread = (*unread, *(each for each in draft.unread if each not in named))
    return drafts


def _left(value: object, taken: set[Path], name: str) -> Iterator[str]:
    """What lies beside the paths, in the objects and lists that they lead through; columns are not told here."""
    if () in taken:
        return
    if isinstance(value, Mapping):
        for key, cell in value.items():
            inside = f"{name}.{key}" if name else str(key)
            if beyond := {path[1:] for path in taken if path[0] == key}:
                yield from _left(cell, beyond, inside)
            elif name and not is_nothing(cell):
                yield inside
    elif isinstance(value, list):
        for place, cell in enumerate(value):
            if beyond := {path[1:] for path in taken if path[0] in (place, place - len(value))}:
                yield from _left(cell, beyond, f"{name}[{place}]")
            elif not is_nothing(cell):
                yield f"{name}[] at other places"
