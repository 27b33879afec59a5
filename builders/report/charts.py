"""The charts of a report. Each takes numbers and gives an SVG; what the colours mean is said below it, in the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from builders.measures.giveaways import Giveaways
from builders.measures.judge_audit import JudgeAudit
from builders.measures.statistics import SourceStatistics
from sources.pages.drawing import PLACEHOLDERS as COLOURS
from sources.pages.drawing import Colour, Studio, axes, hide_axis
from sources.pages.named_rows import LINE, fit, named_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BINS = 48


@dataclass(frozen=True, slots=True)
class Series:
    """One part of every bar."""

    colour: Colour
    values: Sequence[float]


def bars(
    studio: Studio,
    label: str,
    rows: Sequence[tuple[str, str]],
    series: Sequence[Series],
    *,
    long_names: bool = False,
) -> str:
    """Lying bars, the parts of each end to end; `rows` are what is written before and behind each."""
    names, ends = [name for name, _ in rows], [end for _, end in rows]
    totals = np.sum([part.values for part in series], axis=0)

    def paint(figure: Figure) -> None:
        plot = named_rows(figure, names, right=8 + 6 * max(map(len, ends), default=0), long_names=long_names)
        left = np.zeros(len(names))
        for part in series:
            values = np.asarray(part.values, dtype=float)
            plot.barh(range(len(names)), values, left=left, height=0.62, color=COLOURS[part.colour], linewidth=0)
            left += values
        plot.set_xlim(0, float(totals.max(initial=0)) or 1)
        hide_axis(plot.xaxis)
        plot.spines["bottom"].set_visible(False)
        for place, end in enumerate(ends):
            plot.annotate(
                end,
                (float(totals[place]), place),
                xytext=(5, 0),
                textcoords="offset points",
                va="center_baseline",
                fontsize=9,
                color=COLOURS["soft"],
                annotation_clip=False,
            )

    return studio.draw(LINE * len(names) + 8, label, paint)


def length_ranges(studio: Studio, sources: Sequence[SourceStatistics]) -> str:
    """How long chosen and rejected are in each source: from the 10th to the 90th percentile, thick the middle half."""

    def paint(figure: Figure) -> None:
        plot = named_rows(figure, [source.source for source in sources], right=12, bottom=32)
        for shift, side in ((-0.16, "chosen"), (0.16, "rejected")):
            marks = np.array([np.percentile(getattr(one, f"{side}_chars"), [10, 25, 50, 75, 90]) for one in sources])
            places, colour = np.arange(len(sources)) + shift, COLOURS["chosen" if side == "chosen" else "rejected"]
            plot.hlines(places, marks[:, 0], marks[:, 4], color=colour, linewidth=1.2)
            plot.hlines(places, marks[:, 1], marks[:, 3], color=colour, linewidth=4.5)
            plot.plot(marks[:, 2], places, "o" if side == "chosen" else "D", color=COLOURS["page"], markersize=4.6,
                      markeredgecolor=colour, markeredgewidth=1.3)  # fmt: skip
        _log_axis(plot, "characters", (1, 2, 5))

    return studio.draw(1.35 * LINE * len(sources) + 40, "Lengths of chosen and rejected by source", paint)


def length_curves(studio: Studio, whole: SourceStatistics) -> str:
    """How many prompts, chosen and rejected answers of all sources are how long."""
    sides: tuple[tuple[str, Colour], ...] = (("prompt", "prompt"), ("chosen", "chosen"), ("rejected", "rejected"))
    longest = max(int(getattr(whole, f"{side}_chars").max(initial=1)) for side, _ in sides)
    edges = np.geomspace(1, longest + 1, BINS + 1)

    def paint(figure: Figure) -> None:
        plot = axes(figure, left=10, right=10, bottom=32)
        for side, colour in sides:
            counts = np.histogram(np.maximum(getattr(whole, f"{side}_chars"), 1), edges)[0]
            dashes = {"chosen": "-", "rejected": (0, (4, 1.5)), "prompt": (0, (1, 1))}[side]
            plot.stairs(counts, edges, color=COLOURS[colour], linewidth=1.6, linestyle=dashes)
        _log_axis(plot, "characters", (1,))
        plot.set_xlim(1, longest + 1)
        hide_axis(plot.yaxis)

    return studio.draw(190, "Lengths of prompts, chosen and rejected answers", paint)


def length_rule(studio: Studio, sources: Sequence[SourceStatistics]) -> str:
    """How often "the longer answer is the chosen one" is right, in each source."""
    shares = [source.length_auc for source in sources]

    def paint(figure: Figure) -> None:
        plot = named_rows(figure, [source.source for source in sources], right=44, bottom=32)
        plot.axvline(0.5, color=COLOURS["soft"], linewidth=1, linestyle=(0, (2, 2)))
        places = range(len(sources))
        plot.hlines(places, 0.5, shares, color=COLOURS["length-rule"], linewidth=2)
        plot.plot(shares, places, "o", color=COLOURS["length-rule"], markersize=6.5)
        for place, share in zip(places, shares, strict=True):
            plot.annotate(f"{share:.3f}", (1, place), xytext=(8, 0), textcoords="offset points", va="center_baseline",
                          fontsize=9, color=COLOURS["soft"], annotation_clip=False)  # fmt: skip
        plot.set_xlim(0, 1)
        plot.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
        plot.grid(axis="x")

    return studio.draw(LINE * len(sources) + 40, "Length-only AUC by source", paint)


def giveaways(studio: Studio, sources: Sequence[Giveaways]) -> str:
    """How often the classifier and the best rule pick the chosen answer in each source, a rule that is wrong more often
    than right turned round; the line is the 95 % interval of the classifier."""

    def paint(figure: Figure) -> None:
        plot = named_rows(figure, [source.source for source in sources], right=44, bottom=32)
        plot.axvline(0.5, color=COLOURS["soft"], linewidth=1, linestyle=(0, (2, 2)))
        for place, source in enumerate(sources):
            told, (_, best) = source.classifier, source.best_rule
            plot.hlines(place, told.low, told.high, color=COLOURS["c1"], linewidth=2)
            plot.plot(told.right, place, "o", color=COLOURS["c1"], markersize=6.5)
            plot.plot(max(best.right, 1 - best.right), place, "D", color="none", markersize=6,
                      markeredgecolor=COLOURS["prompt"], markeredgewidth=1.3)  # fmt: skip
            plot.annotate(f"{told.right:.3f}", (1, place), xytext=(8, 0), textcoords="offset points",
                          va="center_baseline", fontsize=9, color=COLOURS["soft"], annotation_clip=False)  # fmt: skip
        plot.set_xlim(0.4, 1)
        plot.set_xticks([0.5, 0.6, 0.7, 0.8, 0.9, 1], ["0.5", "0.6", "0.7", "0.8", "0.9", "1"])
        plot.grid(axis="x")

    return studio.draw(LINE * len(sources) + 40, "Right without reading the prompt, by source", paint)


def agreement(studio: Studio, audit: JudgeAudit) -> str:
    """How often a judge agrees with the labels of each source, with the 95 % interval; empty without a preference."""
    rows = [(row.source, row.shares[0]) for row in audit.rows if row.shares[0].of]

    def paint(figure: Figure) -> None:
        plot = named_rows(figure, [source for source, _ in rows], right=44, bottom=32)
        plot.axvline(0.5, color=COLOURS["soft"], linewidth=1, linestyle=(0, (2, 2)))
        for place, (_, share) in enumerate(rows):
            plot.hlines(place, share.low or 0.0, share.high or 0.0, color=COLOURS["kept"], linewidth=2)
            plot.plot(share.value or 0.0, place, "o", color=COLOURS["kept"], markersize=6.5)
        plot.set_xlim(-0.02, 1.02)
        plot.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25%", "50%", "75%", "100%"])
        plot.grid(axis="x")

    return (
        studio.draw(LINE * len(rows) + 40, "Agreement of the judge with the labels, by source", paint) if rows else ""
    )


def group_sizes(studio: Studio, sizes: np.ndarray) -> str:
    """How many groups of near-equal prompts have how many pairs."""
    bounds = [1, 2, 3, 5, 9, 17, 33, 65]
    names = ["1", "2", "3–4", "5–8", "9–16", "17–32", "33–64", "65+"]
    counts = np.histogram(sizes, [*bounds, np.inf])[0]
    last = int(np.flatnonzero(counts).max(initial=0)) + 1

    def paint(figure: Figure) -> None:
        plot = axes(figure, left=10, right=10, bottom=32, top=18)
        plot.bar(range(last), counts[:last], width=0.66, color=COLOURS["prompt-groups"], linewidth=0)
        plot.set_yscale("symlog", linthresh=1)
        plot.set_ylim(0, max(1, int(counts.max(initial=1))) * 1.2)
        hide_axis(plot.yaxis)
        plot.set_xticks(range(last), names[:last])
        plot.set_xlim(-0.6, max(last, 4) - 0.4)
        plot.set_xlabel("pairs in the group")
        for place, count in enumerate(counts[:last].tolist()):
            plot.annotate(f"{count:,}", (place, count), xytext=(0, 3), textcoords="offset points", ha="center",
                          fontsize=9, color=COLOURS["soft"], annotation_clip=False)  # fmt: skip

    return studio.draw(190, "Sizes of prompt groups, logarithmic", paint)


def margins(studio: Studio, sources: Sequence[SourceStatistics]) -> str:
    """score_chosen - score_rejected in each source that has scores; a scale of its own for each."""
    rows = -(-len(sources) // 2)
    height = 92.0 * rows

    def paint(figure: Figure) -> None:
        from matplotlib.ticker import FuncFormatter

        for place, source in enumerate(sources):
            column, row = place % 2, place // 2
            plot = axes(figure, left=10 + 164 * column, right=10 + 164 * (1 - column),
                        top=20 + 92 * row, bottom=18 + 92 * (rows - 1 - row))  # fmt: skip
            low, high = np.percentile(source.margins, [0.5, 99.5])
            room = max(float(high - low) * 0.02, 1.0 if high == low else 0.0)
            counts, edges = np.histogram(np.clip(source.margins, low, high), 25, (low - room, high + room))
            plot.stairs(counts, edges, fill=True, color=COLOURS["scores"], linewidth=0)
            plot.set_ylim(0)
            plot.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
            hide_axis(plot.yaxis)
            plot.locator_params(axis="x", nbins=5)
            plot.set_title(fit(source.source, 24), fontsize=9, loc="left", color=COLOURS["ink"], pad=4)

    return studio.draw(height, "Score margins by source", paint)


def _log_axis(plot: Axes, what: str, marks: tuple[int, ...]) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    plot.set_xscale("log")
    plot.set_xlabel(what)
    plot.grid(axis="x")
    plot.xaxis.set_major_locator(LogLocator(subs=marks))
    plot.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    plot.xaxis.set_minor_formatter(NullFormatter())
