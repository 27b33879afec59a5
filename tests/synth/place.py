"""A folder with prompts of one's own, runs of synth-prefs on them, and a look at what they left behind."""

import json
import shutil
import socket
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any

from tests.forking import Process
from tests.synth.results import Results

JOURNAL = "journal.sqlite"
ROOT = Path(__file__).parents[2]
LIMIT_S = 300


def question(number: int) -> str:
    """A prompt; no other holds its number between the same characters."""
    return f"请说明第{number}件事"


def nowhere() -> str:
    """A URL where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}/v1"


@dataclass(frozen=True, slots=True)
class Said:
    """What a run said, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def asked(self) -> dict[str, Any]:
        """The figures of a run with --json."""
        figures: dict[str, Any] = json.loads(self.out)["asked"]
        return figures


@dataclass(frozen=True, slots=True)
class Place(Results):
    """Prompts, recipe and results of one test."""

    written = ("pairs.parquet", "candidates.parquet", "dropped.parquet", "manifest.json")

    def write(self, count: int = 12) -> "Place":
        """So many questions with chosen answers."""
        return self.write_rows([{"prompt": question(n), "chosen": f"第{n}件事要慢慢说。"} for n in range(count)])

    def write_rows(self, rows: Sequence[object]) -> "Place":
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (self.folder / "prompts.jsonl").write_text("".join(lines), encoding="utf-8")
        return self

    def recipe(self, sampling: str = "max_tokens: 512", more: str = "") -> Path:
        """A recipe file: the sampling of rejected, and more lines of it."""
        return self.write_file("recipe.yaml", f"name: own\nrejected:\n  sampling: {{{sampling}}}\n{more}")

    def flags(self, url: str, *more: object) -> list[str]:
        given = ["--lang", "zh", "--prompts", self.folder / "prompts.jsonl", "--out", self.out]
        return [str(flag) for flag in [*given, "--rejected-model", "played", "--rejected-url", url, *more]]

    def lost(self) -> dict[str, tuple[str, str]]:
        """Of each row in dropped.parquet its place: reason and evidence."""
        return {row["source_row"].split(":")[1]: (row["reason"], row["evidence"]) for row in self.rows("dropped")}

    def journal(self, columns: str = "key", where: str = "1") -> list[Any]:
        """Records of the journal, read from a copy, so that it stays as a kill left it; one column as plain values."""
        with TemporaryDirectory() as folder:
            for ending in ("", "-wal"):
                if (self.out / f"{JOURNAL}{ending}").exists():
                    shutil.copyfile(self.out / f"{JOURNAL}{ending}", f"{folder}/{JOURNAL}{ending}")
            with closing(sqlite3.connect(f"{folder}/{JOURNAL}")) as copy:
                tables = copy.execute("SELECT count(*) FROM sqlite_master WHERE name = 'answers'").fetchone()[0]
                query = f"SELECT {columns} FROM answers WHERE {where} ORDER BY number"
                rows = copy.execute(query).fetchall() if tables else []
        return [row[0] for row in rows] if "," not in columns else rows


def waits(line: str) -> bool:
    """Whether the line says that a server is waited for, as on a machine with much to do."""
    return "; tried again for up to " in line


def finish(process: Process) -> Said:
    """Wait for a run in a process of its own to end."""
    out, err = process.communicate(timeout=LIMIT_S)
    return Said(process.returncode, out, err)


def wait_until(reached: Callable[[], Any], process: Any = None) -> None:
    """Wait for something to come about; a process that must bring it about must not end before.

    Raises:
        TimeoutError: it did not.
    """
    until = monotonic() + LIMIT_S
    while not reached():
        assert process is None or process.poll() is None, process.communicate()
        if monotonic() > until:
            raise TimeoutError
        sleep(0.005)
