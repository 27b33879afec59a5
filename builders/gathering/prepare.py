"""The row-wise half of a build: upstream rows in, checked pairs with their keys out, a batch at a time."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from builders.inputs.inputs import InputFile
from builders.inputs.recipe import ChosenSource, Policy
from builders.measures.findings import Findings
from builders.stages.contamination import ContaminationIndex
from builders.stages.judged import STAGE, Judged
from builders.stages.keys import Keys, compute_keys
from sources.checks import CHECKS, CheckLimits
from sources.files.parts import Part
from sources.files.read import read_rows
from sources.files.read_part import read_part, whole_part
from sources.files.read_whole import whole_rows, with_columns
from sources.files.rows import Limits, RowBatch
from sources.pairs.assemble import ITEM, assemble, check_every_row, lost_rows
from sources.pairs.extras import EXTRAS
from sources.pairs.reasoning import ReasoningPolicy, count_reasoning, set_reasoning
from sources.pairs.schema import DROPPED, PAIRS
from sources.pairs.source import WHOLE_ROW, Adapted, Source
from sources.pairs.whole_row import join_rows
from sources.text.texts import PairTexts

MAX_BATCH_PAIRS = 8192

PAIRS_AT_ONCE = 2048
"""Checks and keys see so many pairs at a time: more do not fit the caches of a core, and take a third longer."""


@dataclass(frozen=True, slots=True)
class SourceBatch:
    """Some rows of one file; `place` is the source's place in the build."""

    chosen: ChosenSource
    place: int
    file: InputFile
    batch: RowBatch


@dataclass(frozen=True, slots=True)
class PreparedPart:
    """At most PAIRS_AT_ONCE pairs. `rows` is SPILLED, stage and reason null for the pairs that are still in."""

    rows: pa.Table
    keys: Keys
    contaminated: Mapping[int, str]
    findings: Findings


@dataclass(frozen=True, slots=True)
class Prepared:
    """What one batch became: its pairs, and the rows that gave none (SPILLED); and what its adapter counted."""

    parts: list[PreparedPart]
    lost: pa.Table
    rows_read: int
    rows_used: int
    adapted: Adapted
    reasoning: Mapping[str, int]
    unused: Mapping[str, int]
    judged: int


@dataclass(frozen=True, slots=True)
class Preparer:
    """The row-wise stages of one build, ready to be called on its batches."""

    policies: Mapping[str, Policy]
    limits: CheckLimits
    index: ContaminationIndex
    reasoning: ReasoningPolicy = "keep"
    simplify: bool = False
    judged: Judged | None = None

    def __call__(self, batch: SourceBatch) -> Prepared:
        source, path = batch.chosen.source, batch.file.name
        adapted = source.adapt(batch.batch.rows, batch.chosen.options)
        used = check_every_row(batch.batch.rows, adapted, f"{source.name}: {path}")
        reasoning = count_reasoning(adapted.pairs)
        drafts, repairs = set_reasoning(adapted.pairs, self.reasoning)
        pairs = assemble(replace(adapted, pairs=drafts), source, path)
        judged = self.judged.count(pairs) if self.judged else 0
        pairs = self.judged.flip(pairs) if self.judged else pairs
        lost = [lost_rows(batch.batch.bad, source, path, "read"), lost_rows(adapted.skipped, source, path, "adapt")]
        numbers = pa.concat_arrays([*batch.batch.bad["row"].chunks, *adapted.skipped["row"].chunks])
        return Prepared(
            parts=[
                self._part(PairTexts(pairs.slice(start, PAIRS_AT_ONCE)), batch.place)
                for start in range(0, len(pairs), PAIRS_AT_ONCE)
            ],
            lost=_in_order(pa.concat_tables(lost), numbers),
            rows_read=len(batch.batch),
            rows_used=used,
            adapted=replace(adapted, repairs={**adapted.repairs, **repairs}),
            reasoning=reasoning,
            unused=Counter(batch.batch.unused) + Counter(adapted.unused),
            judged=judged,
        )

    def _part(self, texts: PairTexts, place: int) -> PreparedPart:
        findings = Findings()
        rows, alive = self._check(texts, findings)
        prompts = texts.letters(np.arange(0, 3 * len(texts), 3))
        compared = PairTexts(texts.pairs, simplify=True) if self.simplify else texts
        return PreparedPart(rows, compute_keys(compared, place, alive), self.index.search(prompts), findings)

    def _check(self, texts: PairTexts, findings: Findings) -> tuple[pa.Table, np.ndarray]:
        """The pairs with tags and, where a check drops them, stage, reason and evidence; and which stay.

        A pair that several checks drop has the reason of the first and the codes of the others as tags.
        """
        reasons: dict[int, tuple[str, str, str]] = {}
        tags: dict[int, list[str]] = {}
        for code, check in CHECKS.items():
            policy = self.policies.get(code, "off")
            if policy == "off":
                continue
            hits = check(texts, self.limits)
            findings.found(code, hits)
            for row, evidence in hits.items():
                if policy == "drop" and row not in reasons:
                    reasons[row] = ("check", code, evidence)
                else:
                    tags.setdefault(row, []).append(code)
        self._judge(texts.pairs, tags, reasons)
        alive = np.ones(len(texts), dtype=bool)
        alive[list(reasons)] = False
        return _with_findings(texts.pairs, tags, reasons), alive

    def _judge(self, pairs: pa.Table, tags: dict[int, list[str]], reasons: dict[int, tuple[str, str, str]]) -> None:
        """Add what a judge's verdicts do with pairs; one that a check drops has the check's reason."""
        drops, found = self.judged.find(pairs) if self.judged else ({}, {})
        for row, tag in found.items():
            tags.setdefault(row, []).append(tag)
        for row, (code, evidence) in drops.items():
            if row in reasons:
                tags.setdefault(row, []).append(code)
            else:
                reasons[row] = (STAGE, code, evidence)


