"""Examining: every row read and checked as a build does it, nothing dropped, everything counted."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from builders.building.decide import decide
from builders.building.find_giveaways import find_giveaways
from builders.gathering.gather import Gathered, gather
from builders.gathering.gather_here import gather_here
from builders.inputs.files_told import tell_files
from builders.inputs.inputs import Request, Selection, find_inputs
from builders.inputs.recipe import ChosenSource, LimitSettings, Recipe
from builders.linting.biases import find_format_giveaways, find_length_bias, rows_by_file
from builders.linting.splits import SPLITS, SplitFile
from builders.linting.tokens import TokenLimit, find_truncated
from builders.measures.findings import EXAMPLES, Finding
from builders.measures.giveaways import Giveaways
from builders.measures.statistics import length_auc
from builders.stages.caps import Cap
from builders.stages.decisions import Decisions
from builders.stages.prompt_groups import group_prompts
from sources.checks import CHECKS
from sources.command.printable import printable
from sources.command.progress import Progress
from sources.layouts.find import Taken
from sources.layouts.own_data import Described, look_into, own_data
from sources.pairs.languages import LANGS
from sources.pairs.ledger import Account, total
from sources.pairs.source import NoOptions

RECIPE = Recipe(
    name="lint",
    sources={},
    stages=("check", "exact_duplicates", "contradictions", "near_duplicates", "contamination", "split"),
    checks=dict.fromkeys(CHECKS, "tag"),
    limits=LimitSettings(max_bad_share=1.0),
    test_share=0.0,
)
"""Everything that a build looks for, and nothing is dropped; rows that cannot be read are findings too."""


@dataclass(frozen=True, slots=True)
class Examples:
    """One rule with what was found: how many of how many, and (row, evidence) of the first."""

    code: str
    count: int
    of: int
    shown: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Examined:
    """A dataset after linting. `told` is what should be told of its files; `length_auc` says how often the longer
    answer is the chosen one; `giveaways` are those of each file, without the pairs that a build would drop."""

    layouts: list[tuple[str, Taken]]
    told: list[tuple[str, str]]
    account: Account
    pairs_by_split: dict[str, int]
    pairs_by_lang: dict[str, int]
    length_auc: float
    giveaways: list[Giveaways]
    found: list[Examples]
    not_checked: list[str]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is examined: the files, those passed over, the layout (empty: found out for each), the token limit if
    there is one."""

    files: list[SplitFile]
    passed_over: list[str]
    layout: str = ""
    limit: TokenLimit | None = None


def examine(subject: Subject, request: Request, progress: Progress, scratch: Path) -> Examined:
    """Everything that the rules find in the files.

    Raises:
        ReadError: a file cannot be read, or has no known layout.
        NoPairsError: no row gives a pair.
    """
    names = [each.file.name for each in subject.files]
    described = [
        Described(files=(each.file,), name=each.file.name, licence="unknown", layout=subject.layout)
        for each in subject.files
    ]
    looked = [look_into(data, request.recipe.limits.reading, "--layout") for data in described]
    owned = [own_data(data, look.taken, None) for data, look in zip(described, looked, strict=True)]
    told = [line for data, look in zip(described, looked, strict=True) for line in tell_files(data, look.how)]
    told += [("passed over", line) for line in subject.passed_over]
    chosen = [ChosenSource(own.source, NoOptions(), Cap(), own.files) for own in owned]
    inputs = find_inputs(Selection(chosen, [], []), request, progress)
    gathered = gather(inputs, request, scratch, progress, partial(gather_here, workers=request.workers))
    progress.start("compare", None, "pairs")
    decisions = decide(gathered.keys, gathered.contaminated, gathered.pairs, request, {})
    splits = np.array([each.split for each in subject.files])[gathered.keys.source]
    where, auc, pairs = Where(gathered, names), length_auc(*gathered.keys.answer_chars.T), len(gathered.keys)
    by_file = rows_by_file(subject.files, gathered.keys)
    kept_by_file = {name: rows[decisions.kept[rows]] for name, rows in by_file.items()}
    findings = {
        **gathered.findings,
        **_compared(decisions, where),
        "split_leak": _leaks(gathered, decisions, splits, request),
        "truncated": find_truncated(gathered.pairs, subject.limit),
        "length_bias": find_length_bias(auc, pairs),
        "format_giveaway": find_format_giveaways(by_file, gathered.keys),
    }
    found = [
        Examples(code, finding.count, pairs, where.named(finding))
        for code, finding in findings.items()
        if finding.count
    ]
    return Examined(
        layouts=[(name, own.taken) for name, own in zip(names, owned, strict=True)],
        told=told,
        account=total(gathered.accounts, "en"),
        pairs_by_split={name: int((splits == name).sum()) for name in dict.fromkeys(splits.tolist())},
        pairs_by_lang={lang: n for place, lang in enumerate(LANGS) if (n := int((gathered.keys.lang == place).sum()))},
        length_auc=auc,
        giveaways=find_giveaways(kept_by_file, gathered.keys, decisions.groups, gathered.pairs, request.workers),
        found=[*_lost(gathered), *found],
        not_checked=[f"{status.name}: {status.missing}" for status in inputs.benchmarks if status.missing],
    )


