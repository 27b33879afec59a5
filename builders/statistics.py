"""What the pairs of a built dataset are like: numbers by source, measured on the finished files."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sources.schema import joined_text

BATCH_ROWS = 16_384
MEASURED = ["source", "prompt", "chosen", "rejected", "score_chosen", "score_rejected", "prompt_group"]


@dataclass(frozen=True, slots=True)
class SourceStatistics:
    """One source. Lengths are characters, one entry a pair; `margins` are score_chosen - score_rejected, of the pairs
    that have both."""

    source: str
    prompt_chars: np.ndarray
    chosen_chars: np.ndarray
    rejected_chars: np.ndarray
    margins: np.ndarray

    @property
    def pairs(self) -> int:
        return len(self.chosen_chars)

    @property
    def length_auc(self) -> float:
        """How often the rule "the longer answer is chosen" is right; ties count half. 0.5 says that length tells
        nothing; nan without pairs."""
        difference = self.chosen_chars.astype(np.int64) - self.rejected_chars
        return float(((difference > 0) + 0.5 * (difference == 0)).mean()) if len(difference) else float("nan")


@dataclass(frozen=True, slots=True)
class Statistics:
    """A built dataset in one language, by source in the order of its files; `group_sizes` has one entry for each group
    of near-equal prompts."""

    sources: list[SourceStatistics]
    group_sizes: np.ndarray

    @property
    def whole(self) -> SourceStatistics:
        """All sources together."""
        names = ("prompt_chars", "chosen_chars", "rejected_chars", "margins")
        columns = (np.concatenate([np.empty(0), *(getattr(one, name) for one in self.sources)]) for name in names)
        return SourceStatistics("total", *columns)


def measure(folder: Path) -> Statistics:
    """The statistics of the pairs in `folder/data`, train and test."""
    by_source: dict[str, list[np.ndarray]] = {}
    groups: list[pa.Array] = []
    for batch in _batches(folder):
        groups.append(batch["prompt_group"])
        lengths = [_chars(batch[side]) for side in ("prompt", "chosen", "rejected")]
        margin = pc.subtract(batch["score_chosen"], batch["score_rejected"]).to_numpy(zero_copy_only=False)
        rows = np.stack([*lengths, margin.astype(np.float64)])
        names = batch["source"].dictionary_encode()
        places = names.indices.to_numpy()
        for place, name in enumerate(names.dictionary.to_pylist()):
            by_source.setdefault(name, []).append(rows[:, places == place])
    sources = [_source(name, np.concatenate(parts, axis=1)) for name, parts in by_source.items()]
    counts = pa.chunked_array(groups, pa.string()).value_counts().field("counts").to_numpy()
    return Statistics(sources, np.sort(counts))


def _batches(folder: Path) -> Iterator[pa.RecordBatch]:
    for path in sorted((folder / "data").glob("*.parquet"), key=lambda path: (path.name.startswith("test"), path.name)):
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(BATCH_ROWS, columns=MEASURED)


def _chars(turns: pa.Array) -> np.ndarray:
    return np.asarray(pc.utf8_length(joined_text(turns)).to_numpy(zero_copy_only=False), dtype=np.float64)


def _source(name: str, rows: np.ndarray) -> SourceStatistics:
    prompt, chosen, rejected = rows[:3].astype(np.int64)
    return SourceStatistics(name, prompt, chosen, rejected, rows[3][~np.isnan(rows[3])])
