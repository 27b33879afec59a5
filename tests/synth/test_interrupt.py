"""Ctrl-C and a polite kill: what is in flight comes in, what was answered is kept, and the same command goes on."""

import signal
from collections.abc import Callable

import pytest

from tests.forking import Process
from tests.synth.place import Place, Said, finish, wait_until, waits
from tests.synth.played_server import PlayedServer

Start = Callable[..., PlayedServer]
Synth = Callable[..., Said]
Starter = Callable[..., Process]

WAITING = "synth-prefs: waiting for the requests in flight; Ctrl-C again stops at once\n"
GOES_ON = (
    "synth-prefs: interrupted; what was answered is kept: the same command goes on, and with --collect makes pairs"
)


def assert_interrupted(said: Said, place: Place, answered: int, total: int = 12) -> None:
    assert (said.status, said.out) == (130, "")
    lines = [line for line in said.err.removeprefix(WAITING).splitlines() if not waits(line)]
    assert lines[0] == f"synth-prefs: {answered} of {total} answers are in {place.out}/journal.sqlite"
    assert lines[1].startswith(GOES_ON)
    assert len(lines) == 2
    assert len(place.journal()) == answered
    assert not (place.out / "manifest.json").exists()


def wait_for_word(process: Process) -> None:
    """Read what an interrupted run says until it says that it waits for the requests in flight."""
    assert any(line == WAITING for line in process.stderr)


def interrupt(process: Process, number: int, server: PlayedServer) -> Said:
    """Interrupt a run whose requests the server holds, and let them go when it waits for them."""
    process.send_signal(number)
    wait_for_word(process)
    server.hold_after(None)
    return finish(process)


def assert_goes_on(place: Place, server: PlayedServer, synth: Synth, *flags: object) -> None:
    """The same command finishes; the files are those of a run that nobody interrupted."""
    had, served = len(place.journal()), server.counts["served"]
    synth(server.url, *flags)
    total = len(place.journal())
    assert server.counts["served"] - served == total - had
    whole = place.other("whole")
    synth(server.url, *flags, at=whole)
    assert place.outputs() == whole.outputs()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_waits_for_the_requests_in_flight_and_sends_no_more(
    number: signal.Signals, played: Start, place: Place, start: Starter, synth: Synth
) -> None:
    server = played(hold_after=1)
    process = start(server.url, "--concurrency", 4)
    wait_until(lambda: place.journal() and server.counts["in_flight"] == 4, process)
    said = interrupt(process, number, server)
    counts = server.counts
    assert (counts["started"], counts["served"], counts["abandoned"]) == (5, 5, 0)
    assert_interrupted(said, place, 5)
    assert_goes_on(place, server, synth, "--concurrency", 4)


def test_a_signal_before_the_first_answer_keeps_what_comes_in(
    played: Start, place: Place, start: Starter, synth: Synth
) -> None:
    server = played(hold_after=0, chat_template=False)
    process = start(server.url, "--concurrency", 4)
    wait_until(lambda: server.counts["in_flight"] == 4, process)
    said = interrupt(process, signal.SIGINT, server)
    assert (server.counts["started"], server.counts["abandoned"]) == (4, 0)
    assert_interrupted(said, place, 4)
    assert_goes_on(place, server, synth)


def test_a_second_signal_stops_at_once(played: Start, place: Place, start: Starter, synth: Synth) -> None:
    server = played(rules=[{"first": 4, "play": "hang"}])
    process = start(server.url, "--concurrency", 4)
    wait_until(lambda: server.counts["in_flight"] == 4, process)
    process.send_signal(signal.SIGINT)
    wait_for_word(process)
    process.send_signal(signal.SIGINT)
    assert_interrupted(finish(process), place, 0)
    assert_goes_on(place, server, synth)


def test_both_sides_come_in(played: Start, place: Place, start: Starter, synth: Synth) -> None:
    server = played(models=["played", "strong"], hold_after=0)
    flags = ["--chosen-model", "strong", "--chosen-url", server.url, "--concurrency", 3]
    process = start(server.url, *flags)
    wait_until(lambda: server.counts["in_flight"] == 6, process)
    said = interrupt(process, signal.SIGTERM, server)
    assert (server.counts["served"], server.counts["abandoned"]) == (6, 0)
    assert_interrupted(said, place, 6, total=24)
    assert_goes_on(place, server, synth, *flags[:-2])


def test_a_signal_while_the_server_is_looked_for_ends_at_once(
    played: Start, place: Place, start: Starter, synth: Synth
) -> None:
    away = played(rules=[{"endpoint": "/v1/models", "play": 503}])
    process = start(away.url)
    wait_until(lambda: away.counts["per_endpoint"].get("GET /v1/models", 0) >= 2, process)
    process.send_signal(signal.SIGINT)
    assert_interrupted(finish(process), place, 0)
    assert away.counts["started"] == 0
    assert_goes_on(place, played(), synth)


def test_a_signal_while_a_server_that_has_gone_is_waited_for_ends_at_once(
    played: Start, place: Place, start: Starter, synth: Synth
) -> None:
    server = played(rules=[{"after": 3, "first": 4, "play": "refuse_all"}])
    process = start(server.url, "--concurrency", 1)
    wait_until(lambda: server.counts["played"], process)
    process.send_signal(signal.SIGINT)
    assert_interrupted(finish(process), place, 3)
    server.start_listening()
    assert_goes_on(place, server, synth)


def test_a_signal_while_the_files_are_written_leaves_whole_ones(
    played: Start, place: Place, start: Starter, synth: Synth
) -> None:
    place.write(400)
    server = played()
    synth(server.url, "--limit", 300)
    before = place.outputs()
    process = start(server.url)
    wait_until(lambda: any(place.out.glob(".build-prefs-*/*.parquet")) or process.poll() is not None)
    process.send_signal(signal.SIGINT)
    said = finish(process)
    assert said.status in (0, 130)
    assert "Traceback" not in said.err
    assert said.status == 0 or place.outputs() == before
    assert not list(place.out.glob(".build-prefs-*/"))
    assert_goes_on(place, server, synth)


def test_a_second_run_at_the_same_time_is_told_and_the_first_is_unharmed(
    played: Start, place: Place, start: Starter, synth: Synth
) -> None:
    server = played(hold_after=1)
    process = start(server.url, "--concurrency", 2)
    wait_until(place.journal, process)
    said = synth(server.url, code=1).err
    assert f"{place.out}: another run (process {process.pid}) writes there. Wait for it, or give another --out." in said
    planned = synth(server.url, "--dry-run")
    assert "already in the journal" in planned.out
    assert process.poll() is None
    server.hold_after(None)
    first = finish(process)
    assert first.status == 0, first.err
    assert server.counts["served"] == server.counts["started"] == 12
    assert len(place.rows("pairs")) == 12
