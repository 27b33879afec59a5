"""The text of all pairs on disk while stages compare their keys: written once in order, read back in parts."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from sources.pairs.extras import EXTRAS
from sources.pairs.schema import DROPPED, SIDES, joined_text
from sources.text.ngrams import Tokens
from sources.text.texts import PairTexts, Texts, lang_index

BatchReader = Callable[[int], pa.Table]

SPILLED = pa.schema([*DROPPED, EXTRAS])
"""A row on the disk: stage, reason and evidence are null where a pair is still in."""


@dataclass(frozen=True, slots=True)
class SpillPart:
    """One file of rows: how many are in each of its batches."""

    path: Path
    sizes: list[int]


class SpillWriter:
    """Takes batches of SPILLED rows to an Arrow file."""

    def __init__(self, path: Path) -> None:
        self.part = SpillPart(path, [])
        self._sink = pa.OSFile(str(path), "wb")
        self._writer = pa.ipc.new_file(self._sink, SPILLED)

    def append(self, rows: pa.Table) -> None:
        for batch in rows.combine_chunks().to_batches():
            self._writer.write_batch(batch)
            self.part.sizes.append(len(batch))

    def close(self) -> None:
        self._writer.close()
        self._sink.close()


class Spill:
    """Rows on disk in batches, those of all parts in order: batch b holds rows `offsets[b]` to `offsets[b + 1]`."""

    def __init__(self, parts: Sequence[SpillPart]) -> None:
        self._places = [(part.path, number) for part in parts for number in range(len(part.sizes))]
        self.offsets = np.cumsum([0, *(size for part in parts for size in part.sizes)])

    def __len__(self) -> int:
        return int(self.offsets[-1])

    @property
    def batch_count(self) -> int:
        return len(self._places)

    @contextmanager
    def opened(self, columns: Sequence[str] = SPILLED.names) -> Iterator[BatchReader]:
        """From the number of a batch to the batch, only the columns asked for read; for one thread.

        The files are not mapped: mapped pages count as memory of the process until the end.
        """
        options = pa.ipc.IpcReadOptions(included_fields=[SPILLED.get_field_index(name) for name in columns])
        readers: dict[Path, pa.RecordBatchFileReader] = {}
        with ExitStack() as files:

            def read(number: int) -> pa.Table:
                path, place = self._places[number]
                if path not in readers:
                    file = files.enter_context(pa.OSFile(str(path)))
                    readers[path] = pa.ipc.open_file(file, options=options)
                return pa.Table.from_batches([readers[path].get_batch(place)])

            yield read

    def pair_texts(self, rows: np.ndarray, *, simplify: bool = False) -> PairTexts:
        """The three texts of each of the (sorted) rows."""
        columns = [*SIDES, "lang"]
        with self.opened(columns) as read:
            parts = [read(number).take(pa.array(here)) for number, here in self.places(rows)]
        pairs = pa.concat_tables(parts) if parts else DROPPED.empty_table().select(columns)
        return PairTexts(pairs, simplify=simplify)

    def answers(self, rows: np.ndarray) -> tuple[pa.Array, pa.Array]:
        """Chosen and rejected of each of the (sorted) rows, of which there is at least one."""
        sides = SIDES[1:]
        with self.opened(sides) as read:
            parts = [read(number).take(pa.array(here)) for number, here in self.places(rows)]
        chosen, rejected = (
            pa.concat_arrays([joined_text(part[side].combine_chunks()) for part in parts]) for side in sides
        )
        return chosen, rejected

    def prompt_tokens(self, rows: np.ndarray) -> Tokens:
        """The tokens by which the prompt of each of the (sorted) rows is grouped."""

        def of(pairs: pa.Table) -> Tokens:
            prompts = Texts(joined_text(pairs["prompt"].combine_chunks()), lang_index(pairs["lang"]))
            return prompts.simplified_tokens(np.arange(len(pairs)))

        return self._tokens(rows, ["prompt", "lang"], of)

    def places(self, rows: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """The batches in which the (sorted) rows lie, each with their places in it."""
        if not len(rows):
            return
        owner = np.searchsorted(self.offsets, rows, side="right") - 1
        numbers, starts = np.unique(owner, return_index=True)
        for number, here in zip(numbers.tolist(), np.split(rows, starts[1:]), strict=True):
            yield number, here - self.offsets[number]

    def _tokens(self, rows: np.ndarray, columns: list[str], of: Callable[[pa.Table], Tokens]) -> Tokens:
        with self.opened(columns) as read:
            parts = [of(read(number).take(pa.array(here))) for number, here in self.places(rows)]
        lengths = np.concatenate([np.diff(part.offsets) for part in parts] or [np.empty(0, np.int64)])
        flat = np.concatenate([part.flat for part in parts] or [np.empty(0, np.uint64)])
        return Tokens(flat, np.concatenate([[0], np.cumsum(lengths)]))
