"""Rows of three strings and nothing else that is read, as columns: what most files hold, at several times the speed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sources.layouts.known.trl import STANDARD
from sources.layouts.read_row import RowReader, matches
from sources.pairs.schema import SIDES

OPENS_A_LIST = ("[", " ", "\n")
"""How a cell begins that may hold messages as text, which is read another way."""


@dataclass(frozen=True, slots=True)
class PlainRows:
    """The texts of each side, the layout, and in how many rows each column that means nothing here had something."""

    sides: tuple[list[str], list[str], list[str]]
    layout: str
    unused: Counter[str]


def read_plain(rows: Sequence[dict[str, Any]], reader: RowReader) -> PlainRows | None:
    """The rows, if all have the same columns, prompt, chosen and rejected are strings in each, and nothing else is to
    be read; else None. What it gives is what the reader would give row by row."""
    columns = tuple(rows[0]) if rows else ()
    found = [match for match in matches(columns, reader.layouts, reader.options.ignore) if match.layout is STANDARD]
    if not found or found[0].plan.steps:
        return None
    sides: list[list[str]] = []
    for side in SIDES:
        cells = [row.get(side) for row in rows]
        texts = [cell for cell in cells if type(cell) is str and not cell.startswith(OPENS_A_LIST)]
        if len(texts) != len(cells):
            return None
        sides.append(texts)
    if any(tuple(row) != columns for row in rows):
        return None
    unused = {name: sum(row[name] is not None for row in rows) for name in found[0].plan.unused}
    prompt, chosen, rejected = sides
    return PlainRows((prompt, chosen, rejected), STANDARD.name, +Counter(unused))
