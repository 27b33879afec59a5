"""A damaged journal: every whole record of it in a new one, the damaged file kept aside."""

import sqlite3
from contextlib import closing
from os.path import isfile
from pathlib import Path

from sources.command.errors import BrokenFileError, OutputError
from synth.journal.batch_book import is_batch
from synth.journal.records import FORMAT, OF_ANSWER, RESTORE, TABLES, connect, is_answer, told
from synth.journal.salvage import rows_in

DAMAGE = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_TOOBIG)
"""What SQLite says of a damaged database, and never of a full disk or of a file that must not be written."""

OURS = ("answers", "set_aside", "batches")
FILES = ("", "-wal", "-shm", "-journal")
"""The endings of the files that together are a database, itself first."""

MOST_ROWS = 1 << 62


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
        with told(path), closing(connect(path, wal=False)) as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
            whole = connection.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok"
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
    return bool(whole)


def _foreign(path: Path, found: str) -> BrokenFileError:
    hint = "Bring the journal back, or move this file away: then every answer is asked for anew."
    return BrokenFileError(path, found, hint=hint)


def _is_damage(error: BaseException | None) -> bool:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in DAMAGE


def _save(path: Path) -> tuple[int, list[int]]:
    """Write every whole record into a new database beside it; how many there are, and the numbers of those that can
    be read and are not whole."""
    for ending in FILES:
        Path(f"{_made(path)}{ending}").unlink(missing_ok=True)
    saved, lost = set[int](), set[int]()
    with told(path), closing(connect(_made(path), wal=False, tables=TABLES)) as new, new:
        for number, columns in rows_in(path):
            if not columns or columns[0] is not None or not 0 < number < MOST_ROWS:
                continue
            values = columns[1:]
            if is_answer(values):
                new.execute(RESTORE, (number, *values))
                saved.add(number)
            elif len(values) == 1:
                new.execute("INSERT OR IGNORE INTO set_aside VALUES (?, ?)", (number, *values))
            elif is_batch(values):
                new.execute("INSERT OR IGNORE INTO batches VALUES (?, ?, ?, ?, ?, ?)", (number, *values))
            elif len(values) == OF_ANSWER:
                lost.add(number)
    return len(saved), sorted(lost - saved)


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
