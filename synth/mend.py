"""A damaged journal: every whole record of it in a new one, the damaged file kept aside."""

import sqlite3
from contextlib import closing, suppress
from os.path import isfile
from pathlib import Path

from sources.errors import BrokenFileError, OutputError
from synth.batch_book import copy_batches
from synth.records import COLUMNS, FORMAT, INSERT, TABLES, connect, digest, told

DAMAGE = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_TOOBIG)
"""What SQLite says of a damaged database, and never of a full disk or of a file that must not be written."""

OURS = ("answers", "set_aside", "batches")
FILES = ("", "-wal", "-shm", "-journal")
"""The endings of the files that together are a database, itself first."""

LEAST_BYTES = 64
"""No record takes less room."""


def mend_if_damaged(path: Path, remarks: list[str]) -> None:
    """See that every page of the journal can be read; `remarks` is told if that took a new one.

    Raises:
        BrokenFileError: it is no journal at all, or one of a later version.
        OutputError: it cannot be read or written, whole or not.
    """
    if isfile(_made(path)) and not isfile(path):  # a run was killed between the two renames below
        _replace(path)
    if isfile(path) and path.stat().st_size and not _is_whole(path):
        saved, lost = _save(path)
        aside = _replace(path)
        named = f" (records {', '.join(map(str, lost[:20]))}{', …' if len(lost) > 20 else ''})" if lost else ""
        remarks.append(
            f"{path.name} was damaged: {saved:,} records were saved, the others{named} are asked for again; "
            f"the damaged file is kept as {aside.name}"
        )


def _is_whole(path: Path) -> bool:
    with path.open("rb") as file:
        if not file.read(16).startswith(b"SQLite format 3"):
            raise _foreign(path, "is no SQLite database")
    try:
        with told(path), closing(connect(path)) as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
            whole = connection.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok"
    except OutputError as error:
        if _is_damage(error.__cause__):
            return False
        raise
    if version == 0 and set(tables) - set(OURS):
        raise _foreign(path, f"is a database of another program (tables {', '.join(sorted(tables)[:5])})")
    if version not in (0, FORMAT):
        raise BrokenFileError(path, f"is of format {version}", expected=f"format {FORMAT}", hint="Update build-prefs.")
    return bool(whole)


def _foreign(path: Path, found: str) -> BrokenFileError:
    hint = "Bring the journal back, or move this file away: then every answer is asked for anew."
    return BrokenFileError(path, found, hint=hint)


def _is_damage(error: BaseException | None) -> bool:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in DAMAGE


def _save(path: Path) -> tuple[int, list[int]]:
    """Write every whole record into a new database beside it; how many there are, and the numbers of those that can
    be read and are not whole."""
    saved, lost = 0, []
    for ending in FILES:
        Path(f"{_made(path)}{ending}").unlink(missing_ok=True)
    size = sum(Path(f"{path}{ending}").stat().st_size for ending in FILES if isfile(f"{path}{ending}"))
    with told(path), closing(connect(_made(path), wal=False)) as new, closing(connect(path, wal=False)) as old, new:
        new.executescript(TABLES)
        aside = _numbers_aside(old)
        for number in range(1, size // LEAST_BYTES):
            record = _record(old, number)
            if record is None or number in aside:
                continue
            if digest(record[:-1]) == record[-1]:
                new.execute(INSERT, record)
                saved += 1
            else:
                lost.append(number)
        with suppress(sqlite3.Error):
            copy_batches(old, new)
    return saved, lost


def _numbers_aside(old: sqlite3.Connection) -> set[int]:
    """The records that had been set aside, as far as that can be read."""
    try:
        return {number for (number,) in old.execute("SELECT number FROM set_aside").fetchall()}
    except sqlite3.Error:
        return set()


def _record(old: sqlite3.Connection, number: int) -> tuple[object, ...] | None:
    """One record; None where there is none or its page cannot be read."""
    try:
        row: tuple[object, ...] | None = old.execute(
            f"SELECT {COLUMNS}, digest FROM answers WHERE number = ?",  # noqa: S608 - no value in it
            (number,),
        ).fetchone()
    except sqlite3.Error as error:
        if not _is_damage(error):
            raise
        return None
    return row


def _made(path: Path) -> Path:
    """Where the new database is made."""
    return path.with_name(f"{path.name}.mending")


def _replace(path: Path) -> Path:
    """Put the new database in the place of the damaged one; returns the name under which that is kept."""
    names = [path.with_name(f"{path.name}.damaged-{number}") for number in range(1, 1000)]
    free = next(at for at, name in enumerate(names) if not name.exists())
    aside = names[free] if isfile(path) else names[max(free - 1, 0)]
    for ending in FILES:
        if isfile(f"{path}{ending}"):
            Path(f"{path}{ending}").rename(f"{aside}{ending}")
    _made(path).rename(path)
    return aside
