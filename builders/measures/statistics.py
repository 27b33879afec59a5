"""What the pairs of a built dataset are like: numbers by source, from the finished files or while they are written."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sources.pairs.extras import narrow
from sources.pairs.schema import SIDES, joined_text
from sources.text.codes import decode, text_keys

BATCH_ROWS = 16_384
MEASURED = ["source", *SIDES, "score_chosen", "score_rejected", "prompt_group"]


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
        return length_auc(self.chosen_chars, self.rejected_chars)


def length_auc(chosen_chars: np.ndarray, rejected_chars: np.ndarray) -> float:
    """How often the rule "the longer answer is chosen" is right; ties count half. 0.5 says that length tells nothing;
    nan without pairs."""
    difference = chosen_chars.astype(np.int64) - rejected_chars
    return float(told_rightly(difference).mean()) if len(difference) else float("nan")


def told_rightly(differences: np.ndarray) -> np.ndarray:
    """float64: 1 where chosen has more of something than rejected, 0 where it has less, 0.5 where they are alike."""
    return np.asarray((differences > 0) + 0.5 * (differences == 0))


@dataclass(frozen=True, slots=True)
class Statistics:
    """A built dataset in one language, by source in the order of its files; `group_sizes` has one entry for each group
    of near-equal prompts."""

    sources: list[SourceStatistics]
    group_sizes: np.ndarray

    @property
    def whole(self) -> SourceStatistics:
        """All sources together."""
        return _joined("total", self.sources)


class Measurer:
    """Takes pairs, a table at a time, to what `statistics` makes of them: about 30 bytes a pair."""

    def __init__(self) -> None:
        self._by_source: dict[str, list[SourceStatistics]] = {}
        self._groups: list[np.ndarray] = []

    def add(self, rows: pa.Table) -> None:
        """Rows with the columns MEASURED."""
        table = rows.select(MEASURED).combine_chunks()
        if not len(table):
            return
        lengths = [characters(table[side].combine_chunks()) for side in SIDES]
        margins = pc.subtract(table["score_chosen"], table["score_rejected"]).to_numpy()
        self._groups.append(text_keys(decode(table["prompt_group"].combine_chunks())))
        names = table["source"].combine_chunks().dictionary_encode()
        places = names.indices.to_numpy()
        for place, name in enumerate(names.dictionary.to_pylist()):
            here = places == place
            margin = margins[here]
            columns = (*(length[here] for length in lengths), margin[~np.isnan(margin)])
            self._by_source.setdefault(name, []).append(SourceStatistics(name, *columns))

    def absorb(self, other: "Measurer") -> None:
        """What another measurer took, after what this one has."""
        for name, parts in other._by_source.items():
            self._by_source.setdefault(name, []).extend(parts)
        self._groups += other._groups

    def statistics(self) -> Statistics:
        sources = [_joined(name, parts) for name, parts in self._by_source.items()]
        groups = np.concatenate([np.empty(0, np.uint64), *self._groups])
        return Statistics(sources, np.sort(np.unique(groups, return_counts=True)[1]))


def measure(folder: Path) -> Statistics:
    """The statistics of the pairs in `folder/data`, train and test."""
    measurer = Measurer()
    for rows in _tables(folder):
        measurer.add(rows)
    return measurer.statistics()


def together(measurers: Iterable[Measurer]) -> Statistics:
    """The statistics of what several measurers took, in their order."""
    whole = Measurer()
    for measurer in measurers:
        whole.absorb(measurer)
    return whole.statistics()


def _tables(folder: Path) -> Iterator[pa.Table]:
    for path in sorted((folder / "data").glob("*.parquet"), key=lambda path: (path.name.startswith("test"), path.name)):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(BATCH_ROWS, columns=MEASURED):
                yield narrow(pa.Table.from_batches([batch]))


def characters(turns: pa.Array) -> np.ndarray:
    """int32: how many characters the turns of each pair have together."""
    return np.asarray(pc.utf8_length(joined_text(turns)).to_numpy(zero_copy_only=False), dtype=np.int32)


def _joined(name: str, parts: list[SourceStatistics]) -> SourceStatistics:
    """Several parts as one; lengths int32, margins float64."""
    sides = {
        f"{side}_chars": np.concatenate([np.empty(0, np.int32), *(getattr(part, f"{side}_chars") for part in parts)])
        for side in SIDES
    }
    return SourceStatistics(name, margins=np.concatenate([np.empty(0), *(part.margins for part in parts)]), **sides)
