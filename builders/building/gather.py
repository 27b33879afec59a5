"""The row-wise half of a build, file by file: text to disk, keys and counts to memory."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import feather

from builders.building.prepare import Preparer, SourceBatch, read_source, read_source_part
from builders.engines.spill import Spill, SpillPart, SpillWriter
from builders.engines.this_machine import Tally, without_collector
from builders.inputs.disk import unpacked_bytes
from builders.inputs.inputs import InputFile, Inputs, Request
from builders.inputs.judged import JudgedFolder
from builders.inputs.memory import MIN_PAIR_TEXT_BYTES, check_memory
from builders.inputs.recipe import ChosenSource, Policy
from builders.measures.findings import Findings
from builders.stages.benchmarks import Question
from builders.stages.contamination import ContaminationIndex
from builders.stages.keys import Keys, concatenate
from sources.checks import CheckLimits
from sources.command.errors import NoPairsError, UsageError
from sources.command.progress import Progress
from sources.files.parts import PART_BYTES, Part
from sources.files.rows import Limits, tolerate
from sources.pairs.extras import extras_of
from sources.pairs.ledger import Account, Reason
from sources.pairs.reasoning import ReasoningPolicy
from sources.pairs.source import SKIPPED

MAX_REASONS_TOLD = 3
OTHERS = "Was it another build, or a sample of other sources, that was judged?"
QUESTIONS = pa.schema([(name, pa.string()) for name in Question.__slots__])


@dataclass(frozen=True, slots=True)
class Unit:
    """What one worker does at a time: a file of a source, a part of it, or all files of the source where a row limit
    spans them."""

    number: int
    place: int
    chosen: ChosenSource
    files: list[InputFile]
    part: Part | None = None

    def effort(self) -> int:
        """About how many bytes there are to read, unpacked."""
        if self.part:
            return PART_BYTES
        return sum(self.unpacked().values())

    def unpacked(self) -> dict[str, int]:
        """About how many bytes each file has, unpacked."""
        return {str(file.path): unpacked_bytes(file.path, file.path.stat().st_size) for file in self.files}


Reuse = Literal["", "taken", "kept", "not kept", "damaged"]
"""What the cache had to do with a result: nothing; it was taken from there; it is there now; it could not be kept
there; what was there was damaged, and it was made anew."""


@dataclass(frozen=True, slots=True)
class BadRows:
    """The bad ones among so many rows of a part of a file."""

    read: int
    bad: list[tuple[int, str, str]]


@dataclass(slots=True)
class UnitResult:
    """What came of a unit. Of a part of a file, `part_of` is the name of the file and `bad_rows` are its bad
    rows, in order: whether they are too many is for all parts together to say."""

    number: int
    place: int
    pairs: SpillPart
    lost: SpillPart
    keys: Keys
    contaminated: dict[int, str]
    findings: Findings = field(default_factory=Findings)
    rows_read: int = 0
    rows_used: int = 0
    skipped: Counter[Reason] = field(default_factory=Counter)
    repairs: Counter[str] = field(default_factory=Counter)
    unused: Counter[str] = field(default_factory=Counter)
    layouts: Counter[str] = field(default_factory=Counter)
    reasoning: Counter[str] = field(default_factory=Counter)
    wide: set[str] = field(default_factory=set)
    judged: int = 0
    reuse: Reuse = ""
    part_of: str = ""
    bad_rows: list[BadRows] = field(default_factory=list)

    def give_keys(self) -> Keys:
        """The keys, of which nothing is kept here: those of all pairs together must not be held twice."""
        keys, self.keys = self.keys, Keys.none()
        return keys


@dataclass(frozen=True, slots=True)
class Gathered:
    """All pairs of a build: text on disk, keys in memory, rows that gave no pair beside them. `wide` are the languages
    in which some pair has extras (`sources.pairs.extras`); `reuse` counts the units."""

    pairs: Spill
    lost: Spill
    keys: Keys
    contaminated: dict[int, str]
    accounts: list[Account]
    findings: Findings
    wide: frozenset[str]
    reuse: Counter[Reuse]


@dataclass(frozen=True, slots=True)
class Settings:
    """What every worker needs to know."""

    policies: dict[str, Policy]
    check_limits: CheckLimits
    read_limits: Limits
    questions: Path | bytes
    max_rows: int | None
    reasoning: ReasoningPolicy
    simplify: bool
    scratch: Path
    judged: JudgedFolder | None


UnitRunner = Callable[[Sequence[Unit], Settings, Callable[[int], None]], Sequence[UnitResult]]
"""Gathers units somewhere, and tells how many more rows are done; results in any order."""


def gather(inputs: Inputs, request: Request, scratch: Path, progress: Progress, run_units: UnitRunner) -> Gathered:
    """Read, adapt and check every row of every source, where `run_units` does it.

    Raises:
        NoPairsError: no row gave a pair.
        ReadError: a file cannot be read.
        UsageError: there are verdicts of a judge, and none is on these pairs; or the pairs do not fit into memory.
    """
    recipe = request.recipe
    settings = Settings(
        policies=dict(recipe.checks) if "check" in recipe.stages else {},
        check_limits=recipe.limits.checking,
        read_limits=recipe.limits.reading,
        questions=_write_questions(inputs.questions, scratch / "questions.arrow"),
        max_rows=request.max_rows,
        reasoning=recipe.reasoning,
        simplify=recipe.simplifies,
        scratch=scratch,
        judged=request.judged,
    )
    progress.start("read and check", None, "rows")
    wanted = units(inputs, request)
    if request.max_rows is None:
        text_bytes = sum(map(Unit.effort, wanted))
        check_memory(request.max_memory_bytes, text_bytes // MIN_PAIR_TEXT_BYTES, request.workers)
    done = run_units(wanted, settings, progress.advance)
    results = sorted(done, key=lambda result: result.number)
    _tolerate_parts(results, settings.read_limits)
    accounts = [Account(c.source.name, c.source.lang, c.source.license) for c in inputs.selection.sources]
    contaminated: dict[int, str] = {}
    findings = Findings()
    made = 0
    for result in results:
        _enter(result, accounts[result.place])
        contaminated.update((made + row, evidence) for row, evidence in result.contaminated.items())
        findings.merge(result.findings, made)
        made += len(result.keys)
    check_memory(request.max_memory_bytes, made, request.workers)
    lost = Spill([result.lost for result in results])
    if not made:
        counted: Counter[Reason] = sum((account.skipped for account in accounts), Counter())
        skipped = counted.most_common(MAX_REASONS_TOLD)
        why = f" ({', '.join(f'{reason} {count:,}' for (_, reason), count in skipped)})" * bool(skipped)
        hint = "Look at the files, at the layout if one is named, and at --limit."
        where, first = _first_lost(lost)
        raise NoPairsError(where, f"no upstream row gave a pair{why}{first}", hint=hint)
    if request.judged and not any(account.judged for account in accounts):
        raise UsageError(f"--judged {request.judged.path}", f"no verdict on any of these {made:,} pairs", hint=OTHERS)
    keys = concatenate([result.give_keys() for result in results])
    pairs = Spill([result.pairs for result in results])
    wide = frozenset(lang for result in results for lang in result.wide)
    reuse = Counter(result.reuse for result in results)
    return Gathered(pairs, lost, keys, contaminated, accounts, findings, wide, reuse)


def _tolerate_parts(results: Sequence[UnitResult], limits: Limits) -> None:
    """Nothing, if no file that was read in parts has more bad rows than a file read in one go may have.

    Raises:
        BadRowsError: one has.
    """
    for (_, name), parts in groupby(results, key=lambda result: (result.place, result.part_of)):
        if not name:
            continue
        read, bad = 0, list[tuple[int, str, str]]()
        for batch in (batch for result in parts for batch in result.bad_rows):
            read += batch.read
            bad += batch.bad
            tolerate(bad, read, limits.max_bad_share, name, at_end=False)
        tolerate(bad, read, limits.max_bad_share, name, at_end=True)


def _first_lost(lost: Spill) -> tuple[str, str]:
    """Where the first row without a pair stands (`<file>:<row from 0>`), and what is wrong with it."""
    columns = ["source_row", "reason", "evidence"]
    with lost.opened(columns) as read:
        for number in range(lost.batch_count):
            for where, reason, evidence in zip(*(read(number)[name].to_pylist() for name in columns), strict=True):
                return where, f"; of this first row: {reason}, {evidence}"
    return "sources", ""


def _write_questions(questions: list[Question], path: Path) -> Path:
    """The questions in a file for the workers: what is sent to a process as it starts must be small, or a process that
    is killed just then would leave this one waiting."""
    columns = {name: [getattr(question, name) for question in questions] for name in Question.__slots__}
    feather.write_feather(pa.table(columns, schema=QUESTIONS), path)
    return path


@lru_cache(maxsize=1)
def _contamination_index(file: Path | bytes) -> ContaminationIndex:
    """The index of the questions in a file, or in its bytes."""
    rows = feather.read_table(pa.BufferReader(file) if isinstance(file, bytes) else file, memory_map=False).to_pylist()
    return ContaminationIndex([Question(**row) for row in rows])


def units(inputs: Inputs, request: Request) -> list[Unit]:
    """The work in order of precedence."""
    parts = [
        (place, chosen, part)
        for place, (chosen, files) in enumerate(zip(inputs.selection.sources, inputs.files, strict=True))
        for part in ([files] if request.max_rows is not None else [[file] for file in files])
    ]
    return [Unit(number, *part) for number, part in enumerate(parts)]


def gather_unit(
    unit: Unit, tally: Tally, settings: Settings, writers: tuple[SpillWriter, SpillWriter] | None = None
) -> UnitResult:
    """The pairs of one unit with their keys; runs in a process of its own where there are several workers. The writers
    take the pairs and the lost rows; without any, files in the scratch folder do."""
    with without_collector():
        names = (f"{what}-{unit.number:04d}.arrow" for what in ("pairs", "lost"))
        pairs, lost = writers or (SpillWriter(settings.scratch / name) for name in names)
        return _gather_unit(unit, tally, settings, pairs, lost)


def _gather_unit(unit: Unit, tally: Tally, settings: Settings, pairs: SpillWriter, lost: SpillWriter) -> UnitResult:
    index = _contamination_index(settings.questions)
    judged = settings.judged.read() if settings.judged else None
    preparer = Preparer(settings.policies, settings.check_limits, index, settings.reasoning, settings.simplify, judged)
    keys = [Keys.none()]
    result = UnitResult(unit.number, unit.place, pairs.part, lost.part, Keys.none(), {})
    result.part_of = unit.files[0].name if unit.part else ""
    made = 0
    for batch in _read(unit, settings):
        prepared = preparer(batch)
        if unit.part:
            bad = (batch.batch.bad[column].to_pylist() for column in SKIPPED.names)
            result.bad_rows.append(BadRows(len(batch.batch), list(zip(*bad, strict=True))))
        result.rows_read += prepared.rows_read
        result.rows_used += prepared.rows_used
        result.repairs.update(prepared.adapted.repairs)
        result.unused.update(prepared.unused)
        result.layouts.update(prepared.adapted.layouts)
        result.reasoning.update(prepared.reasoning)
        result.judged += prepared.judged
        reasons = (prepared.lost[name].to_pylist() for name in ("stage", "reason"))
        result.skipped.update(zip(*reasons, strict=True))
        lost.append(prepared.lost)
        for part in prepared.parts:
            result.contaminated.update((made + row, evidence) for row, evidence in part.contaminated.items())
            result.findings.merge(part.findings, made)
            result.wide.update(_wide(part.rows))
            keys.append(part.keys)
            made += len(part.rows)
        if prepared.parts:
            pairs.append(pa.concat_tables([part.rows for part in prepared.parts]))
        tally.add(prepared.rows_read)
    pairs.close()
    lost.close()
    result.keys = concatenate(keys)
    return result


def _read(unit: Unit, settings: Settings) -> Iterator[SourceBatch]:
    if unit.part:
        return read_source_part(unit.chosen, unit.place, unit.files[0], settings.read_limits, unit.part)
    return read_source(unit.chosen, unit.place, unit.files, settings.read_limits, settings.max_rows)


def _wide(rows: pa.Table) -> list[str]:
    """The languages of the pairs that have extras."""
    extras = extras_of(rows)
    if extras.null_count == len(rows):
        return []
    langs: list[str] = pc.unique(rows["lang"].filter(pc.is_valid(extras))).to_pylist()
    return langs


def _enter(result: UnitResult, account: Account) -> None:
    account.rows_read += result.rows_read
    account.rows_used += result.rows_used
    account.skipped.update(result.skipped)
    account.pairs_made += len(result.keys)
    account.repairs.update(result.repairs)
    account.unused.update(result.unused)
    account.layouts.update(result.layouts)
    account.reasoning.update(result.reasoning)
    account.judged += result.judged
