"""What a comparing stage finds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from sources.text.ngrams import Tokens
from sources.text.texts import PairTexts

TokenReader = Callable[[np.ndarray], Tokens]
"""From sorted row numbers to tokens of their texts, read from disk."""

TextReader = Callable[[np.ndarray], PairTexts]
"""From sorted row numbers to their texts, read from disk."""

MAX_ROWS_KEPT = 4096
"""A thousand pairs have about a megabyte of text."""


@dataclass(frozen=True, slots=True)
class Found:
    """Rows to drop for one reason. `twins[i]` is the row that is evidence for `rows[i]`.

    `note` says more of all rows, `notes` of single ones.
    """

    reason: str
    rows: np.ndarray
    twins: np.ndarray | None = None
    note: str = ""
    notes: Mapping[int, str] = field(default_factory=dict)

    def without(self, rows: np.ndarray) -> "Found":
        """The same, less some rows that went for another reason."""
        stay = ~np.isin(self.rows, rows)
        twins = None if self.twins is None else self.twins[stay]
        left = set(self.rows[stay].tolist())
        notes = {row: note for row, note in self.notes.items() if row in left}
        return Found(self.reason, self.rows[stay], twins, self.note, notes)


def kept_in_memory(read_texts: TextReader, rows: np.ndarray) -> TextReader:
    """A reader of these (sorted) rows that reads them only once, if they are few."""
    if not 0 < len(rows) <= MAX_ROWS_KEPT:
        return read_texts
    texts = read_texts(rows)
    return lambda asked: texts.take(np.searchsorted(rows, asked))


def equal_neighbours(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(first, other) for every place whose value stood before: its first place and the place; in order of value."""
    order = np.argsort(values, kind="stable")
    ranked = values[order]
    starts = run_starts(ranked)
    first = np.repeat(order[starts], np.diff(np.append(starts, len(values))))
    others = first != order
    return first[others], order[others]


def run_starts(values: np.ndarray) -> np.ndarray:
    """The places at which a value differs from the one before it; the first place is one."""
    if not len(values):
        return np.empty(0, np.int64)
    return np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
