"""All candidates to one prompt, out of candidates.parquet of synth-prefs or a file with its columns."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from os.path import isfile
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from sources.pairs.languages import Lang
from sources.pairs.schema import TURNS
from synth.scoring.groups import Answer, Group

SPOOLED: Final = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("source", pa.string()),
        pa.field("source_row", pa.string()),
        pa.field("domain", pa.string()),
        pa.field("prompt", TURNS),
        pa.field("texts", pa.list_(pa.string())),
        pa.field("models", pa.list_(pa.string())),
        pa.field("cut", pa.list_(pa.bool_())),
    ]
)


@dataclass(slots=True)
class CandidateGroups:
    """The candidates of one run, kept on the disk to save memory."""

    lang: Lang
    license: str
    files: list[tuple[str, str]]
    spool: Path
    count: int
    answers: int
    of_source: Counter[str]
    left_out: Counter[tuple[str, str]]

    def __len__(self) -> int:
        return self.count

    def parts(self) -> Iterator[list[Group]]:
        for batch in self.batches():
            yield [self._group(row) for row in batch.to_pylist()]

    def kinds(self) -> set[tuple[str, str | None]]:
        found = set[tuple[str, str | None]]()
        for part in self.batches():
            found.update(zip(part["source"].to_pylist(), part["domain"].to_pylist(), strict=True))
        return found

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The candidates as tables of SPOOLED."""
        with pa.OSFile(str(self.spool)) as file, pa.ipc.open_file(file) as reader:
            for number in range(reader.num_record_batches):
                yield reader.get_batch(number)

    def _group(self, row: dict[str, Any]) -> Group:
        told = zip(row["texts"], row["models"], row["cut"], strict=True)
        return Group(
            id=row["id"],
            source=row["source"],
            source_row=row["source_row"],
            prompt=row["prompt"],
            answers=[Answer(text, model, is_cut) for text, model, is_cut in told],
            license=self.license,
            domain=row["domain"],
        )


def holds_candidates(path: Path) -> bool:
    """Whether it is a file with a text in each row, and not one of pairs."""
    if not isfile(path):
        return False
    try:
        names = pq.read_schema(path).names
    except (pa.ArrowException, OSError):
        return False
    return "text" in names and "chosen" not in names
