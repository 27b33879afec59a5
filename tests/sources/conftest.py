"""What the adapter tests share: rows written as an upstream file, read back and adapted as a build does it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import pyarrow as pa
import pytest

from sources.files.read import read_rows
from sources.files.read_whole import whole_rows, with_columns
from sources.files.rows import Limits, RowBatch
from sources.pairs.assemble import assemble, check_every_row
from sources.pairs.source import WHOLE_ROW, Source
from tests.upstreams.write import as_file, place


@dataclass(frozen=True)
class Result:
    """What became of the rows: `texts` are the last contents of (prompt, chosen, rejected); `built` has PAIRS."""

    pairs: list[dict[str, Any]]
    texts: list[tuple[str, ...]]
    lost: list[tuple[int, str, str]]
    bad: list[tuple[int, str, str]]
    repairs: Mapping[str, int]
    built: list[dict[str, Any]]

    @property
    def reasons(self) -> list[tuple[int, str]]:
        return [(row, reason) for row, reason, _ in self.lost]


def triples(table: pa.Table) -> list[tuple[int, str, str]]:
    return [(row["row"], row["reason"], row["evidence"]) for row in table.to_pylist()]


def read(path: Path, source: Source, limits: Limits) -> Iterator[RowBatch]:
    """The rows of the file as a build reads them."""
    if source.layouts == (WHOLE_ROW,):
        return with_columns(whole_rows(path, path.name, limits, None), source.columns, path.name)
    return read_rows(path, path.name, source.layouts, limits)


@pytest.fixture
def adapt(tmp_path: Path) -> Callable[..., Result]:
    """Read `content` (rows, or the bytes of a file) as the first file of the source and adapt it."""

    def run(source: Source, content: list[dict[str, Any]] | bytes, *, name: str = "", **options: Any) -> Result:
        chosen = source.options(**options)
        path = tmp_path / (name or PurePath(place(source.files(chosen)[0])).name)
        path.write_bytes(content if isinstance(content, bytes) else as_file(content, path.name))
        batches = list(read(path, source, Limits(max_bad_share=1.0)))
        rows = pa.concat_tables([batch.rows for batch in batches if len(batch.rows)] or [batches[0].rows])
        adapted = source.adapt(rows, chosen)
        check_every_row(rows, adapted, path.name)
        built = assemble(adapted, source, path.name).to_pylist() if source.makes == "pairs" else []
        pairs = adapted.pairs.to_pylist()
        sides = [side for side in ("prompt", "chosen", "rejected") if side in adapted.pairs.column_names]
        return Result(
            pairs=pairs,
            texts=[tuple(pair[side][-1]["content"] for side in sides) for pair in pairs],
            lost=triples(adapted.skipped),
            bad=[found for batch in batches for found in triples(batch.bad)],
            repairs=adapted.repairs,
            built=built,
        )

    return run
