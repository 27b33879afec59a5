"""An interrupt ends a build and leaves all as it was."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders.withstand.place import (
    LIMIT_S,
    Moment,
    Place,
    beginning,
    gone_or,
    maps_of,
    one_line,
    open_for_writing,
    reading,
    reading_both,
    wait_until,
    worker_processes,
    writing,
)
from tests.forking import Process

Start = Callable[..., Process]


@pytest.mark.parametrize(("moment", "workers"), [(beginning, 1), (reading, 1), (reading_both, 2), (writing, 2)])
def test_an_interrupt_exits_130_and_leaves_all_as_it_was(
    moment: Moment, workers: int, place: Place, large_mirror: Path, start: Start
) -> None:
    process = start("--mirror", large_mirror, "--only", "cvalues_rlhf", "--workers", workers)
    wait_until(gone_or(moment, place.out, process))
    os.killpg(process.pid, signal.SIGINT)
    place.assert_ended(process, 130, "interrupted")


def test_an_interrupt_while_workers_start_is_one_line(place: Place, large_mirror: Path, start: Start) -> None:
    process = start("--mirror", large_mirror, "--only", "cvalues_rlhf", "--workers", 2)
    wait_until(lambda: bool(worker_processes(process.pid)))
    wait_until(lambda: any(b"numpy" in maps_of(worker) for worker in worker_processes(process.pid)))
    os.killpg(process.pid, signal.SIGINT)
    place.assert_ended(process, 130, "interrupted")


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupt_of_a_fetch_that_hangs_ends_it(workers: int, place: Place, start: Start) -> None:
    pipe = place.mirror.parent / "pairs.parquet"
    os.mkfifo(pipe)
    process = start("--sample", "--synth", place.mirror.parent, "--workers", workers)
    writer = open_for_writing(pipe)
    try:
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=LIMIT_S)
    finally:
        os.close(writer)
    assert process.returncode == 130
    assert "interrupted" in one_line(err)
    place.assert_untouched()
