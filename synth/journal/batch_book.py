"""The journal's table of batches: which requests each holds and its state, so that none is submitted twice."""

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal, get_args

from synth.job.completion import KEY_BYTES

State = Literal["intended", "submitted", "collected", "lost"]

TABLE = """
CREATE TABLE IF NOT EXISTS batches (
  number INTEGER PRIMARY KEY, name TEXT NOT NULL, batch_id TEXT, about TEXT NOT NULL,
  keys BLOB NOT NULL, state TEXT NOT NULL
);
"""
COLUMNS = "name, batch_id, about, keys, state"
INSERT = f"INSERT INTO batches ({COLUMNS}) VALUES (?, ?, ?, ?, ?)"  # noqa: S608 - no value in it

Writing = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch. `name` is made here and kept by the server as metadata; `batch_id` is the server's own id. `about`
    names the model and the interface: only a run with the same ones may collect it."""

    name: str
    batch_id: str | None
    about: str
    keys: list[bytes]
    state: State


class BatchBook:
    """The batches of a journal. Every method writes to the disk before it returns."""

    def __init__(self, connection: sqlite3.Connection, writing: Writing) -> None:
        self._connection, self._writing = connection, writing

    def open_batches(self, about: str | None = None) -> list[Batch]:
        """The batches that are not yet collected, in order of submission; only those with this `about` if given."""
        latest: dict[str, Batch] = {}
        rows = self._connection.execute(f"SELECT {COLUMNS} FROM batches ORDER BY number")  # noqa: S608 - no value
        for name, batch_id, of, keys, state in rows:
            known = latest[name].keys if name in latest else []
            latest[name] = Batch(name, batch_id, of, _split(keys) or known, state)
        opened = (batch for batch in latest.values() if batch.state in ("intended", "submitted"))
        return [batch for batch in opened if about in (None, batch.about)]

    def intend(self, keys: list[bytes], about: str = "") -> Batch:
        """A new batch of these requests, noted as about to be submitted."""
        number = self._connection.execute("SELECT coalesce(max(number), 0) FROM batches").fetchone()[0]
        name = blake2b(b"%d:" % number + b"".join(keys), digest_size=KEY_BYTES).hexdigest()
        batch = Batch(name, None, about, keys, "intended")
        self._note(batch, keys)
        return batch

    def forget(self) -> int:
        """Give all open batches up, so that their requests are sent again; returns how many there were."""
        opened = self.open_batches()
        for batch in opened:
            self.note(batch, "lost")
        return len(opened)

    def note(self, batch: Batch, state: State, batch_id: str | None = None) -> Batch:
        """The batch in its new state, which is noted."""
        changed = Batch(batch.name, batch_id or batch.batch_id, batch.about, batch.keys, state)
        self._note(changed, [])
        return changed

    def _note(self, batch: Batch, keys: list[bytes]) -> None:
        with self._writing():
            self._connection.execute(INSERT, (batch.name, batch.batch_id, batch.about, b"".join(keys), batch.state))


def is_batch(values: list[object]) -> bool:
    """Whether these are the columns of a row of the table, but for its number."""
    match values:
        case [str(), None | str(), str(), bytes(keys), str(state)]:
            return state in get_args(State) and len(keys) % KEY_BYTES == 0
    return False


def _split(keys: bytes) -> list[bytes]:
    return [keys[at : at + KEY_BYTES] for at in range(0, len(keys), KEY_BYTES)]
