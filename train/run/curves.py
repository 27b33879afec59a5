"""The course of a training run as pictures, curves.svg and curves.png: small panels, of which only those are drawn
that have data."""

import logging
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from train.run.paint_panel import SOFT, paint_panel
from train.run.panels import Panel, panels_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = ("curves.svg", "curves.png")
DPI = 160
WIDTH, HEAD, ROW_HEIGHT = 9.6, 0.62, 2.6
LEFT, PANEL_WIDTH, GAP, NAMED_WIDTH = 0.62, 4.05, 0.66, 6.3
ABOVE, BELOW, NAME_HEIGHT = 0.36, 0.52, 0.175
"""All in inches."""

INK, LINE = "#1f2328", "#d8dee4"

CHINESE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "Source Han Sans CN", "PingFang SC",
    "Hiragino Sans GB", "Microsoft YaHei", "SimHei", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Noto Serif CJK SC",
)  # fmt: skip
"""Fonts that have Chinese characters, one of which most systems bring; without any, boxes stand for them."""

SETTINGS = {
    "svg.fonttype": "path",
    "svg.hashsalt": "curves",
    "text.parse_math": False,
    "font.size": 9,
    "axes.edgecolor": LINE,
    "axes.labelcolor": SOFT,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "axes.titlepad": 8,
    "grid.color": LINE,
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "legend.labelcolor": INK,
    "legend.handlelength": 1.6,
    "text.color": INK,
    "xtick.labelcolor": SOFT,
    "ytick.labelcolor": SOFT,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "ytick.minor.size": 0,
}


def draw_curves(log_history: Sequence[Mapping[str, Any]], folder: Path) -> list[Path]:
    """curves.svg and curves.png in `folder`, from the log of a Trainer; nothing where it holds no measure."""
    panels = panels_of(log_history)
    if not panels:
        return []
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it speaks of its font cache
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with warnings.catch_warnings(), matplotlib.rc_context():
        warnings.simplefilter("ignore")  # a character that no font has is drawn as a box
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(cast(Any, SETTINGS | {"font.family": _fonts()}))
        figure = Figure(facecolor="white")
        FigureCanvasAgg(figure)
        _paint(figure, panels, log_history)
        return [_save(figure, folder / name) for name in NAMES]


def _save(figure: "Figure", path: Path) -> Path:
    part = path.with_name(f"_{path.name}.part")
    kind = path.suffix.removeprefix(".")
    figure.savefig(part, format=kind, dpi=DPI, metadata={"Date": None} if kind == "svg" else {})
    return part.replace(path)


def _fonts() -> list[str]:
    """Of matplotlib's own font and, for what it lacks, one with Chinese characters."""
    from matplotlib import font_manager

    found = {font.name for font in font_manager.fontManager.ttflist}
    return ["DejaVu Sans", *[name for name in CHINESE_FONTS if name in found][:1]]


def _paint(figure: "Figure", panels: Sequence[Panel], log: Sequence[Mapping[str, Any]]) -> None:
    places = list(_places(panels))
    heights = [ROW_HEIGHT] * (1 + max(row for row, _ in places))
    for panel, (row, _) in zip(panels, places, strict=True):
        heights[row] = max(heights[row], 1.0 + NAME_HEIGHT * len(panel.curves)) if panel.has_names else heights[row]
    height = HEAD + sum(heights)
    figure.set_size_inches(WIDTH, height)
    steps = [step for panel in panels for curve in panel.curves for step in curve.steps]
    top = height - HEAD
    for panel, (row, column) in zip(panels, places, strict=True):
        bottom = top - sum(heights[: row + 1])
        width = NAMED_WIDTH if panel.has_names else PANEL_WIDTH
        left, tall = LEFT + column * (PANEL_WIDTH + GAP), heights[row] - BELOW - ABOVE
        plot = figure.add_axes((left / WIDTH, (bottom + BELOW) / height, width / WIDTH, tall / height))
        paint_panel(plot, panel, steps)
    middle = 1 - 0.30 / height
    figure.text(LEFT / WIDTH, middle, "Training with DPO", fontsize=14, weight="bold", color=INK, va="center")
    right = (LEFT + 2 * PANEL_WIDTH + GAP) / WIDTH
    figure.text(right, middle, _subtitle(log, max(steps)), fontsize=9, color=SOFT, va="center", ha="right")


def _places(panels: Iterable[Panel]) -> Iterable[tuple[int, int]]:
    """Row and column of each panel; one with names has a row to itself."""
    row = column = 0
    for panel in panels:
        if panel.has_names and column:
            row, column = row + 1, 0
        yield row, column
        row, column = (row + 1, 0) if panel.has_names or column else (row, 1)


def _subtitle(log: Sequence[Mapping[str, Any]], last: float) -> str:
    epochs = [entry["epoch"] for entry in log if isinstance(entry.get("epoch"), int | float)]
    tokens = [entry["num_tokens"] for entry in log if isinstance(entry.get("num_tokens"), int | float)]
    parts = [f"{last:,.0f} steps"]
    parts += [f"{max(epochs):,.2f} epochs"] if epochs else []
    parts += [f"{max(tokens) / 1e6:,.1f} M tokens"] if tokens and max(tokens) >= 1e5 else []
    return " · ".join(parts)
