"""Batches of upstream rows, and how many bad ones among them are tolerated."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from sources.command.errors import BadRowsError, MissingColumnError
from sources.command.printable import printable


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of what may be wrong with an upstream file."""

    max_file_bytes: int = 8 << 30
    max_row_bytes: int = 4 << 20
    max_bad_share: float = 0.01
    block_bytes: int = 0
    """How much is read at a time; 0 is as much as is fastest."""


@dataclass(frozen=True, slots=True)
class RowBatch:
    """Rows of one file in its layout with their number `row` (from 0), the bad rows among them, and in how many rows
    each column was that the layout does not have."""

    rows: pa.Table
    bad: pa.Table
    unused: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows) + len(self.bad)


def fitting_columns(there: Collection[str], wanted: Sequence[Sequence[str]], where: str, expected: str = "") -> int:
    """The place of the first set of columns that are all there.

    Raises:
        MissingColumnError: there is none; says what the nearest lacks.
    """
    for place, names in enumerate(wanted):
        if all(name in there for name in names):
            return place
    best = max(wanted, key=lambda names: sum(name in there for name in names))
    missing = ", ".join(name for name in best if name not in there)
    raise MissingColumnError(
        where,
        f"no column {missing}; found {printable(', '.join(map(str, there)), max_chars=200)}",
        expected=expected or " or ".join(", ".join(names) for names in wanted),
    )


def tolerate(bad: list[tuple[int, str, str]], read: int, max_share: float, name: str, *, at_end: bool) -> None:
    """Nothing, as long as the bad rows are few; one is always tolerated.

    Raises:
        BadRowsError: names the first of them.
    """
    if len(bad) <= max(1.0, max_share * read) or (not at_end and len(bad) < 1000):
        return
    shown = "; ".join(f"row {row}: {reason} ({printable(evidence)})" for row, reason, evidence in bad[:5])
    more = f"; and {len(bad) - 5:,} more" if len(bad) > 5 else ""
    raise BadRowsError(
        name,
        f"{len(bad):,} of {read:,} rows cannot be read: {shown}{more}",
        expected=f"at most {max_share:.1%} bad rows",
        hint="Correct the file, or raise limits.max_bad_share in the recipe.",
    )
