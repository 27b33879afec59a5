"""Everything a report says, gathered from a build: what is counted, what was measured, what was not looked at."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from builders.inputs.inputs import Inputs, Request
from builders.measures.giveaways import Giveaways
from builders.measures.overlap import Overlap
from builders.measures.statistics import SourceStatistics, Statistics
from builders.report.scripts import Scripts, find_scripts
from sources.checks.tested import not_tested
from sources.pages.formats import share
from sources.pairs.languages import Lang
from sources.pairs.ledger import Account, Reason, total
from sources.pairs.schema import SIDES

EXAMPLES = 3
EXAMPLE_CHARS = 220
MAX_REASONS_WITH_EXAMPLES = 40


@dataclass(frozen=True, slots=True)
class Example:
    """A dropped row, its texts cut; an upstream row that gave no pair has none."""

    source: str
    source_row: str
    evidence: str
    texts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Lost:
    """One reason: how many rows or pairs went for it, in all and by source, and some of them."""

    stage: str
    reason: str
    count: int
    by_source: list[tuple[str, int]]
    examples: list[Example]


@dataclass(frozen=True, slots=True)
class Licence:
    """What may be done with a part of the pairs."""

    name: str
    commercial: bool
    notes: list[str]
    sources: list[str]
    pairs: int


@dataclass(frozen=True, slots=True)
class Build:
    """One language of a build when its pairs are written."""

    lang: Lang
    accounts: list[Account]
    statistics: Statistics
    giveaways: list[Giveaways]
    overlaps: list[Overlap]
    inputs: Inputs
    request: Request

    def measured(self) -> list[tuple[Account, SourceStatistics]]:
        """The sources that have pairs, in the order of the recipe."""
        return measured(self.accounts, self.statistics)


def measured(accounts: list[Account], statistics: Statistics) -> list[tuple[Account, SourceStatistics]]:
    """The sources that have pairs, in the order of the accounts."""
    by_name = {source.source: source for source in statistics.sources}
    return [(account, by_name[account.source]) for account in accounts if account.source in by_name]


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a report says of one language; `drawn` are the rows to show, the first to be shown first."""

    build: Build
    whole: Account
    drawn: pa.Table
    lost: list[Lost]
    scripts: list[Scripts]


def find_facts(build: Build, drawn: pa.Table) -> Facts:
    whole = total(build.accounts, build.lang)
    scripts = {one.source: one for one in find_scripts(drawn)}
    in_order = [scripts[account.source] for account in build.accounts if account.source in scripts]
    return Facts(build, whole, drawn, _lost(build.accounts, whole, drawn), in_order)


def _lost(accounts: list[Account], whole: Account, drawn: pa.Table) -> list[Lost]:
    """The reasons, the most frequent first."""
    counts: Counter[Reason] = whole.skipped + whole.dropped
    frequent = sorted(counts, key=lambda reason: (-counts[reason], reason))
    examples = _examples(drawn, set(frequent[:MAX_REASONS_WITH_EXAMPLES]))
    return [
        Lost(
            *reason,
            counts[reason],
            [(a.source, n) for a in accounts if (n := a.skipped[reason] + a.dropped[reason])],
            examples.get(reason, []),
        )
        for reason in frequent
    ]


def _examples(drawn: pa.Table, wanted: set[Reason]) -> dict[Reason, list[Example]]:
    """Up to EXAMPLES rows of each reason, of as many sources as there are."""
    dropped = drawn.filter(pc.is_valid(drawn["stage"]))
    places: dict[Reason, dict[str, list[int]]] = {}
    light = zip(*(dropped[name].to_pylist() for name in ("stage", "reason", "source")), strict=True)
    for place, (stage, reason, source) in enumerate(light):
        if (stage, reason) in wanted:
            places.setdefault((stage, reason), {}).setdefault(source, []).append(place)
    chosen: list[tuple[Reason, int]] = []
    for found, by_source in places.items():
        in_turn = sorted((turn, place) for rows in by_source.values() for turn, place in enumerate(rows))
        chosen += [(found, place) for _, place in in_turn[:EXAMPLES]]
    rows = dropped.take(pa.array([place for _, place in chosen], pa.int64())).to_pylist()
    examples: dict[Reason, list[Example]] = {}
    for (found, _), row in zip(chosen, rows, strict=True):
        examples.setdefault(found, []).append(_example(row))
    return examples


def _example(row: dict[str, Any]) -> Example:
    texts = {side: _cut("\n".join(turn["content"] or "" for turn in row[side])) for side in SIDES if row[side]}
    return Example(row["source"], row["source_row"] or "", row["evidence"] or "", texts)


def _cut(text: str) -> str:
    return text if len(text) <= EXAMPLE_CHARS else text[:EXAMPLE_CHARS] + "…"


def find_licences(facts: Facts) -> list[Licence]:
    """The licences of the pairs, that of the most pairs first."""
    sources = {chosen.source.name: chosen.source for chosen in facts.build.inputs.selection.sources}
    by_licence: dict[tuple[str, bool], list[Account]] = {}
    for account in facts.build.accounts:
        if account.written:
            commercial = sources[account.source].commercial_use
            by_licence.setdefault((account.license, commercial), []).append(account)
    return sorted(
        (
            Licence(
                name,
                commercial,
                sorted({note for a in group if (note := sources[a.source].license_note)}),
                [account.source for account in group],
                sum(account.written for account in group),
            )
            for (name, commercial), group in by_licence.items()
        ),
        key=lambda licence: (-licence.pairs, licence.name),
    )


def find_unchecked(facts: Facts) -> list[tuple[str, str]]:
    """(what, why) of everything that this build did not look at, or that a reader should know about its input."""
    inputs, recipe = facts.build.inputs, facts.build.request.recipe
    ran = set(recipe.stages)
    found = [("not checked for contamination", f"{s.name}: {s.missing}") for s in inputs.benchmarks if s.missing]
    stages = ("check", "exact_duplicates", "contradictions", "near_duplicates", "contamination", "caps")
    found += [("stage not run", f"{stage} is not in the recipe") for stage in stages if stage not in ran]
    off = [code for code, policy in recipe.checks.items() if policy == "off"]
    found += [("check off", ", ".join(off))] if off else []
    found += _only_a_part(facts.build.request)
    found += [("left out", f"{name}: {why}") for name, why in inputs.selection.left_out]
    found += [("not tested", line) for line in not_tested(facts.build.lang)]
    found += [("layout guessed", layout) for layout in inputs.selection.layouts]
    found += [said for account in facts.build.accounts for said in account.remarks()]
    return found + [("input", warning) for warning in inputs.warnings(facts.build.lang)]


def _only_a_part(request: Request) -> Iterable[tuple[str, str]]:
    if request.max_rows is not None:
        yield "only a part", f"--limit {request.max_rows:,} rows of each source"
    if request.only:
        yield "only a part", f"--only {', '.join(request.only)}"
    if request.without:
        yield "only a part", f"--without {', '.join(request.without)}"


def verdict_share(scripts: Scripts, side: str, place: int) -> str:
    counts = scripts.verdicts[side]
    return share(counts[place], sum(counts))
