"""Axes of a chart that has a name for each of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from sources.command.printable import printable
from sources.pages.drawing import axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINE = 21.0
"""Points from one bar to the next."""

LEFT = 118
NAME_CELLS = 21
"""A Chinese character takes two."""

LONG_LEFT, LONG_CELLS = 150, 30


def named_rows(
    figure: Figure, names: Sequence[str], *, right: float, bottom: float = 4, long_names: bool = False
) -> Axes:
    """Axes with a name at the left of each row, the first at the top."""
    left, cells = (LONG_LEFT, LONG_CELLS) if long_names else (LEFT, NAME_CELLS)
    plot = axes(figure, left=left, right=right, bottom=bottom)
    plot.set_yticks(range(len(names)), [fit(name, cells) for name in names])
    plot.set_ylim(len(names) - 0.5, -0.5)
    return plot


def fit(name: str, cells: int) -> str:
    """A name in at most so many cells, an ellipsis at its end where it was cut."""
    shown = printable(name, max_chars=cells)
    if cell_len(shown) <= cells:
        return shown
    while cell_len(shown) >= cells:
        shown = shown[:-1]
    return shown + "…"
