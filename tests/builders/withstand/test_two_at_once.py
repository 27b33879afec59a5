"""Two builds into one folder, and what a killed build or worker leaves."""

import fcntl
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from builders.build_prefs import main
from tests.builders.withstand.place import (
    LIMIT_S,
    LOCK,
    Moment,
    Place,
    beginning,
    describing,
    files,
    gone_or,
    group_is_gone,
    one_line,
    open_for_writing,
    opening_both,
    reading,
    replacing,
    wait_until,
    worker_processes,
    writing,
)
from tests.forking import Process

Start = Callable[..., Process]
Command = Callable[..., tuple[int, str, str]]


def test_a_second_build_into_one_folder_is_told_who_is_there(place: Place, start: Start, command: Command) -> None:
    pipe = place.mirror.parent / "pairs.parquet"
    os.mkfifo(pipe)
    process = start("--sample", "--synth", place.mirror.parent)
    writer = open_for_writing(pipe)
    assert main(place.flags("--out", place.mirror.parent / "elsewhere")) == 0
    assert f"another run (process {process.pid}) writes there" in waits(place, command)
    os.kill(process.pid, signal.SIGKILL)
    os.close(writer)
    process.wait(timeout=LIMIT_S)
    assert main(place.flags()) == 0
    place.assert_no_scratch()


def waits(place: Place, command: Command) -> str:
    status, _, said = command("--sample")
    assert status == 1
    assert {name: data for name, data in files(place.out).items() if name in place.earlier} == place.earlier
    return one_line(said)


def test_the_lock_is_free_again_when_its_holder_is_gone(place: Place, refused: Callable[..., str]) -> None:
    with (place.out / LOCK).open("w") as lock:
        lock.write("4711\n")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another run (process 4711) writes there" in refused()
    assert main(place.flags()) == 0


@pytest.mark.parametrize(
    ("moment", "workers"),
    [(beginning, 2), (reading, 1), (reading, 2), (writing, 1), (describing, 2), (replacing, 2)],
)
def test_the_build_after_a_killed_one_is_as_if_nothing_had_been(
    moment: Moment,
    workers: int,
    place: Place,
    large_mirror: Path,
    undisturbed: dict[str, bytes],
    start: Start,
) -> None:
    flags = ("--mirror", large_mirror, "--only", "cvalues_rlhf")
    process = start(*flags, "--workers", workers)
    wait_until(gone_or(moment, place.out, process))
    process.kill()
    process.wait(timeout=LIMIT_S)
    wait_until(lambda: group_is_gone(process.pid))
    earlier = {name.removeprefix("zh/"): data for name, data in place.earlier.items() if name.startswith("zh/")}
    assert files(place.out / "zh") in (earlier, undisturbed)
    assert main(place.flags(*flags)) == 0
    assert files(place.out / "zh") == undisturbed
    place.assert_no_scratch()


def test_a_worker_killed_while_it_starts_is_one_line(place: Place, large_mirror: Path, start: Start) -> None:
    process = start("--mirror", large_mirror, "--only", "cvalues_rlhf", "--workers", 2)
    wait_until(lambda: bool(worker_processes(process.pid)))
    os.kill(worker_processes(process.pid)[0], signal.SIGKILL)
    place.assert_ended(process, 1, "ended before its time")


def test_a_worker_killed_while_it_reads_is_one_line(place: Place, large_mirror: Path, start: Start) -> None:
    process = start("--mirror", large_mirror, "--only", "cvalues_rlhf", "--workers", 2)
    wait_until(gone_or(opening_both, place.out, process))
    workers = worker_processes(process.pid)
    assert workers
    os.kill(workers[0], signal.SIGKILL)
    place.assert_ended(process, 1, "ended before its time")
