"""The row-wise half of a build, file by file: text to disk, keys and counts to memory."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from builders.engines.spill import Spill
from builders.gathering.gather_unit import write_questions
from builders.gathering.unit import Reuse, Settings, Unit, UnitResult, UnitRunner
from builders.inputs.inputs import Inputs, Request
from builders.inputs.memory import MIN_PAIR_TEXT_BYTES, check_memory
from builders.measures.findings import Findings
from builders.stages.keys import Keys, concatenate
from sources.command.errors import NoPairsError, UsageError
from sources.command.progress import Progress
from sources.files.rows import Limits, tolerate
from sources.pairs.ledger import Account, Reason

MAX_REASONS_TOLD = 3
OTHERS = "Was it another build, or a sample of other sources, that was judged?"


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
        questions=write_questions(inputs.questions, scratch / "questions.arrow"),
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


def units(inputs: Inputs, request: Request) -> list[Unit]:
    """The work in order of precedence."""
    parts = [
        (place, chosen, part)
        for place, (chosen, files) in enumerate(zip(inputs.selection.sources, inputs.files, strict=True))
        for part in ([files] if request.max_rows is not None else [[file] for file in files])
    ]
    return [Unit(number, *part) for number, part in enumerate(parts)]


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
