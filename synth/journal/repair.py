"""A damaged journal: every intact record that SQLite can still read goes into a new one, the damaged file is kept."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from os.path import isfile
from pathlib import Path

from sources.command.errors import BrokenFileError, OutputError
from synth.journal.batch_book import is_batch
from synth.journal.records import FORMAT, RESTORE, TABLES, connect, disk_errors, is_answer

DAMAGE = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_TOOBIG)
"""SQLite's errors for a damaged database; a full disk or missing permissions have others."""

OURS = ("answers", "set_aside", "batches")
FILES = ("", "-wal", "-shm", "-journal")
"""The endings of the files that together are a database, itself first."""

LEAST_ROW_BYTES = 40
"""No answer takes less of the file (its key and its hash have 16 bytes each), so their numbers cannot be higher."""

Row = tuple[int, *tuple[object, ...]]


def repair_if_damaged(path: Path) -> list[str]:
    """What was lost of a damaged journal, which is then replaced by a repaired one; empty if it is intact.

    Raises:
        BrokenFileError: it is no journal, one of a later version, or so damaged that no answer can be read.
        OutputError: the disk fails or is full; the journal is as it was.
    """
    if isfile(_repaired(path)) and not isfile(path):  # a run was killed between the two renames in _replace
        _replace(path)
    if not isfile(path) or not path.stat().st_size or _is_intact(path):
        return []
    saved, lost = _save_readable(path)
    if not saved:
        hint = "Restore a copy of it, or move it away: then every answer is asked for, and paid for, again."
        raise BrokenFileError(path, "is damaged, and no answer in it can be read", hint=hint)
    aside = _replace(path)
    named = f" (records {', '.join(map(str, lost[:20]))}{', …' if len(lost) > 20 else ''})" if lost else ""
    return [
        f"{path.name} was damaged: {saved:,} records were saved, the others{named} are asked for again; "
        f"the damaged file is kept as {aside.name}"
    ]


def _is_intact(path: Path) -> bool:
    with path.open("rb") as file:
        if not file.read(16).startswith(b"SQLite format 3"):
            raise _foreign(path, "is no SQLite database")
    try:
        with disk_errors(path), closing(connect(path, wal=False)) as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
            intact = connection.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok"
    except UnicodeDecodeError:  # SQLite quotes a damaged schema
        return False
    except OutputError as error:
        if _is_damage(error.__cause__):
            return False
        raise
    if version == 0 and set(tables) - set(OURS):
        raise _foreign(path, f"is a database of another program (tables {', '.join(sorted(tables)[:5])})")
    if version not in (0, FORMAT):
        raise BrokenFileError(path, f"is of format {version}", expected=f"format {FORMAT}", hint="Update build-prefs.")
    return bool(intact)


def _foreign(path: Path, found: str) -> BrokenFileError:
    hint = "Bring the journal back, or move this file away: then every answer is asked for anew."
    return BrokenFileError(path, found, hint=hint)


def _is_damage(error: BaseException | None) -> bool:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in DAMAGE


def _save_readable(path: Path) -> tuple[int, list[int]]:
    """Write every intact record into a new database beside it; how many answers there are, and the numbers of those
    that are not intact or cannot be read, as far as they are known."""
    for ending in FILES:
        Path(f"{_repaired(path)}{ending}").unlink(missing_ok=True)
    saved, lost = set[int](), set[int]()
    with (
        disk_errors(path),
        closing(connect(path, wal=False)) as old,
        closing(connect(_repaired(path), wal=False, tables=TABLES)) as new,
        new,
    ):
        old.execute("PRAGMA writable_schema = ON")  # lets SQLite read a file that was cut short
        for number, *values in _readable_rows(old, path, "answers"):
            if is_answer(values):
                new.execute(RESTORE, (number, *values))
                saved.add(number)
            else:
                lost.add(number)
        for number, *values in _readable_rows(old, path, "set_aside"):
            new.execute("INSERT OR IGNORE INTO set_aside VALUES (?, ?)", (number, *values))
        for number, *values in _readable_rows(old, path, "batches"):
            if is_batch(values):
                new.execute("INSERT OR IGNORE INTO batches VALUES (?, ?, ?, ?, ?, ?)", (number, *values))
    return len(saved), sorted(lost - saved)


def _readable_rows(old: sqlite3.Connection, path: Path, table: str) -> Iterator[Row]:
    """The rows that SQLite can read, each once: from the first up to the damage, and each by its number beyond it."""
    last, bound = 0, path.stat().st_size // LEAST_ROW_BYTES
    every = f"FROM {table} NOT INDEXED"
    try:
        for row in old.execute(f"SELECT * {every} ORDER BY number"):
            if 0 < row[0] <= bound:  # else the number is damaged
                yield row
                last = max(last, row[0])
        return
    except sqlite3.Error as error:
        if not _is_damage(error):
            raise
    highest = _first_number(old, f"SELECT number {every} ORDER BY number DESC LIMIT 1")
    for number in range(last + 1, (highest if last < highest < bound else bound) + 1):
        try:
            yield from old.execute(f"SELECT * {every} WHERE number = ?", (number,))
        except sqlite3.Error as error:
            if not _is_damage(error):
                raise


def _first_number(old: sqlite3.Connection, query: str) -> int:
    """What the query gives; 0 where that cannot be read."""
    try:
        return int(next(iter(old.execute(query).fetchall()), (0,))[0])
    except sqlite3.Error:
        return 0


def _repaired(path: Path) -> Path:
    """Where the new database is made."""
    return path.with_name(f"{path.name}.repaired")


def _replace(path: Path) -> Path:
    """Put the new database in the place of the damaged one; returns the name under which that is kept."""
    names = [path.with_name(f"{path.name}.damaged-{number}") for number in range(1, 1000)]
    free = next(at for at, name in enumerate(names) if not name.exists())
    aside = names[free] if isfile(path) else names[max(free - 1, 0)]
    for ending in FILES:
        if isfile(f"{path}{ending}"):
            Path(f"{path}{ending}").rename(f"{aside}{ending}")
    _repaired(path).rename(path)
    return aside
