"""The layout that a user writes down: which path in a row leads to prompt, chosen, rejected and the rest."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from sources.command.errors import UsageError
from sources.command.printable import shown
from sources.layouts.columns import with_system
from sources.layouts.layout import Draft, Kinds, Layout, NoPairError, Options, Row, string
from sources.layouts.tool_calls import read_tools
from sources.layouts.turns import answers, history_turns, number, prompt

STEP = re.compile(r"([^.\[\]]+)|\[(-?\d+)\]")
PART = re.compile(r"\s*(\w+)\s*=\s*(.+?)\s*")
REQUIRED = ("prompt", "chosen", "rejected")
OTHERS = ("system", "history", "tools", "score_chosen", "score_rejected", "chosen_model", "rejected_model")

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
    also = frozenset(str(path[0]) for path in paths.values())
    return Layout(name, name, (kinds,), partial(_read, paths, {part[1]: part[2] for part in found}), also=also)


def _anything(value: object) -> bool:
    return True


def _parse(text: str, flag: str) -> Path:
    steps: list[str | int] = [int(step[2]) if step[2] else step[1] for step in STEP.finditer(text)]
    if not steps or "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".") != text:
        raise UsageError(
            flag, f"{text} is no path", expected="keys with dots between, and [number] for a place in a list"
        )
    return tuple(steps)


def _follow(row: Row, path: Path) -> Any:
    """What lies at the end of the path, None where a step is missing. A key with dots in it is found as it is."""
    value: Any = row
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _read(paths: Mapping[str, Path], written: Mapping[str, str], row: Row, options: Options) -> list[Draft]:
    cells = {side: _follow(row, path) for side, path in paths.items()}
    for side in REQUIRED:
        if cells[side] is None:
            raise NoPairError("wrong_type", f"{written[side]} is None, expected {side}")
    turns = prompt(cells["prompt"], written["prompt"])
    if earlier := history_turns(cells.get("history")):
        turns = [*turns[:-1], *earlier, *turns[-1:]]
    if said := cells.get("system"):
        if not isinstance(said, str):
            raise NoPairError("wrong_type", f"{written['system']} is {shown(said)}, expected a string")
        turns = with_system(turns, said, written["system"])
    tools = read_tools(cells.get("tools"), written.get("tools", "tools"))
    good_score, bad_score = (number(cells.get(key)) for key in ("score_chosen", "score_rejected"))
    good_model, bad_model = (string(cells.get(key)) for key in ("chosen_model", "rejected_model"))
    unread = _unread(row, paths)
    return [
        Draft(turns, good, bad, good_score, bad_score, good_model, bad_model, tools, unread=unread)
        for good in answers(cells["chosen"], written["chosen"])
        for bad in answers(cells["rejected"], written["rejected"])
    ]


def _unread(row: Row, paths: Mapping[str, Path]) -> tuple[str, ...]:
    """The keys of an object on the way that no path takes."""
    unread = []
    for first in {path[0] for path in paths.values() if len(path) > 1}:
        cell = row.get(first) if isinstance(first, str) else None
        if isinstance(cell, Mapping):
            taken = {path[1] for path in paths.values() if len(path) > 1 and path[0] == first}
            unread += [f"{first}.{key}" for key, each in cell.items() if key not in taken and each is not None]
    return tuple(sorted(unread))