def _compared(decisions: Decisions, where: "Where") -> dict[str, Finding]:
    """What the comparing stages found, by reason."""
    found: dict[str, Finding] = {}
    for place, (_, reason) in enumerate(decisions.reasons):
        rows = np.flatnonzero(decisions.reason == place) if place else np.empty(0, np.int64)
        if len(rows):
            found[reason] = Finding(
                len(rows), [(row, _like(row, decisions, where)) for row in rows[:EXAMPLES].tolist()]
            )
    return found


def _like(row: int, decisions: Decisions, where: "Where") -> str:
    """Which other row is the evidence, and what the stage noted."""
    twin = int(decisions.twin[row])
    like = [f"like {where(twin)}"] if twin >= 0 else []
    return ", ".join([*like, *(note for note in (decisions.notes.get(row, ""),) if note)])


def _leaks(gathered: Gathered, decisions: Decisions, splits: np.ndarray, request: Request) -> Finding:
    """The pairs whose prompt, or one nearly the same, is in a split that comes before theirs."""
    order = np.array([SPLITS.index(split) for split in splits.tolist()])
    if not np.ptp(order):
        return Finding()
    nearly = _first(_all_groups(gathered, decisions, request), order)
    equal = _first(gathered.keys.sides[:, 0], order)
    rows = np.flatnonzero(order > nearly)
    return Finding(len(rows), [(row, _leak(nearly[row], equal[row])) for row in rows[:EXAMPLES].tolist()])


def _first(keys: np.ndarray, order: np.ndarray) -> np.ndarray:
    """For each row the lowest of `order` among the rows with the same key."""
    names, places = np.unique(keys, return_inverse=True)
    lowest = np.full(len(names), len(SPLITS))
    np.minimum.at(lowest, places, order)
    return np.asarray(lowest[places])


def _leak(nearly: int, equal: int) -> str:
    return f"{'the' if equal == nearly else 'nearly the'} same prompt is in {SPLITS[nearly]}"


def _all_groups(gathered: Gathered, decisions: Decisions, request: Request) -> np.ndarray:
    """The prompt group of every pair, also of those that a build would drop: a near duplicate leaks most of all."""
    if decisions.kept.all():
        return decisions.groups
    everything, read = np.ones(len(gathered.keys), dtype=bool), gathered.pairs.prompt_tokens
    similarity = request.recipe.near_duplicates.prompt_similarity
    return group_prompts(gathered.keys, everything, read, similarity, request.workers)


def _lost(gathered: Gathered) -> list[Examples]:
    """The rows that gave no pair, as two rules: those that could not be read, those of which no pair could be made."""
    rows: dict[str, list[tuple[str, str]]] = {"unreadable_row": [], "no_pair": []}
    for stage, source, place, reason, evidence in _lost_rows(gathered):
        where = f"{source}:{place.rpartition(':')[2]}"
        rows["unreadable_row" if stage == "read" else "no_pair"].append((where, f"{reason}: {evidence}"))
    read = sum(account.rows_read for account in gathered.accounts)
    return [Examples(code, len(found), read, found[:EXAMPLES]) for code, found in rows.items() if found]


def _lost_rows(gathered: Gathered) -> Iterator[tuple[str, str, str, str, str]]:
    columns = ["stage", "source", "source_row", "reason", "evidence"]
    with gathered.lost.opened(columns) as read:
        for number in range(gathered.lost.batch_count):
            yield from zip(*(column.to_pylist() for column in read(number).select(columns).columns), strict=True)


@dataclass(frozen=True, slots=True)
class Where:
    """From the number of a pair to the file and row that it came from."""

    gathered: Gathered
    names: list[str]

    def __call__(self, row: int) -> str:
        return f"{self.names[self.gathered.keys.source[row]]}:{self._read(row)['source_row'].rsplit(':', 1)[1]}"

    def named(self, finding: Finding) -> list[tuple[str, str]]:
        """The examples, each with its place and the beginning of its prompt; one of all pairs has neither."""
        return [
            ("" if row < 0 else f"{self(row)} ({self._prompt(row)})", evidence) for row, evidence in finding.examples
        ]

    def _prompt(self, row: int) -> str:
        turns = self._read(row)["prompt"]
        return printable(turns[-1]["content"] if turns else "", max_chars=40)

    def _read(self, row: int) -> dict[str, Any]:
        ((number, places),) = self.gathered.pairs.places(np.array([row]))
        with self.gathered.pairs.opened(["prompt", "source_row"]) as read:
            pair: dict[str, Any] = read(number).slice(int(places[0]), 1).to_pylist()[0]
        return pair
