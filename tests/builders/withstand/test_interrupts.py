"""An interrupt ends a build and leaves all as it was."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.builders.withstand.place import (
    LIMIT_S,
    Moment,
    Place,
    beginning,
    gone_or,
    group_is_gone,
    maps_of,
    one_line,
    open_for_writing,
    reading,
    reading_both,
    wait_until,
    worker_processes,
    writing,
)


@pytest.mark.parametrize(("moment", "workers"), [(beginning, 1), (reading, 1), (reading_both, 2), (writing, 2)])
def test_an_interrupt_exits_130_and_leaves_all_as_it_was(
    moment: Moment, workers: int, place: Place, large_mirror: Path, started: list[subprocess.Popen[str]]
) -> None:
    process = place.start("--mirror", large_mirror, "--only", "cvalues_rlhf", "--workers", workers)
    started.append(process)
    wait_until(gone_or(moment, place.out, process))
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, out) == (130, "")
    assert "interrupted" in one_line(err)
    wait_until(lambda: group_is_gone(process.pid))
    place.assert_untouched()


def test_an_interrupt_while_workers_start_is_one_line(
    place: Place, large_mirror: Path, started: list[subprocess.Popen[str]]
) -> None:
    process = place.start("--mirror", large_mirror, "--only", "cvalues_rlhf", "--workers", 2)
    started.append(process)
    wait_until(lambda: bool(worker_processes(process.pid)))
    wait_until(lambda: any(b"numpy" in maps_of(worker) for worker in worker_processes(process.pid)))
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, out) == (130, "")
    assert "interrupted" in one_line(err)
    wait_until(lambda: group_is_gone(process.pid))
    place.assert_untouched()


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupt_of_a_fetch_that_hangs_ends_it(
    workers: int, place: Place, started: list[subprocess.Popen[str]]
) -> None:
    pipe = place.mirror.parent / "pairs.parquet"
    os.mkfifo(pipe)
    process = place.start("--sample", "--synth", place.mirror.parent, "--workers", workers)
    started.append(process)
    writer = open_for_writing(pipe)
    try:
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=LIMIT_S)
    finally:
        os.close(writer)
    assert process.returncode == 130
    assert "interrupted" in one_line(err)
    place.assert_untouched()
