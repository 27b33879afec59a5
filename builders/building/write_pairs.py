"""The pairs of one language as Parquet files: train, test, and every dropped row with its reason.

Each file is a job of its own, so that they can be written side by side; which rows are in it does not depend on that.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from builders.engines.spill import Spill
from builders.measures.statistics import Measurer
from builders.report.sample import Draw
from builders.stages.decisions import NOT_DROPPED_BY_A_STAGE, Decisions
from builders.stages.keys import Keys
from sources.files.write_parquet import ROW_GROUP_ROWS, OutputFile, look_back, open_writer, row_groups
from sources.pairs.extras import EXTRAS, wide_schema, widen
from sources.pairs.languages import IS_LATIN, LANGS, Lang
from sources.pairs.ledger import Reason
from sources.pairs.schema import DROPPED, PAIRS

MAX_FILE_ROWS, FEW_FILES = 98_304, 16
"""A split has files of at most so many rows while they are few; of more rows the files grow, not their number."""

MAX_FILE_TEXT_BYTES = 1_200_000_000
"""Text of a file, which zstd makes about 500 MB of."""

BYTES_OF_A_CHAR = np.where(IS_LATIN, 1, 3)
"""By place in LANGS; two of some alphabets count as three."""


@dataclass(frozen=True, slots=True)
class DecidedPairs:
    """All that is known when the pairs are written; `shown_twins` are the pairs that a report shows as evidence
    (`find_twins`), None where there is no report; `wide` the languages whose files have the wide schema."""

    pairs: Spill
    lost: Spill
    keys: Keys
    decisions: Decisions
    shown_twins: np.ndarray | None = None
    wide: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FileToWrite:
    """One file to write: its place below the folder of the language and the rows (sorted) of the spill in it."""

    path: str
    rows: np.ndarray
    lang: Lang
    holds_dropped: bool = False
    split: str | None = None


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """One output file, its rows counted, measured and some of them drawn as they were written."""

    file: OutputFile
    by_source: Counter[str]
    by_reason: Counter[tuple[str, Reason]] = field(default_factory=Counter)
    by_tag: Counter[tuple[str, str]] = field(default_factory=Counter)
    measured: Measurer = field(default_factory=Measurer)
    drawn: Draw | None = None


def plan_files(decided: DecidedPairs, lang: Lang) -> list[FileToWrite]:
    """The files of one language, the largest first."""
    ours = decided.keys.lang == LANGS.index(lang)
    kept, test = decided.decisions.kept, decided.decisions.test
    jobs = []
    for split, chosen in (("train", ours & kept & ~test), ("test", ours & kept & test)):
        rows = np.flatnonzero(chosen)
        if split == "test" and not len(rows):
            continue  # some readers fail on a file without rows
        parts = np.array_split(rows, count_files(len(rows), _text_bytes(decided.keys, rows)))
        jobs += [
            FileToWrite(f"data/{split}-{number:05d}-of-{len(parts):05d}.parquet", part, lang, split=split)
            for number, part in enumerate(parts)
        ]
    return [*jobs, FileToWrite("dropped.parquet", np.flatnonzero(ours & ~kept), lang, holds_dropped=True)]


def count_files(rows: int, text_bytes: int) -> int:
    """In how many files of about equal size so many rows are written."""
    by_rows, by_bytes = -(-rows // MAX_FILE_ROWS), -(-text_bytes // MAX_FILE_TEXT_BYTES)
    return max(1, min(by_rows, FEW_FILES), by_bytes)


def _text_bytes(keys: Keys, rows: np.ndarray) -> int:
    """About how many bytes of text these pairs have; the same wherever the pairs were read."""
    chars = keys.side_sizes[rows, 0] + keys.answer_chars[rows].sum(axis=1, dtype=np.int64)
    return int((chars * BYTES_OF_A_CHAR[keys.lang[rows]]).sum())


def write_file(job: FileToWrite, decided: DecidedPairs, folder: Path) -> WrittenFile:
    """Write one file whole, in row groups of a fixed size."""
    path = folder / job.path
    schema = DROPPED if job.holds_dropped else PAIRS
    wide = job.lang in decided.wide
    by_source: Counter[str] = Counter()
    by_reason: Counter[tuple[str, Reason]] = Counter()
    by_tag: Counter[tuple[str, str]] = Counter()
    measured = Measurer()
    drawn = None if decided.shown_twins is None else Draw(decided.shown_twins)
    spilled = schema.append(EXTRAS) if wide else schema
    with open_writer(path, wide_schema(schema) if wide else schema) as writer:
        for rows in row_groups(_tables(job, decided, spilled.names), spilled):
            writer.write_table(widen(rows) if wide else rows, row_group_size=ROW_GROUP_ROWS)
            by_source.update({source: count for (source,), count in _counts(rows, ["source"])})
            if job.holds_dropped:
                for (source, stage, reason), count in _counts(rows, ["source", "stage", "reason"]):
                    by_reason[source, (stage, reason)] += count
            else:
                measured.add(rows)
                by_tag.update(
                    {(source, tag): count for (source, tag), count in _counts(_tags(rows), ["source", "tag"])}
                )
            if drawn:
                drawn.add(rows, job.split)
    return WrittenFile(look_back(folder, job.path), by_source, by_reason, by_tag, measured, drawn)


def _tables(job: FileToWrite, decided: DecidedPairs, columns: list[str]) -> Iterator[pa.Table]:
    """The rows of the job in order with these columns, a spilled batch at a time."""
    pairs, lost = decided.pairs, decided.lost
    with pairs.opened(columns) as read:
        for number, places in pairs.places(job.rows):
            batch, rows = read(number).take(pa.array(places)), places + pairs.offsets[number]
            if job.holds_dropped:
                yield _with_reasons(batch.select(columns), rows, decided.keys, decided.decisions)
            else:
                groups = pa.array([f"{group:016x}" for group in decided.decisions.groups[rows]], pa.string())
                yield _replace(batch.select(columns), "prompt_group", groups)
    if job.holds_dropped:
        with lost.opened(columns) as read:
            for number in range(lost.batch_count):
                batch = read(number).select(columns)
                yield batch.filter(pc.equal(batch["lang"], job.lang))


def _with_reasons(batch: pa.Table, rows: np.ndarray, keys: Keys, decisions: Decisions) -> pa.Table:
    """Dropped pairs with stage, reason and evidence also where a comparing stage dropped them."""
    columns = {name: batch[name].to_pylist() for name in ("stage", "reason", "evidence")}
    for place in np.flatnonzero(decisions.reason[rows] != NOT_DROPPED_BY_A_STAGE).tolist():
        columns["stage"][place], columns["reason"][place] = decisions.reasons[decisions.reason[rows[place]]]
        columns["evidence"][place] = decisions.evidence(int(rows[place]), keys.ids)
    for name, values in columns.items():
        batch = _replace(batch, name, pa.array(values, pa.string()))
    return batch


def _replace(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(place), column)


def _counts(rows: pa.Table, columns: list[str]) -> Iterator[tuple[tuple[str, ...], int]]:
    """How many rows have each combination of values in these columns."""
    for group in rows.select(columns).group_by(columns).aggregate([([], "count_all")]).to_pylist():
        yield tuple(group[column] for column in columns), group["count_all"]


def _tags(rows: pa.Table) -> pa.Table:
    """A row of source and tag for each tag on the rows."""
    tags = rows["tags"].combine_chunks()
    return pa.table({"source": rows["source"].take(pc.list_parent_indices(tags)), "tag": pc.list_flatten(tags)})
