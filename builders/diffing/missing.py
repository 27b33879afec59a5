"""What a build did with pairs that it does not hold: where in its ledger they stand."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from builders.diffing.columns import Pairs
from sources.pairs.built_folder import BuiltFolder

DROPPED = "dropped.parquet"
READ = ["id", "source", "source_row", "stage", "reason", "evidence"]


@dataclass(frozen=True, slots=True)
class MissingReason:
    """Why a build does not hold a pair: stage and reason of its dropped.parquet, or, for one that is not there:
    other_text (its row gave another pair), row_not_read, source_not_read, language_not_built."""

    stage: str
    reason: str
    evidence: str = field(default="", compare=False)


NOT_READ = "input"


@dataclass(frozen=True, slots=True)
class MissingPairs:
    """Pairs of one build that another does not hold: id, source, source_row of each."""

    ids: list[str]
    sources: list[str]
    source_rows: list[str]

    def __iter__(self) -> Iterator[tuple[str, str, str]]:
        return zip(self.ids, self.sources, self.source_rows, strict=True)


def missing_reasons(missing: MissingPairs, built: BuiltFolder | None, pairs: Pairs) -> list[MissingReason]:
    """What became of each pair in a build; `pairs` are those that it holds."""
    if built is None:
        return [MissingReason(NOT_READ, "language_not_built")] * len(missing.ids)
    by_id, by_row = _dropped(missing, built)
    kept = _kept_rows(missing, pairs)
    read = {source.get("source") for source in built.manifest.get("sources", []) if isinstance(source, dict)}
    found = []
    for id_, source, source_row in missing:
        rows = _rows(source, source_row)
        why = by_id.get((id_, rows[0])) or by_id.get((id_, "")) or next((by_row[r] for r in rows if r in by_row), None)
        if why is None and any(row in kept for row in rows):
            why = MissingReason(NOT_READ, "other_text")
        found.append(why or MissingReason(NOT_READ, "row_not_read" if source in read else "source_not_read"))
    return found


def _rows(source: str, source_row: str) -> list[str]:
    """How a pair's upstream rows may be named: together, and where there are two, each by itself."""
    path, _, numbers = source_row.rpartition(":")
    each = [f"{path}:{number}" for number in numbers.split(",")] if "," in numbers else []
    return [f"{source}\x1f{row}" for row in (source_row, *each)]


def _dropped(
    missing: MissingPairs, built: BuiltFolder
) -> tuple[dict[tuple[str, str], MissingReason], dict[str, MissingReason]]:
    """The reasons in dropped.parquet by id (with the row, and without for the first), and by row."""
    by_id: dict[tuple[str, str], MissingReason] = {}
    by_row: dict[str, MissingReason] = {}
    if not missing.ids or DROPPED not in dict(built.outputs):
        return by_id, by_row
    ids = pa.array(missing.ids, pa.string())
    rows = pa.array([row for _, source, row_ in missing for row in _rows(source, row_)], pa.string())
    for batch in built.batches(DROPPED, READ):
        named = pc.binary_join_element_wise(batch["source"], batch["source_row"], "\x1f")
        wanted = pc.or_(pc.is_in(batch["id"], ids), pc.is_in(named, rows))
        for row in batch.append_column("row", named).filter(wanted).to_pylist():
            why = MissingReason(str(row["stage"]), str(row["reason"]), str(row["evidence"] or ""))
            by_row.setdefault(row["row"], why)
            if row["id"] is not None:
                by_id.setdefault((row["id"], row["row"]), why)
                by_id.setdefault((row["id"], ""), why)
    return by_id, by_row


def _kept_rows(missing: MissingPairs, pairs: Pairs) -> set[str]:
    """Which of the upstream rows stand behind a pair that the build holds."""
    named = pc.binary_join_element_wise(pairs.columns["source"], pairs.columns["source_row"], "\x1f")
    rows = pa.array([row for _, source, row_ in missing for row in _rows(source, row_)], pa.string())
    return set(named.filter(pc.is_in(named, rows)).to_pylist())
