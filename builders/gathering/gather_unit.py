"""What comes of one unit: its rows adapted and checked, text to disk, keys and counts to memory."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import feather

from builders.engines.spill import SpillWriter
from builders.engines.this_machine import Tally, without_collector
from builders.gathering.prepare import Preparer, SourceBatch, read_source, read_source_part
from builders.gathering.unit import BadRows, Settings, Unit, UnitResult
from builders.stages.benchmarks import Question
from builders.stages.contamination import ContaminationIndex
from builders.stages.keys import Keys, concatenate
from sources.pairs.extras import extras_of
from sources.pairs.source import SKIPPED

QUESTIONS = pa.schema([(name, pa.string()) for name in Question.__slots__])


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


@lru_cache(maxsize=1)
def _contamination_index(file: Path | bytes) -> ContaminationIndex:
    """The index of the questions in a file, or in its bytes."""
    rows = feather.read_table(pa.BufferReader(file) if isinstance(file, bytes) else file, memory_map=False).to_pylist()
    return ContaminationIndex([Question(**row) for row in rows])


def write_questions(questions: list[Question], path: Path) -> Path:
    """The questions in a file for the workers: what is sent to a process as it starts must be small, or a process that
    is killed just then would leave this one waiting."""
    columns = {name: [getattr(question, name) for question in questions] for name in Question.__slots__}
    feather.write_feather(pa.table(columns, schema=QUESTIONS), path)
    return path
