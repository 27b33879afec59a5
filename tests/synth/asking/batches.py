"""What the tests of batches share."""

import json
from collections.abc import Callable
from typing import IO

import pytest

from synth.engines.batch_api import BatchApi, Progress
from synth.journal.batch_book import Batch
from synth.journal.journal import Journal
from tests.forking import Forking
from tests.synth.place import JOURNAL, Place, Said
from tests.synth.played_server import PlayedServer

Start = Callable[..., PlayedServer]

Run = Callable[..., Said]

Outputs = dict[str, bytes]

PROMPTS = 12

MODELS = {"models": ("played", "strong"), "batches": True}


def flags(at: Place, url: str, *more: object) -> list[str]:
    return at.flags(url, "--chosen-model", "strong", "--chosen-url", url, *more)


def last(said: Said) -> str:
    """The last line on stderr, which says why a run ended."""
    return said.err.splitlines()[-1]


def submitted(server: PlayedServer) -> int:
    """How many batches the server was given."""
    return int(server.counts["per_endpoint"].get("POST /v1/batches", 0))


def book(place: Place) -> list[Batch]:
    """The open batches of the journal."""
    journal = Journal(place.out / JOURNAL)
    try:
        return journal.batches.open_batches()
    finally:
        journal.close()


def all_answered_once(server: PlayedServer, lines: int = PROMPTS) -> bool:
    counts = server.counts
    return (counts["batch_lines"], counts["repeated"]) == (lines, 0)


ENTRY = """
import os, signal, sys
from functools import partial
import synth.synth_prefs, synth.asking.collect_batches
from openai.resources.batches import AsyncBatches
from synth.asking.collect_batches import BatchCollector
from synth.journal.batch_book import BatchBook
from synth.engines.batch_api import BatchApi

synth.job.pace.Pace = partial(synth.job.pace.Pace, first_wait_s=0.01, poll_s=0.01)
synth.asking.collect_batches.KEEP_AT_ONCE = 5

def kill(at, name, *, after=0, when=lambda *given: True):
    real, calls = getattr(at, name), []
    def die(*given, **named):
        if when(*given):
            calls.append(name)
        if len(calls) > after:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given, **named)
    setattr(at, name, die)

moments = {
    "before the intention is noted": (BatchBook, "intend"),
    "before anything is sent": (BatchApi, "submit"),
    "after the file, before the batch": (AsyncBatches, "create"),
    "before the batch is noted": (BatchBook, "note", lambda book, batch, state, *more: state == "submitted"),
    "while it waits": (BatchApi, "look"),
    "before the answers are read": (BatchApi, "download"),
    "half way through the answers": (BatchCollector, "_record"),
    "before the end is noted": (BatchBook, "note", lambda book, batch, state, *more: state == "collected"),
}
at, name, *when = moments[sys.argv[1]]
kill(at, name, after=name in ("look", "_record"), **{"when": each for each in when})
sys.exit(synth.synth_prefs.main(sys.argv[2:]))
"""


def killed(forking: Forking, moment: str, told: list[str]) -> int:
    """The exit status of a process of its own that kills itself at that moment."""
    done = forking.run("synth.synth_prefs", moment, *told, program=ENTRY)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode


def at_look(monkeypatch: pytest.MonkeyPatch, act: Callable[[int], None]) -> None:
    """Do something before each look at a batch, which are counted from 1."""
    real, looks = BatchApi.look, []

    async def look(api: BatchApi, batch_id: str) -> Progress:
        looks.append(batch_id)
        act(len(looks))
        return await real(api, batch_id)

    monkeypatch.setattr(BatchApi, "look", look)


Spoil = Callable[[list[bytes]], list[bytes]]


def with_response(line: bytes, response: object) -> bytes:
    return json.dumps({**json.loads(line), "response": response}).encode()


def spoil_files(monkeypatch: pytest.MonkeyPatch, spoil: Spoil, *, times: int = 1_000) -> None:
    """Change the lines of the files that come down, the first so many times."""
    real, files = BatchApi.download, []

    async def download(api: BatchApi, file_id: str, file: IO[bytes]) -> None:
        await real(api, file_id, file)
        files.append(file_id)
        if len(files) <= times:
            lines = spoil(file.readlines())
            file.seek(0)
            file.truncate()
            file.writelines(line if line.endswith(b"\n") or line is lines[-1] else line + b"\n" for line in lines)
            file.seek(0)

    monkeypatch.setattr(BatchApi, "download", download)
