"""The units of a build on this machine: what an earlier build kept is taken from the cache, the rest is worked out in
processes and kept, each unit as soon as it is done."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from builders.caching.entry import DamagedError, Entry
from builders.caching.folder import CacheFolder, OpenCache
from builders.caching.identity import UnknownValueError, identity
from builders.engines.this_machine import Tally, map_in_processes, map_in_threads
from builders.gathering.gather_unit import gather_unit
from builders.gathering.unit import Settings, Unit, UnitResult
from builders.gathering.unit_files import read_result, write_result
from builders.gathering.workers import is_small, load_workers
from builders.inputs.disk import check_disk, needed_disk
from sources.fetch.fetcher import file_sha256, file_stamp


@dataclass(frozen=True, slots=True)
class WantedUnit:
    """A unit, the identity of its result (empty where nothing is kept of it), and whether what had been kept was
    damaged."""

    unit: Unit
    key: str
    was_damaged: bool = False


def gather_here(
    wanted: Sequence[Unit],
    settings: Settings,
    tell: Callable[[int], None],
    workers: int,
    cache: OpenCache | None = None,
) -> list[UnitResult]:
    """What came of each unit, in any order; what is taken from the cache stays in use there."""
    if is_small(map(Unit.effort, wanted)):
        workers, cache = 1, None
    if workers > 1:
        load_workers()
    left, results = [WantedUnit(unit, "") for unit in wanted], list[UnitResult]()
    if cache:
        cache.folder.clean()
        assert isinstance(settings.questions, Path)
        questions = file_sha256(settings.questions)
        left, results = _take(
            [WantedUnit(unit, _identity(unit, settings, questions)) for unit in wanted], cache, workers
        )
        tell(sum(result.rows_read for result in results))
    _check_disk(wanted, left, settings)
    largest_first = sorted(left, key=lambda each: each.unit.effort(), reverse=True)
    work = partial(gather_and_keep, settings=settings, cache=cache.folder if cache else None)
    return results + map_in_processes(work, largest_first, workers, tell)


def _check_disk(wanted: Sequence[Unit], left: Sequence[WantedUnit], settings: Settings) -> None:
    """Nothing, if what is left to do fits on the disk; how much a few rows of each file need is not known.

    Raises:
        OutputError: it does not fit.
    """
    unread, everything = (
        {path: size for unit in units for path, size in unit.unpacked().items()}
        for units in ([each.unit for each in left], wanted)
    )
    if settings.max_rows is None and not is_small(everything.values()):
        check_disk(settings.scratch.parent, needed_disk(unread, everything))


def gather_and_keep(wanted: WantedUnit, tally: Tally, settings: Settings, cache: CacheFolder | None) -> UnitResult:
    """What came of a unit, kept in the cache unless a file of it was changed since it was hashed."""
    result = gather_unit(wanted.unit, tally, settings)
    if cache and wanted.key:
        as_hashed = all(file.stamp == file_stamp(file.path) for file in wanted.unit.files)
        kept = as_hashed and cache.keep(wanted.key, partial(write_result, result))
        result.reuse = "damaged" if wanted.was_damaged else "kept" if kept else "not kept"
    return result


def _take(units: Sequence[WantedUnit], cache: OpenCache, workers: int) -> tuple[list[WantedUnit], list[UnitResult]]:
    """The units that are still to be worked out, and the results of the others."""
    left, results = [], []
    find = partial(_find, cache=cache.folder)
    for wanted, found in zip(units, map_in_threads(find, units, workers), strict=True):
        if isinstance(found, Entry):
            cache.in_use.enter_context(found.lock)
            results.append(read_result(found.folder, found.content, wanted.unit))
        else:
            left.append(replace(wanted, was_damaged=isinstance(found, DamagedError)))
    return left, results


def _find(wanted: WantedUnit, cache: CacheFolder) -> Entry | DamagedError | None:
    try:
        return cache.find(wanted.key) if wanted.key else None
    except DamagedError as damaged:
        return damaged


def _identity(unit: Unit, settings: Settings, questions: str) -> str:
    """What the result of a unit depends on beside the place of its source in the build; `questions` is their hash."""
    files = [(file.sha256, file.name, file.path.name, file.encoding) for file in unit.files]
    judged = settings.judged.as_dict() if settings.judged else None
    told = (settings.policies, settings.check_limits, settings.read_limits, settings.reasoning, settings.simplify)
    try:
        return identity(
            unit.chosen.source,
            unit.chosen.options,
            files,
            settings.max_rows,
            *told,
            judged,
            questions,
        )
    except UnknownValueError:
        return ""
