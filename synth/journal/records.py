"""The journal's tables, and a record of them: its columns, and the hash of its content."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from sources.command.errors import OutputError
from synth.job.completion import NOTHING_BESIDE, Beside, Completion, Outcome, Refusal
from synth.journal.batch_book import TABLE

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
"""`message` is why a request was refused, or what was said beside the text of an answer."""

OF_ANSWER = 10
"""How many columns a record has, with its hash and without its number."""

INSERT = f"INSERT INTO answers ({COLUMNS}, digest) VALUES ({', '.join('?' * OF_ANSWER)})"  # noqa: S608 - no value in it
RESTORE = f"INSERT OR IGNORE INTO answers VALUES (?{', ?' * OF_ANSWER})"  # noqa: S608 - no value in it

NO_TEXT = Refusal(0, "the answer is no text: it holds half a character (a lone surrogate)")


def connect(path: Path, *, wal: bool = True, tables: str = "") -> sqlite3.Connection:
    """A connection to the database, by default in WAL mode; `tables` is SQL that creates them if they are missing."""
    connection = sqlite3.connect(path, check_same_thread=False)
    connection.text_factory = lambda data: data.decode("utf-8", "replace")  # a wrong byte is found by the hash
    try:
        if wal:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(tables)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """SQLite's errors raised as OutputError, which names the journal and what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise OutputError(
            path,
            f"the journal cannot be read or written ({error})",
            hint="What was answered is in it: free some space or repair the disk, and run the same command again.",
        ) from error


def to_record(key: bytes, side: str, model: str, outcome: Outcome) -> list[object]:
    """The columns of a record."""
    if isinstance(outcome, Completion) and not _is_text(outcome):
        outcome = NO_TEXT
    match outcome:
        case Completion(text, finish_reason, prompt_tokens, completion_tokens, beside):
            said = [text, finish_reason, prompt_tokens, completion_tokens, None, _spelled(beside)]
        case Refusal(status, message):
            said = [None, None, None, None, status, message]
    values = [key, side, model, *said]
    return [*values, digest(values)]


def to_outcome(values: list[object]) -> Outcome:
    """The outcome in a record without its digest."""
    _, _, _, text, finish_reason, prompt_tokens, completion_tokens, status, message = values
    if status is not None:
        return Refusal(status, message)  # type: ignore[arg-type]
    beside = _beside(message) if isinstance(message, str) else NOTHING_BESIDE
    return Completion(text, finish_reason, prompt_tokens, completion_tokens, beside)  # type: ignore[arg-type]


def _spelled(beside: Beside) -> str | None:
    """What was said beside the text as JSON, for the column `message`, which an answer has no other use for."""
    said = {name: value for name, value in asdict(beside).items() if value}
    return orjson.dumps(said).decode() if said else None


def _beside(message: str) -> Beside:
    """What `_spelled` has written; what a later version may add is left out."""
    said = orjson.loads(message)
    known: dict[str, Any] = {field.name: said[field.name] for field in fields(Beside) if field.name in said}
    known.update({name: tuple(value) for name, value in known.items() if isinstance(value, list)})
    return Beside(**known)


def is_answer(record: list[object]) -> bool:
    """Whether these are the columns of an answer, and its hash fits them."""
    return len(record) == OF_ANSWER and digest(record[:-1]) == record[-1]


def digest(values: Iterable[object]) -> bytes:
    """BLAKE2b of the columns of a record, each with its kind and length."""
    key, *others = values
    spelled = orjson.dumps([key.hex() if isinstance(key, bytes) else None, *others], default=repr)
    return blake2b(spelled, digest_size=16).digest()


def _is_text(said: Completion) -> bool:
    try:
        "".join((said.text, said.beside.reasoning, said.beside.refusal)).encode()
    except UnicodeEncodeError:
        return False
    return True
