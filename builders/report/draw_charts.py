"""The charts of one report: which there are, and what each shows."""

from dataclasses import dataclass

from builders.measures.giveaways import Giveaways
from builders.measures.judge_audit import JudgeAudit
from builders.measures.statistics import Statistics
from builders.report import charts
from builders.report.charts import Series
from builders.report.facts import Facts, measured
from builders.report.scripts import PARTS, Scripts
from sources.pages import formats
from sources.pages.drawing import Colour, Studio, open_studio
from sources.pairs.ledger import Account

SCRIPT_COLOURS: tuple[Colour, ...] = ("c1", "c2", "c3", "c4", "c5")
MAX_BARS = 16
MAX_MARGINS = 8


@dataclass(frozen=True, slots=True)
class Charted:
    """What the charts of one report show; `lost` and `tags` are names with their counts, the most frequent first."""

    accounts: list[Account]
    statistics: Statistics
    giveaways: list[Giveaways]
    lost: list[tuple[str, int]]
    tags: list[tuple[str, int]]
    scripts: list[Scripts]
    audit: JudgeAudit | None


@dataclass(frozen=True, slots=True)
class Charts:
    """The charts as SVG by name, and the style rules that a page needs for them."""

    drawn: dict[str, str]
    styles: str


def charted(facts: Facts) -> Charted:
    """What of the facts is drawn."""
    build = facts.build
    lost = [(one.reason, one.count) for one in facts.lost[:MAX_BARS]]
    tags, judged = facts.whole.tags.most_common(MAX_BARS), build.request.judged
    return Charted(
        build.accounts, build.statistics, build.giveaways, lost, tags, facts.scripts, judged.audit if judged else None
    )


def draw_charts(shown: Charted) -> Charts:
    """The charts that have something to show."""
    with open_studio() as studio:
        return Charts(_draw(shown, studio), studio.styles)


def _draw(shown: Charted, studio: Studio) -> dict[str, str]:
    sources = [source for _, source in measured(shown.accounts, shown.statistics)]
    drawn = {
        "sources": _draw_sources(shown.accounts, studio),
        "ranges": charts.length_ranges(studio, sources),
        "curves": charts.length_curves(studio, shown.statistics.whole),
        "rule": charts.length_rule(studio, sources),
        "scripts": _draw_scripts(shown.scripts, studio),
        "groups": charts.group_sizes(studio, shown.statistics.group_sizes),
    }
    if shown.audit:
        drawn["agreement"] = charts.agreement(studio, shown.audit)
    if shown.giveaways:
        drawn["giveaways"] = charts.giveaways(studio, shown.giveaways)
    if shown.lost:
        drawn["lost"] = _draw_counts(studio, "Rows and pairs dropped, by reason", shown.lost, "lost")
    if shown.tags:
        drawn["tags"] = _draw_counts(studio, "Tags", shown.tags, "kept", long_names=True)
    if scored := [source for source in sources if len(source.margins)]:
        drawn["margins"] = charts.margins(studio, scored[:MAX_MARGINS])
    return drawn


def _draw_counts(
    studio: Studio, label: str, counts: list[tuple[str, int]], colour: Colour, *, long_names: bool = False
) -> str:
    rows = [(name, formats.count(count)) for name, count in counts]
    return charts.bars(studio, label, rows, [Series(colour, [count for _, count in counts])], long_names=long_names)


def _draw_sources(accounts: list[Account], studio: Studio) -> str:
    lost = [account.dropped.total() + account.skipped.total() for account in accounts]
    return charts.bars(
        studio,
        "Pairs by source",
        [(account.source, formats.count(account.written)) for account in accounts],
        [Series("kept", [account.written for account in accounts]), Series("lost", lost)],
    )


def _draw_scripts(scripts: list[Scripts], studio: Studio) -> str:
    totals = [max(1, sum(one.parts.values())) for one in scripts]
    return charts.bars(
        studio,
        "Scripts by source",
        [(one.source, "") for one in scripts],
        [
            Series(colour, [one.parts[part] / size for one, size in zip(scripts, totals, strict=True)])
            for part, colour in zip(PARTS, SCRIPT_COLOURS, strict=True)
        ],
    )
