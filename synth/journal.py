"""The journal: every answer that was paid for, on the disk before it counts.

It is an SQLite database in WAL mode, because that is append-only where it matters, survives a kill at any moment,
forgets a torn last record by itself, and can be read with any SQLite tool. Each record carries a hash of its content.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from os.path import isfile
from pathlib import Path
from threading import Lock

import orjson

from sources.errors import BrokenFileError, OutputError
from synth.batch_book import TABLE, BatchBook, copy_batches
from synth.completion import Completion, Outcome, Refusal, Side

NAME = "journal.sqlite"
FORMAT = 1
COLUMNS = "key, side, model, text, finish_reason, prompt_tokens, completion_tokens, status, message"
TABLES = f"""
CREATE TABLE IF NOT EXISTS answers (
  number INTEGER PRIMARY KEY, {COLUMNS}, digest BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS by_key ON answers (key);
CREATE TABLE IF NOT EXISTS set_aside (number INTEGER PRIMARY KEY, why TEXT);
{TABLE}PRAGMA user_version = {FORMAT};
"""
INSERT = f"INSERT INTO answers ({COLUMNS}, digest) VALUES ({', '.join('?' * 10)})"  # noqa: S608 - no value in it
KEYS_AT_ONCE = 500
DAMAGED = (sqlite3.DatabaseError, UnicodeDecodeError)


@dataclass(frozen=True, slots=True)
class Entry:
    """An outcome with what it is the outcome of."""

    key: bytes
    side: Side
    model: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Usage:
    """What one model was asked for so far, as far as the server counted."""

    side: Side
    model: str
    answers: int
    prompt_tokens: int
    completion_tokens: int


class Journal:
    """The answers so far. `remarks` says what was found damaged. One run at a time may hold it (folder.py's lock)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.remarks: list[str] = []
        self._writing = Lock()
        self._connection = _opened(path, self.remarks)
        self.batches = BatchBook(self._connection, self._change)

    def find(self, keys: Iterable[bytes]) -> dict[bytes, Outcome]:
        """The outcomes of those keys that have one; of several the first that is whole. A record that is damaged is
        set aside, and its key has none."""
        wanted, found = list(keys), dict[bytes, Outcome]()
        for start in range(0, len(wanted), KEYS_AT_ONCE):
            part = wanted[start : start + KEYS_AT_ONCE]
            marks = ", ".join("?" * len(part))
            rows = self._connection.execute(
                f"SELECT number, {COLUMNS}, digest FROM answers WHERE key IN ({marks}) "  # noqa: S608 - only marks
                "AND number NOT IN (SELECT number FROM set_aside) ORDER BY number",
                part,
            ).fetchall()
            for number, *values, digest in rows:
                if _digest(values) != digest:
                    self._set_aside(number, "its hash does not fit its content")
                elif values[0] not in found:
                    found[values[0]] = _outcome(values)
        return found

    def append(self, entries: list[Entry]) -> None:
        """All of the entries, on the disk when this returns, or none.

        Raises:
            OutputError: the disk is full or fails; what was written before is safe.
        """
        with self._change():
            self._connection.executemany(INSERT, map(_row, entries))

    def forget_refusals(self) -> int:
        """Set all refusals aside, so that they are asked again; says how many."""
        with self._change():
            return self._connection.execute(
                "INSERT OR IGNORE INTO set_aside SELECT number, 'asked again' FROM answers WHERE status IS NOT NULL"
            ).rowcount

    def usage(self) -> list[Usage]:
        """Tokens and answers by side and model, of all that was ever paid for, damaged or not."""
        rows = self._connection.execute(
            "SELECT side, model, count(*), total(prompt_tokens), total(completion_tokens) FROM answers "
            "WHERE status IS NULL GROUP BY side, model ORDER BY side, model"
        )
        return [Usage(side, model, count, int(prompt), int(written)) for side, model, count, prompt, written in rows]

    def close(self) -> None:
        """Let go of the file; everything is in it."""
        self._connection.close()

    @contextmanager
    def _change(self) -> Iterator[None]:
        """A transaction; nobody else writes meanwhile."""
        with _told(self.path), self._writing, self._connection:
            yield

    def _set_aside(self, number: int, why: str) -> None:
        self.remarks.append(f"{self.path.name}: record {number} set aside ({why}); its answer is asked for again")
        with self._change():
            self._connection.execute("INSERT OR IGNORE INTO set_aside VALUES (?, ?)", (number, why))


def _opened(path: Path, remarks: list[str]) -> sqlite3.Connection:
    """A connection to the journal, which is made if it does not exist and mended if pages of it are damaged."""
    if isfile(path) and path.stat().st_size and not _is_whole(path):
        _mend(path, remarks)
    with _told(path):
        connection = _connected(path)
        connection.executescript(TABLES)
    return connection


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _is_whole(path: Path) -> bool:
    """Whether every page of the database can be read.

    Raises:
        BrokenFileError: it is no journal at all, or one of a later version.
    """
    with path.open("rb") as file:
        if not file.read(16).startswith(b"SQLite format 3"):
            raise BrokenFileError(
                path,
                "is no SQLite database",
                hint="Bring the journal back, or move this file away: then every answer is asked for anew.",
            )
    try:
        with closing(_connected(path)) as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            whole = connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
    except DAMAGED:
        return False
    if version not in (0, FORMAT):
        raise BrokenFileError(path, f"is of format {version}", expected=f"format {FORMAT}", hint="Update build-prefs.")
    return bool(whole)


def _mend(path: Path, remarks: list[str]) -> None:
    """A new journal with every whole record of the damaged one, which is kept under another name."""
    aside = next(name for n in range(1, 10_000) if not (name := path.with_name(f"{path.name}.damaged-{n}")).exists())
    made = path.with_name(f"{path.name}.mending")
    made.unlink(missing_ok=True)
    saved, lost = 0, []
    with _told(path), closing(_connected(made)) as new, closing(sqlite3.connect(path)) as old, new:
        new.executescript(TABLES)
        for number in range(1, _last_number(old, path) + 1):
            row = _read_one(old, number)
            if row is not None and _digest(row[:-1]) == row[-1]:
                new.execute(INSERT, row)
                saved += 1
            elif row is not None:
                lost.append(number)
        with suppress(*DAMAGED):
            copy_batches(old, new)
    for ending in ("", "-wal", "-shm"):
        if isfile(f"{path}{ending}"):
            Path(f"{path}{ending}").rename(f"{aside}{ending}")
    made.rename(path)
    named = f" (records {', '.join(map(str, lost[:20]))}{', …' if len(lost) > 20 else ''})" if lost else ""
    remarks.append(
        f"{path.name} was damaged: {saved:,} records were saved, the others{named} are asked for again; "
        f"the damaged file is kept as {aside.name}"
    )


def _last_number(old: sqlite3.Connection, path: Path) -> int:
    """The number of the last record, or what it cannot exceed."""
    try:
        return int(old.execute("SELECT coalesce(max(number), 0) FROM answers").fetchone()[0])
    except DAMAGED:
        return path.stat().st_size // 64


def _read_one(old: sqlite3.Connection, number: int) -> tuple[object, ...] | None:
    """One record; None where there is none or its page cannot be read."""
    try:
        row: tuple[object, ...] | None = old.execute(
            f"SELECT {COLUMNS}, digest FROM answers WHERE number = ?",  # noqa: S608 - no value in it
            (number,),
        ).fetchone()
    except DAMAGED:
        return None
    return row


def _row(entry: Entry) -> list[object]:
    match entry.outcome:
        case Completion(text, finish_reason, prompt_tokens, completion_tokens):
            said = [text, finish_reason, prompt_tokens, completion_tokens, None, None]
        case Refusal(status, message):
            said = [None, None, None, None, status, message]
    values = [entry.key, entry.side, entry.model, *said]
    return [*values, _digest(values)]


def _outcome(values: list[object]) -> Outcome:
    _, _, _, text, finish_reason, prompt_tokens, completion_tokens, status, message = values
    if status is not None:
        return Refusal(status, message)  # type: ignore[arg-type]
    return Completion(text, finish_reason, prompt_tokens, completion_tokens)  # type: ignore[arg-type]


def _digest(values: Iterable[object]) -> bytes:
    """BLAKE2b of the columns of a record, each with its kind and length."""
    key, *others = values
    spelled = orjson.dumps([key.hex() if isinstance(key, bytes) else None, *others], default=repr)
    return blake2b(spelled, digest_size=16).digest()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """SQLite's trouble with the disk as an error of ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise OutputError(
            path,
            f"the journal cannot be written ({error})",
            hint="What was answered before is in it: free some space or mend the disk, and run the same command again.",
        ) from error
