"""What is said of a row that no layout fits: what it has, which layouts are nearest, and what to try."""

from collections.abc import Sequence

from sources.command.printable import printable
from sources.layouts.layout import Layout, Row, is_messages, is_texts
from sources.layouts.opened import plainly_named

MOST_SHOWN = 12
NEAREST = 3
LIKELY = {
    "prompt": (
        *("prompt", "question", "query", "instruction", "input", "user", "context", "problem", "title"),
        *("问题", "提问", "指令", "提示", "題"),
    ),
    "chosen": (
        *("chosen", "pos", "good", "better", "best", "prefer", "accept", "win", "answer_1", "response_1", "gold"),
        *("好", "优", "優", "选中", "正"),
    ),
    "rejected": (
        *("reject", "neg", "bad", "worse", "worst", "lose", "loser", "disprefer", "answer_2", "response_2"),
        *("差", "坏", "壞", "劣", "拒", "负"),
    ),
}
"""Pieces of the names that columns of these meanings have."""


def describe_unknown(row: Row | None, layouts: Sequence[Layout]) -> tuple[str, str, str]:
    """What was found, what was expected and what to do, for the first row that has no known layout."""
    if row is None:
        names = ", ".join(layout.name for layout in layouts)
        return "no known layout; the first row has no objects", f"one of {names}", ""
    named = plainly_named(row)
    nearest = sorted(layouts, key=lambda layout: _distance(named, layout))
    lacks = {_lacks(named, layout): layout.name for layout in reversed(nearest)}
    lacking = "; ".join(f"{name} ({what})" for what, name in [*lacks.items()][: -NEAREST - 1 : -1])
    columns = list(row.items())
    kinds = ", ".join(f"{printable(str(key), max_chars=40)} ({_kind(cell)})" for key, cell in columns[:MOST_SHOWN])
    more = f" and {len(columns) - MOST_SHOWN} more" * (len(columns) > MOST_SHOWN)
    return (
        f"no known layout; the first row has {kinds or 'no keys'}{more}",
        f"a row that one of the layouts reads; the nearest: {lacking}",
        f"Name the columns as the layout, for example {suggest(row)}",
    )


def _distance(row: Row, layout: Layout) -> float:
    """How much of the layout the row lacks, from 0 to 1."""
    return min(
        (sum(1.0 if key not in row else 0.5 for key in kinds if key not in row or not kinds[key](row[key])))
        / len(kinds)
        for kinds in layout.variants
    )


def _lacks(row: Row, layout: Layout) -> str:
    """What the row lacks of that layout, in words."""
    lacks = layout.lacks(row)
    absent = [key for key in lacks if key not in row]
    other = [f"{key} is {_kind(row[key])}" for key in lacks if key in row]
    return "; ".join([*([f"lacks {', '.join(absent)}"] if absent else []), *other]) or "does not fit"


def suggest(row: Row) -> str:
    """keys(...) filled in with the likeliest columns."""
    taken: list[str] = []
    named = []
    for side, pieces in LIKELY.items():
        column = next(
            (str(key) for piece in pieces for key in row if piece in str(key).lower() and str(key) not in taken), "..."
        )
        taken.append(column)
        named.append(f"{side}={printable(column, max_chars=40)}")
    return f"keys({','.join(named)})"


def _kind(cell: object) -> str:
    if cell is None:
        return "null"
    if isinstance(cell, str):
        return "string"
    if isinstance(cell, bool):
        return "true or false"
    if isinstance(cell, (int, float)):
        return "number"
    if isinstance(cell, list):
        return "messages" if is_messages(cell) else "strings" if is_texts(cell) else f"list of {len(cell)}"
    return f"object with {printable(', '.join(map(str, cell)), max_chars=60)}" if isinstance(cell, dict) else "unknown"
