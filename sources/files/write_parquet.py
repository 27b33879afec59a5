"""Tables as Parquet files, the same bytes for the same rows: zstd, row groups of a fixed size."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sources.fetch.fetcher import file_sha256
from sources.pairs.schema import SIDES

ROW_GROUP_ROWS = 16_384
COMPRESSION_LEVEL = 3
SHORT_COLUMNS = ["lang", "source", "license", "signal", "chosen_model", "rejected_model", "stage", "reason"]
SHORT_PATHS = [*SHORT_COLUMNS, "tags.list.element", *(f"{side}.list.element.role" for side in SIDES)]


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A finished file of rows, `path` as it lies in the output folder."""

    path: str
    rows: int
    bytes: int
    sha256: str

    def as_dict(self) -> dict[str, str | int]:
        """The file for a manifest."""
        return {"path": self.path, "rows": self.rows, "bytes": self.bytes, "sha256": self.sha256}


def look_back(folder: Path, path: str) -> OutputFile:
    """The file at `folder / path` as it lies on the disk."""
    whole = folder / path
    return OutputFile(path, pq.read_metadata(whole).num_rows, whole.stat().st_size, file_sha256(whole))


def row_groups(tables: Iterator[pa.Table], schema: pa.Schema) -> Iterator[pa.Table]:
    """The same rows in tables of ROW_GROUP_ROWS, the last one smaller; at least one, if empty."""
    waiting, count, written = [schema.empty_table()], 0, False
    for table in tables:
        waiting.append(table)
        count += len(table)
        while count >= ROW_GROUP_ROWS:
            whole = pa.concat_tables(waiting)
            yield whole.slice(0, ROW_GROUP_ROWS).combine_chunks()
            waiting, count, written = [whole.slice(ROW_GROUP_ROWS)], count - ROW_GROUP_ROWS, True
    if count or not written:
        yield pa.concat_tables(waiting).combine_chunks()


def open_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """A writer of that schema; short columns are dictionaries with statistics, to be filtered by."""
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=COMPRESSION_LEVEL,
        use_dictionary=[column for column in SHORT_PATHS if column.split(".")[0] in schema.names],
        write_statistics=[name for name in SHORT_COLUMNS if name in schema.names],
    )


class Sink:
    """Writes tables to one file in row groups of a fixed size, whatever sizes they come in; use it with `with`."""

    def __init__(self, path: Path, schema: pa.Schema, rows: int = ROW_GROUP_ROWS) -> None:
        self._writer, self._waiting, self._wrote = open_writer(path, schema), schema.empty_table(), False
        self._rows = rows

    def __enter__(self) -> "Sink":
        return self

    def write(self, table: pa.Table) -> None:
        """Some more rows."""
        self._waiting = pa.concat_tables([self._waiting, table.select(self._waiting.column_names)])
        while len(self._waiting) >= self._rows:
            self._put(self._waiting.slice(0, self._rows))
            self._waiting = self._waiting.slice(self._rows)

    def _put(self, group: pa.Table) -> None:
        self._writer.write_table(group.combine_chunks(), row_group_size=self._rows)
        self._wrote = True

    def __exit__(self, *failure: object) -> None:
        try:
            if failure[0] is None and (len(self._waiting) or not self._wrote):
                self._put(self._waiting)
        finally:
            self._writer.close()
