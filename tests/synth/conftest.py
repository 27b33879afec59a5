"""What the tests of synthesis share: played servers, and runs of the command on prompts of one's own."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from synth.job.pace import Pace
from synth.journal.journal import NAME, Journal
from synth.synth_prefs import main
from tests.forking import Forking, Process
from tests.synth.place import Place, Said, waits
from tests.synth.played_server import PlayedServer, played_server


@pytest.fixture
def played() -> Iterator[Callable[..., PlayedServer]]:
    """Start a played server with these rules and options; all are gone when the test ends."""
    with ExitStack() as servers:

        def start(**told: Any) -> PlayedServer:
            return servers.enter_context(played_server(**told))

        yield start


@dataclass(frozen=True, slots=True)
class Parrot:
    """A server that says the same to everybody, and what it heard."""

    url: str
    heard: list[bytes]


@pytest.fixture
def speaks() -> Iterator[Callable[[bytes], Parrot]]:
    """Start a server that says these bytes to everybody and hangs up."""
    listeners: list[socket.socket] = []

    def start(words: bytes) -> Parrot:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        parrot = Parrot(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", [])

        def serve() -> None:
            with suppress(OSError):
                while True:
                    with listener.accept()[0] as one:
                        parrot.heard.append(one.recv(65536))
                        one.sendall(words)

        threading.Thread(target=serve, daemon=True).start()
        return parrot

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Twelve questions with chosen answers."""
    return Place(tmp_path).write()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short waits between attempts."""
    monkeypatch.setattr("synth.job.pace.Pace", partial(Pace, first_wait_s=0.005, max_wait_s=0.02))
    monkeypatch.setattr("synth.engines.first_contact.FIRST_WAIT_S", 0.02)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not listen is given up at once."""
    monkeypatch.setattr("synth.engines.first_contact.STARTING_S", 0.0)


@pytest.fixture
def synth(place: Place, quick: None, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run the command in this process: what it said. One that fails says it in one line; a server that is waited for is
    named in a line of its own before."""

    def run(url: str, *more: object, code: int = 0, at: Place = place) -> Said:
        capsys.readouterr()
        status = main(at.flags(url, *more))
        printed = capsys.readouterr()
        assert status == code, printed.err
        said = "".join(line for line in printed.err.splitlines(keepends=True) if not waits(line))
        assert said == "" or code, printed.err
        assert not code or (printed.out == "" and said.startswith("synth-prefs: ") and one_line(said))
        return Said(status, printed.out, printed.err)

    return run


@pytest.fixture
def start(place: Place, forking: Forking) -> Callable[..., Process]:
    """Begin the command in a process of its own; killed at the end of the test if it still runs then."""

    def begin(url: str, *more: object, at: Place = place, **environment: str) -> Process:
        return forking.start("synth.synth_prefs", *at.flags(url, *more), env={**os.environ, **environment})

    return begin


def one_line(said: str) -> bool:
    return said.count("\n") == 1 and said.endswith("\n")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal of a test lies."""
    return tmp_path / NAME


@pytest.fixture
def opened(path: Path) -> Iterator[Callable[[], Journal]]:
    """Open the journal of a test, again if need be."""
    journals: list[Journal] = []

    def open_it() -> Journal:
        while journals:
            journals.pop().close()
        journals.append(Journal(path))
        return journals[0]

    yield open_it
    while journals:
        journals.pop().close()
