"""The journal: every answer that was paid for, written to the disk before it is used.

It is an SQLite database in WAL mode: that survives a kill at any moment, drops a record that was only half written, and
can be read with any SQLite tool. Each record carries a hash of its content.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from synth.job.completion import Outcome, Side
from synth.journal.batch_book import BatchBook
from synth.journal.records import COLUMNS, INSERT, TABLES, connect, digest, disk_errors, to_outcome, to_record
from synth.journal.repair import repair_if_damaged

NAME = "journal.sqlite"
KEYS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """An outcome with the key, side and model of its request."""

    key: bytes
    side: Side
    model: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Usage:
    """Answers and tokens of one model so far, as its server counted them."""

    side: Side
    model: str
    answers: int
    prompt_tokens: int
    completion_tokens: int


class Journal:
    """The answers so far. `remarks` says what was damaged. Only one run at a time may open it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.remarks = repair_if_damaged(path)
        self._writing = Lock()
        with disk_errors(path):
            self._connection = connect(path, tables=TABLES)
        self.batches = BatchBook(self._connection, self._change)

    def find(self, keys: Iterable[bytes]) -> dict[bytes, Outcome]:
        """The outcomes of those keys that have one; if there are several, the first intact one. A damaged record
        is set aside, and its key has no outcome."""
        wanted, found = list(keys), dict[bytes, Outcome]()
        for start in range(0, len(wanted), KEYS_AT_ONCE):
            part = wanted[start : start + KEYS_AT_ONCE]
            marks = ", ".join("?" * len(part))
            rows = self._read(
                f"SELECT number, {COLUMNS}, digest FROM answers WHERE key IN ({marks}) "  # noqa: S608 - only marks
                "AND number NOT IN (SELECT number FROM set_aside) ORDER BY number",
                part,
            )
            for number, *values, hashed in rows:
                if digest(values) != hashed:
                    self._set_aside(number, "its hash does not fit its content")
                elif values[0] not in found:
                    found[values[0]] = to_outcome(values)
        return found

    def append(self, entries: list[Entry]) -> None:
        """All of the entries, on the disk when this returns, or none.

        Raises:
            OutputError: the disk is full or fails; what was written before is safe.
        """
        with self._change():
            rows = [to_record(entry.key, entry.side, entry.model, entry.outcome) for entry in entries]
            self._connection.executemany(INSERT, rows)

    def forget_refusals(self) -> int:
        """Set all refusals aside, so that they are asked again; returns how many there were."""
        with self._change():
            return self._connection.execute(
                "INSERT OR IGNORE INTO set_aside SELECT number, 'asked again' FROM answers WHERE status IS NOT NULL"
            ).rowcount

    def knows(self, side: Side, model: str) -> bool:
        """Whether the journal has any record of that model and side."""
        found = "SELECT 1 FROM answers WHERE side = ? AND model = ? LIMIT 1"
        return bool(self._read(found, [side, model]))

    def usage(self) -> list[Usage]:
        """Tokens and answers by side and model, including damaged records, which were paid for too."""
        rows = self._read(
            "SELECT side, model, count(*), total(prompt_tokens), total(completion_tokens) FROM answers "
            "WHERE status IS NULL GROUP BY side, model ORDER BY side, model"
        )
        return [Usage(side, model, count, int(prompt), int(written)) for side, model, count, prompt, written in rows]

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def _change(self) -> Iterator[None]:
        """A transaction; other threads wait until it ends."""
        with disk_errors(self.path), self._writing, self._connection:
            yield

    def _read(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        with disk_errors(self.path):
            return self._connection.execute(query, values).fetchall()

    def _set_aside(self, number: int, why: str) -> None:
        self.remarks.append(f"{self.path.name}: record {number} set aside ({why}); its answer is asked for again")
        with self._change():
            self._connection.execute("INSERT OR IGNORE INTO set_aside VALUES (?, ?)", (number, why))
