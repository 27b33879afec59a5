"""The course of a training run as pictures, curves.svg and curves.png: small panels, of which only those are drawn
that have data."""

import logging
import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from train.run.panels import Curve, Panel, panels_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMES = ("curves.svg", "curves.png")
DPI = 160
LINE_WIDTH = 1.7
WIDTH, HEAD, ROW_HEIGHT = 9.6, 0.62, 2.6
LEFT, PANEL_WIDTH, GAP, NAMED_WIDTH = 0.62, 4.05, 0.66, 6.3
ABOVE, BELOW, NAME_HEIGHT = 0.36, 0.52, 0.175
"""All in inches."""
SMOOTH_FROM = 60
"""With more points than these a curve is drawn smoothed, its points faint behind it."""

INK, SOFT, LINE = "#1f2328", "#656d76", "#d8dee4"

TEST_MARKS: dict[str, Any] = {"marker": "o", "markersize": 4.5, "markerfacecolor": "white", "markeredgewidth": 1.4}

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
        _paint_panel(plot, panel, steps)
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


def _paint_panel(plot: "Axes", panel: Panel, steps: Sequence[float]) -> None:
    plot.set_title(panel.title)
    for curve in panel.curves:
        _paint_curve(plot, curve, smooth=not panel.is_exact)
    values = [value for curve in panel.curves for value in curve.values if math.isfinite(value)]
    _scale_steps(plot, steps)
    _scale_values(plot, panel, min(values), max(values))
    if panel.level is not None:
        _paint_level(plot, panel.level, panel.level_label)
    _paint_legend(plot, panel)


def _scale_steps(plot: "Axes", steps: Sequence[float]) -> None:
    """The same steps in all panels."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    first, last = min(steps), max(steps)
    room = 0.02 * (last - first) or 1
    plot.set_xlim(first - room, last + room)
    plot.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    plot.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    plot.set_xlabel("step", labelpad=2, fontsize=8)


def _scale_values(plot: "Axes", panel: Panel, low: float, high: float) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, MultipleLocator, NullLocator

    if panel.is_share:
        plot.set_ylim(min(0.4, low) - 0.02, 1.02)
        plot.yaxis.set_major_locator(MultipleLocator(0.1 if low > 0.35 else 0.2))
        plot.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
        return
    if panel.is_log and low > 0 and high > 5 * low:
        plot.set_yscale("log")
        plot.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 200 * low else (1,)))
        plot.yaxis.set_minor_locator(NullLocator())
    else:
        plot.yaxis.set_major_locator(MaxNLocator(5))
    plot.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))


def _short(value: float) -> str:
    """A number as people write it: 0.25, 7.5e-7, 12,000."""
    if value and not 1e-3 <= abs(value) < 1e6:
        head, _, exponent = f"{value:.3g}".partition("e")
        return f"{head}e{int(exponent)}".replace("-", "−") if exponent else head
    return f"{value:,.6g}".replace("-", "−")


def _paint_curve(plot: "Axes", curve: Curve, *, smooth: bool) -> None:
    style: dict[str, Any] = {
        "color": curve.colour,
        "solid_capstyle": "round",
        "linestyle": curve.dashes,
        **_marks(curve),
    }
    values = curve.values
    if smooth and len(values) > SMOOTH_FROM and not curve.is_test:
        plot.plot(curve.steps, values, color=curve.colour, linewidth=0.6, alpha=0.25, zorder=2)
        values = _smooth(values)
    plot.plot(curve.steps, values, linewidth=LINE_WIDTH, zorder=4 if curve.is_test else 3, **style)


def _smooth(values: Sequence[float]) -> list[float]:
    """The mean around each value, over a twentieth of all; gaps stay out of it."""
    reach = max(1, len(values) // 40)
    return [_mean(values[max(0, place - reach) : place + reach + 1]) for place in range(len(values))]


def _mean(values: Sequence[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return math.fsum(finite) / len(finite) if finite else math.nan


def _paint_level(plot: "Axes", level: float, label: str) -> None:
    low, high = plot.get_ylim()
    if not low - 0.5 * (high - low) <= level <= high + 0.5 * (high - low):
        return
    plot.axhline(level, color=SOFT, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    if label:
        plot.annotate(
            label, (1, level), xycoords=("axes fraction", "data"), xytext=(-2, 3), textcoords="offset points",
            ha="right", fontsize=7.5, color=SOFT, zorder=1.5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
        )  # fmt: skip


def _paint_legend(plot: "Axes", panel: Panel) -> None:
    """Names beside the panel, or what the marks mean above it."""
    from matplotlib.lines import Line2D

    if panel.has_names:
        curves = sorted(panel.curves, key=lambda curve: -_last(curve.values))
        plot.legend([_sign(curve) for curve in curves], [curve.label for curve in curves], loc="center left",
                    bbox_to_anchor=(1.01, 0.5), labelspacing=0.45)  # fmt: skip
        return
    shown: dict[str, Any] = {}
    for curve in panel.curves:
        if curve.label:
            shown.setdefault(curve.label, _sign(curve))
    if any(curve.is_test for curve in panel.curves) and "test" not in shown:
        shown = {name: Line2D([], [], color=line.get_color(), linewidth=LINE_WIDTH) for name, line in shown.items()}
        shown["test"] = Line2D([], [], color=SOFT, linewidth=LINE_WIDTH, **TEST_MARKS)
    if shown:
        plot.legend(list(shown.values()), list(shown), loc="lower right", bbox_to_anchor=(1.01, 1.0), ncols=len(shown),
                    columnspacing=1.2, borderaxespad=0.3)  # fmt: skip


def _sign(curve: Curve) -> Any:
    """What stands for a curve in a legend, whatever it is called: matplotlib hides names that begin with a _."""
    from matplotlib.lines import Line2D

    return Line2D([], [], color=curve.colour, linewidth=LINE_WIDTH, linestyle=curve.dashes, **_marks(curve))


def _marks(curve: Curve) -> dict[str, Any]:
    if curve.is_test:
        return TEST_MARKS
    return {"marker": "o", "markersize": 4.5} if len(curve.steps) == 1 else {}


def _last(values: Sequence[float]) -> float:
    return next((value for value in reversed(values) if math.isfinite(value)), 0.0)
