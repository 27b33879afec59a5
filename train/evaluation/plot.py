"""The results as a picture: the scores with their intervals on the left, what DPO changed on the right."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from train.evaluation.report import Report
from train.evaluation.results import Estimate
from train.evaluation.table import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, SOFT, LINE = "#1f2430", "#6b7280", "#e3e6eb"
BEFORE, AFTER = "#9aa3b2", "#2f6fde"
VERDICTS = {"better": "#1a8f5a", "worse": "#c8403a", "unclear": "#6b7280"}
ABOVE, ROW, BELOW = 0.52, 0.62, 0.55
"""The heights of the legend, of a benchmark and of the axis, in inches."""

APART = 0.15
"""How far the two scores of one benchmark lie from the middle of its row, in rows."""

ROOM_UP_TO = 0.9
"""Scores above this have their number on the left."""

SETTINGS: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "text.parse_math": False,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": SOFT,
    "xtick.color": LINE,
    "xtick.labelcolor": SOFT,
    "svg.hashsalt": "build-prefs",
    "svg.fonttype": "path",
}


def draw(report: Report, folder: Path) -> list[Path]:
    """scores.svg and scores.png in the folder."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    compared, rows = report.before is not None, len(report.benchmarks)
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(cast(Any, SETTINGS))
        inches = ABOVE + ROW * rows + BELOW
        figure = Figure(figsize=(9.6 if compared else 7.2, inches), dpi=160, facecolor="white")
        FigureCanvasAgg(figure)
        bottom, height = BELOW / inches, ROW * rows / inches
        left = 0.21 if compared else 0.28
        scores = figure.add_axes((left, bottom, 0.44 if compared else 0.64, height))
        _scores(scores, report)
        _names(scores, report)
        if compared:
            _differences(figure.add_axes((0.71, bottom, 0.19, height)), report)
        paths = [folder / "scores.svg", folder / "scores.png"]
        figure.savefig(paths[0], metadata={"Date": None, "Creator": None})
        figure.savefig(paths[1], metadata={"Software": None})
    return paths


def _scores(axes: "Axes", report: Report) -> None:
    """A dot with its interval for each model, and a tick where guessing would be."""
    for row, benchmark in enumerate(report.benchmarks):
        after = report.after.tasks[benchmark.name].score
        if benchmark.chance:
            axes.plot(
                [benchmark.chance * 100] * 2, [row - 0.3, row + 0.3], color=SOFT, linewidth=1, linestyle=(0, (1.5, 1.8))
            )
        if report.before is None:
            _dot(axes, row, after, AFTER)
            _number(axes, row, after, AFTER)
            continue
        before = report.before.tasks[benchmark.name].score
        _dot(axes, row - APART, before, BEFORE)
        _number(axes, row - APART, before, SOFT)
        _dot(axes, row + APART, after, AFTER)
        _number(axes, row + APART, after, AFTER)
    _frame(axes, len(report.benchmarks))
    axes.set_xlim(-2, 102)
    axes.set_xticks(range(0, 101, 25))
    axes.set_xlabel("score, percent", fontsize=8.5)
    top = -0.75
    legend = [("before", BEFORE), ("after", AFTER)] if report.before else [("score", AFTER)]
    for place, (name, colour) in enumerate(legend):
        axes.plot(1 + 16 * place, top, "o", color=colour, markersize=5.5, clip_on=False)
        axes.text(3 + 16 * place, top, name, va="center", fontsize=8.5, color=INK)
    place = 1 + 16 * len(legend)
    axes.plot([place] * 2, [top - 0.14, top + 0.14], color=SOFT, linewidth=1, linestyle=(0, (1.5, 1.8)), clip_on=False)
    axes.text(place + 2, top, "guessing", va="center", fontsize=8.5, color=SOFT)


def _differences(axes: "Axes", report: Report) -> None:
    """After minus before, around zero."""
    reach = 1.0
    for row, benchmark in enumerate(report.benchmarks):
        difference = report.difference(benchmark)
        if difference is None:
            continue
        found, colour = difference.estimate, VERDICTS[difference.verdict]
        _dot(axes, row, found, colour)
        reach = max(reach, *(abs(edge) * 100 for edge in (found.value, found.low or 0, found.high or 0)))
        shown = percent(found.value, signed=True)
        axes.annotate(
            shown,
            (1.06, row),
            xycoords=("axes fraction", "data"),
            va="center",
            color=colour,
            weight="bold",
            annotation_clip=False,
        )
    axes.axvline(0, color=SOFT, linewidth=0.8, zorder=1)
    _frame(axes, len(report.benchmarks))
    axes.set_xlim(-reach * 1.12, reach * 1.12)
    axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel("points, 95 % interval", fontsize=8.5)
    axes.text(0, -0.75, "difference", ha="center", va="center", fontsize=8.5, color=INK)


def _dot(axes: "Axes", row: float, found: Estimate, colour: str) -> None:
    """A dot on its interval."""
    if found.low is not None and found.high is not None:
        ends = [found.low * 100, found.high * 100]
        axes.plot(ends, [row, row], color=colour, linewidth=1.6, alpha=0.75, marker="|", markersize=6, clip_on=False)
    axes.plot(found.value * 100, row, "o", color=colour, markersize=5.5, zorder=3, clip_on=False)


def _number(axes: "Axes", row: float, found: Estimate, colour: str) -> None:
    """The score beside its interval, on the side where there is room."""
    low, high = (found.value if edge is None else edge for edge in (found.low, found.high))
    left = high > ROOM_UP_TO
    place, side = (low * 100 - 2, "right") if left else (high * 100 + 2, "left")
    axes.text(place, row, percent(found.value), color=colour, ha=side, va="center_baseline", fontsize=8)


def _names(axes: "Axes", report: Report) -> None:
    for row, benchmark in enumerate(report.benchmarks):
        run = report.after.tasks[benchmark.name]
        place: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "ha": "right", "annotation_clip": False}
        shots = f", {run.num_fewshot} shots" if run.num_fewshot else ""
        under = f"{benchmark.metric}, {len(run.outcomes):,} questions{shots}"
        axes.annotate(benchmark.name, (-0.04, row - 0.13), va="center", weight="bold", **place)
        axes.annotate(under, (-0.04, row + 0.2), va="center", fontsize=7.5, color=SOFT, **place)


def _frame(axes: "Axes", rows: int) -> None:
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    for row in range(1, rows):
        axes.axhline(row - 0.5, color=LINE, linewidth=0.7, zorder=0)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_yticks([])
    axes.tick_params(axis="x", length=0)
    axes.grid(axis="x", color=LINE, linewidth=0.6, zorder=0)
    axes.set_axisbelow(True)