def _in_order(lost: pa.Table, numbers: pa.Array) -> pa.Table:
    """Lost rows as SPILLED in the order of their numbers, which does not depend on how a file is cut in batches."""
    return lost.append_column(EXTRAS, pa.nulls(len(lost), EXTRAS.type)).take(pc.array_sort_indices(numbers))


def _with_findings(pairs: pa.Table, tags: dict[int, list[str]], reasons: dict[int, tuple[str, str, str]]) -> pa.Table:
    count = len(pairs)
    extras = pairs[EXTRAS.name]
    pairs = pairs.drop_columns([ITEM.name, EXTRAS.name])
    for name, values in (
        ("stage", {row: stage for row, (stage, _, _) in reasons.items()}),
        ("reason", {row: code for row, (_, code, _) in reasons.items()}),
        ("evidence", {row: evidence for row, (_, _, evidence) in reasons.items()}),
    ):
        pairs = pairs.append_column(DROPPED.field(name), _sparse(values, count))
    pairs = pairs.append_column(EXTRAS, extras)
    place = pairs.schema.get_field_index("tags")
    return pairs.set_column(place, PAIRS.field("tags"), _more_tags(pairs["tags"].combine_chunks(), tags))


def _more_tags(tags: pa.Array, more: Mapping[int, list[str]]) -> pa.Array:
    """The tags of each row with those found, the old ones first."""
    rows = np.repeat(np.fromiter(more, np.int64, len(more)), [len(codes) for codes in more.values()])
    said = pc.list_flatten(tags)
    owner = np.concatenate([pc.list_parent_indices(tags).to_numpy(), rows])
    new = pa.array([code for codes in more.values() for code in codes], pa.string())
    order = np.argsort(owner, kind="stable")
    offsets = np.searchsorted(owner[order], np.arange(len(tags) + 1)).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.concat_arrays([said, new]).take(pa.array(order)))


def _sparse(values: Mapping[int, str], count: int) -> pa.Array:
    column: list[str | None] = [None] * count
    for row, value in values.items():
        column[row] = value
    return pa.array(column, pa.string())


def read_source(
    chosen: ChosenSource, place: int, files: list[InputFile], limits: Limits, max_rows: int | None
) -> Iterator[SourceBatch]:
    """The rows of one source in order, a whole file at a time where the source groups its rows."""
    left = max_rows
    for file in files:
        if left == 0:
            return
        batches = _read(file, chosen.source, limits, left)
        for batch in _gathered(batches) if chosen.source.whole_table else _cut(batches):
            left = None if left is None else left - len(batch)
            yield SourceBatch(chosen, place, file, batch)


def read_source_part(
    chosen: ChosenSource, place: int, file: InputFile, limits: Limits, part: Part
) -> Iterator[SourceBatch]:
    """The rows of one part of a file in order, however many of them are bad."""
    source = chosen.source
    if source.layouts == (WHOLE_ROW,):
        columns = () if part.first else source.columns
        batches = with_columns(whole_part(file.path, file.name, limits, part), columns, file.name)
    else:
        batches = read_part(file.path, file.name, source.layouts, limits, part)
    for batch in _cut(batches):
        yield SourceBatch(chosen, place, file, batch)


def _read(file: InputFile, source: Source, limits: Limits, max_rows: int | None) -> Iterator[RowBatch]:
    if source.layouts == (WHOLE_ROW,):
        whole = whole_rows(file.path, file.name, limits, max_rows, encoding=file.encoding)
        return with_columns(whole, source.columns, file.name)
    return read_rows(file.path, file.name, source.layouts, limits, max_rows=max_rows)


def _gathered(batches: Iterator[RowBatch]) -> Iterator[RowBatch]:
    """All rows of a file as one batch."""
    whole = list(batches)
    yield RowBatch(
        join_rows([batch.rows for batch in whole]),
        pa.concat_tables([batch.bad for batch in whole]),
        sum((Counter(batch.unused) for batch in whole), Counter()),
    )


def _cut(batches: Iterator[RowBatch]) -> Iterator[RowBatch]:
    """The same rows in batches of at most MAX_BATCH_PAIRS, so that short rows do not make large batches."""
    for batch in batches:
        starts = range(0, max(len(batch.rows), 1), MAX_BATCH_PAIRS)
        ends = [batch.rows["row"][start].as_py() for start in starts[1:]]
        cuts = [0, *np.searchsorted(batch.bad["row"].to_numpy(), ends).tolist(), len(batch.bad)]
        for start, (first_bad, end_bad) in zip(starts, pairwise(cuts), strict=True):
            bad = batch.bad.slice(first_bad, end_bad - first_bad)
            yield RowBatch(batch.rows.slice(start, MAX_BATCH_PAIRS), bad, batch.unused if start == 0 else {})
