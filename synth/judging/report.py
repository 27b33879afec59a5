"""report.html of a run of judge-prefs: the audit as charts and a table, the strongest disagreements side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from sources.command.printable import printable
from sources.pages import formats
from sources.pages.drawing import PLACEHOLDERS as COLOURS
from sources.pages.drawing import Colour, Studio, open_studio
from sources.pages.hidden import visible
from sources.pages.named_rows import LINE, named_rows
from sources.pages.policy import page_style, policy
from sources.pairs.languages import LANGUAGE_NAMES
from synth.judging.audit import SHARES, Audit
from synth.judging.disagreements import Disagreement
from synth.judging.pairs import Pairs
from synth.judging.share import Share

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = "report.html"
MAX_NAME_CHARS = 80
WRAPPED = "thead th { white-space: normal; }\n"
"""So that a table of shares fits the page."""

MAX_CHARS = 4000
"""Of a text in the page; a longer one is cut, and says so."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One judge, or all together under the name of their rule. `no_label` are the pairs without a label, by reason."""

    name: str
    audits: Sequence[Audit]
    no_label: dict[str, int]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the page shows: every judge and, where there are several, all together as the last. `orders`: pairs were
    judged in both orders, not answers one by one."""

    judges: Sequence[Figures]
    kappa: float | None
    rubric: str
    pairs: Pairs
    disagreements: Sequence[Disagreement]
    orders: bool = True
    findings: Sequence[str] = ()


def render_report(facts: Facts) -> str:
    """The page; the same for the same facts."""
    with open_studio() as studio:
        charts = [_charts(studio, judge) for judge in facts.judges]
    style = page_style() + WRAPPED + studio.styles
    html: str = _template().render(
        facts=facts,
        last=facts.judges[-1],
        names=[judge.name for judge in facts.judges[: max(1, len(facts.judges) - 1)]],
        charts=charts,
        lines=SHARES,
        language=LANGUAGE_NAMES[facts.pairs.lang],
        html_lang="zh-Hans" if facts.pairs.lang == "zh" else facts.pairs.lang,
        version=version("build-prefs"),
        style=Markup(style),  # noqa: S704 - the project's own
        policy=policy(style, ""),
    )
    return html


def _charts(studio: Studio, judge: Figures) -> dict[str, Markup]:
    """The drawings of one judge, by name."""
    wanted: dict[str, tuple[str, dict[str, Colour]]] = {
        "agreement": ("Agreement with the labels by source", {"agreement": "kept"}),
        "consistency": ("Same in both orders, by source", {"consistency": "kept"}),
        "length": ("Longer answer preferred, by source", {"length_judge": "chosen", "length_labels": "rejected"}),
    }
    return {
        name: Markup(_intervals(studio, label, judge.audits, lines))  # noqa: S704 - matplotlib escapes
        for name, (label, lines) in wanted.items()
        if any(getattr(each, line).of for each in judge.audits for line in lines)
    }


def _intervals(studio: Studio, label: str, audits: Sequence[Audit], lines: dict[str, Colour]) -> str:
    """Shares with their intervals, a row for each source; the dashed line is one half."""

    def paint(figure: Figure) -> None:
        plot = named_rows(figure, [each.source for each in audits], right=44, bottom=32)
        plot.axvline(0.5, color=COLOURS["soft"], linewidth=1, linestyle=(0, (2, 2)))
        for shift, (name, colour) in enumerate(lines.items()):
            for place, each in enumerate(audits):
                share: Share = getattr(each, name)
                if share.value is not None and share.low is not None and share.high is not None:
                    at = place + 0.3 * (shift - (len(lines) - 1) / 2)
                    plot.hlines(at, share.low, share.high, color=COLOURS[colour], linewidth=2)
                    plot.plot(share.value, at, "oD"[shift], color=COLOURS[colour], markersize=6)
        plot.set_xlim(-0.02, 1.02)
        plot.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25%", "50%", "75%", "100%"])
        plot.grid(axis="x")

    return studio.draw(1.2 * LINE * len(audits) + 40, label, paint)


@cache
def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(
        n=formats.count,
        cut=lambda text: visible(text[:MAX_CHARS]),
        name=lambda text: visible(printable(text, max_chars=MAX_NAME_CHARS)),
        percent=_percent,
        interval=_interval,
    )
    environment.globals.update(max_chars=MAX_CHARS)
    return environment.get_template("report.html.j2")


def _percent(share: Share) -> str:
    return formats.share(share.hits, share.of)


def _interval(share: Share) -> str:
    return "" if share.low is None or share.high is None else f"{100 * share.low:.1f}–{100 * share.high:.1f}"
