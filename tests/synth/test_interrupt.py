"""Ctrl-C and a polite kill: what is in flight comes in, what was answered is kept, and the same command goes on."""

import signal
from collections.abc import Callable
from subprocess import Popen

import pytest

from tests.synth.place import Place, Said, finish, wait_until, waits
from tests.synth.played_server import PlayedServer

Start = Callable[..., PlayedServer]
Synth = Callable[..., Said]
Starter = Callable[..., "Popen[str]"]

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
    server = played(delay_s=0.3)
    process = start(server.url, "--concurrency", 4)
    wait_until(lambda: place.journal() and server.counts["in_flight"] == 4, process)
    process.send_signal(number)
    said = finish(process)
    assert said.err.startswith(WAITING)
    counts = server.counts
    assert 5 <= counts["served"] < 12
    assert counts["abandoned"] == 0
    assert_interrupted(said, place, counts["served"])
    assert_goes_on(place, server, synth, "--concurrency", 4)


def test_a_signal_before_the_first_answer_keeps_what_comes_in(
    played: Start, place: Place, start: Starter, synth: Synth
) -> None:
    server = played(delay_s=0.3, chat_template=False)
    process = start(server.url, "--concurrency", 4)
    wait_until(lambda: server.counts["in_flight"] == 4, process)
    process.send_signal(signal.SIGINT)
    said = finish(process)
    assert (server.counts["started"], server.counts["abandoned"]) == (4, 0)
    assert_interrupted(said, place, 4)
    assert_goes_on(place, server, synth)


def test_a_second_signal_stops_at_once(played: Start, place: Place, start: Starter, synth: Synth) -> None:
    server = played(rules=[{"first": 4, "play": "hang"}])
    process = start(server.url, "--concurrency", 4)
    wait_until(lambda: server.counts["in_flight"] == 4, process)
    process.send_signal(signal.SIGINT)
    assert process.stderr
    assert process.stderr.readline() == WAITING
    process.send_signal(signal.SIGINT)
    assert_interrupted(finish(process), place, 0)
    assert_goes_on(place, server, synth)


def test_both_sides_come_in(played: Start, place: Place, start: Starter, synth: Synth) -> None:
    server = played(models=["played", "strong"], delay_s=0.3)
    flags = ["--chosen-model", "strong", "--chosen-url", server.url, "--concurrency", 3]
    process = start(server.url, *flags)
    wait_until(lambda: server.counts["in_flight"] == 6, process)
    process.send_signal(signal.SIGTERM)
    said = finish(process)
    assert server.counts["abandoned"] == 0
    assert_interrupted(said, place, server.counts["served"], total=24)
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
    wait_until(lambda: any(place.out.glob(".build-prefs-*/*.parquet")), process)
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
    server = played(delay_s=0.3)
    process = start(server.url, "--concurrency", 2)
    wait_until(place.journal, process)
    said = synth(server.url, code=1).err
    assert f"{place.out}: another run (process {process.pid}) writes there. Wait for it, or give another --out." in said
    planned = synth(server.url, "--dry-run")
    assert "already in the journal" in planned.out
    assert process.poll() is None
    first = finish(process)
    assert first.status == 0, first.err
    assert server.counts["served"] == server.counts["started"] == 12
    assert len(place.rows("pairs")) == 12
