"""One panel of the curves: scales, smoothed curves, the line of a value that means something, the legend."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from train.run.panels import Curve, Panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SOFT = "#656d76"
LINE_WIDTH = 1.7
SMOOTH_FROM = 60
"""With more points than these a curve is drawn smoothed, its points faint behind it."""

TEST_MARKS: dict[str, Any] = {"marker": "o", "markersize": 4.5, "markerfacecolor": "white", "markeredgewidth": 1.4}


def paint_panel(plot: "Axes", panel: Panel, steps: Sequence[float]) -> None:
    """Paint the curves of one panel, its scales, its line and its legend; `steps` are those of all panels."""
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
