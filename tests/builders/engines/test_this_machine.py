"""Results in order for any number of workers; an error in one place ends everything and surfaces."""

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Event, Lock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.engines.this_machine import Tally, aside, map_in_processes, map_in_threads
from sources.command.errors import BrokenFileError, BuildError
from sources.command.memory import peak_memory_mib


@given(st.lists(st.integers(), max_size=30), st.integers(0, 4))
def test_results_of_threads_come_in_order(items: list[int], workers: int) -> None:
    assert list(map_in_threads(str, items, workers)) == [str(item) for item in items]


def test_results_come_in_order_when_later_ones_are_done_first() -> None:
    second_done = Event()

    def work(item: int) -> int:
        if item == 0:
            assert second_done.wait(timeout=300)
        else:
            second_done.set()
        return item

    assert list(map_in_threads(work, range(4), 2)) == [0, 1, 2, 3]


def test_threads_work_side_by_side() -> None:
    meeting = Barrier(2)
    assert len(list(map_in_threads(lambda _: meeting.wait(timeout=300), range(2), 2))) == 2


def test_only_a_few_items_are_taken_ahead() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(100):
            taken.append(item)
            yield item

    results = map_in_threads(str, items(), 2)
    assert next(results) == "0"
    assert len(taken) <= 5
    assert len(list(results)) == 99


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_an_error_in_a_thread_surfaces_and_ends_everything(workers: int) -> None:
    done: list[int] = []
    lock = Lock()

    def work(item: int) -> int:
        if item == 3:
            raise BrokenFileError("file", "is broken")
        with lock:
            done.append(item)
        return item

    results = map_in_threads(work, range(1000), workers)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(BrokenFileError, match="file: is broken"):
        next(results)
    assert len(done) < 100


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_the_items_surfaces(workers: int) -> None:
    def items() -> Iterator[int]:
        yield 1
        raise BrokenFileError("file", "is broken")

    with pytest.raises(BrokenFileError):
        list(map_in_threads(str, items(), workers))


def test_results_that_nobody_wants_any_more_end_the_work() -> None:
    done: list[int] = []
    results = map_in_threads(done.append, range(1000), 2)
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert len(done) < 10


def square(item: int, tally: Tally) -> int:
    for _ in range(item):
        tally.add(1)
    return item * item


def fail_or_go_on(item: Path | None, tally: Tally) -> None:
    """Without a path an error; with one, work that goes on until it is stopped, or leaves a file at its end."""
    if item is None:
        raise BrokenFileError("file", "is broken", hint="Get it again.")
    for _ in range(100_000_000):
        tally.add(1)
    item.touch()


def die_or_work(item: int, tally: Tally) -> int:
    if item == 1:
        os._exit(9)
    return item


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_of_processes_come_in_order(workers: int) -> None:
    told: list[int] = []
    assert map_in_processes(square, [5, 0, 3, 1], workers, told.append) == [25, 0, 9, 1]
    assert all(count >= 0 for count in told)
    assert sum(told) <= 9


def test_one_worker_tells_at_once() -> None:
    told: list[int] = []
    assert map_in_processes(square, [2, 1], 1, told.append) == [4, 1]
    assert told == [1, 1, 1]


def test_no_work_has_no_results() -> None:
    assert map_in_processes(square, [], 2, print) == []


def test_an_error_with_one_worker_surfaces() -> None:
    with pytest.raises(BrokenFileError, match="is broken"):
        map_in_processes(fail_or_go_on, [None], 1, lambda count: None)


def test_an_error_in_one_process_surfaces_whole_and_stops_the_others(tmp_path: Path) -> None:
    with pytest.raises(BrokenFileError) as raised:
        map_in_processes(fail_or_go_on, [tmp_path / "finished", None], 2, lambda count: None)
    assert str(raised.value) == "file: is broken. Get it again."
    assert not (tmp_path / "finished").exists()


def test_a_process_that_was_killed_is_an_error_with_a_hint() -> None:
    with pytest.raises(BuildError, match=r"ended before its time.*--workers 1"):
        map_in_processes(die_or_work, [0, 1, 2], 2, lambda count: None)


def test_an_interrupt_while_waiting_ends_the_processes(tmp_path: Path) -> None:
    def interrupt(count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        map_in_processes(fail_or_go_on, [tmp_path / "a", tmp_path / "b"], 2, interrupt)
    assert list(tmp_path.iterdir()) == []


def test_the_memory_of_workers_is_told() -> None:
    assert map_in_processes(hold, [250, 10], 2, print) == [250 << 20, 10 << 20]
    assert peak_memory_mib()["each_worker"] > 250


def hold(mib: int, tally: Tally) -> int:
    return len(b"x" * (mib << 20))


def test_calls_aside_come_after_what_prepares_them() -> None:
    with aside(os.getpid, process=True) as executor:
        assert executor.submit(len, "abc").result() == 3
        assert executor.submit(os.getpid).result() != os.getpid()
    with aside(None, process=False) as executor:
        assert executor.submit(os.getpid).result() == os.getpid()


def test_a_process_aside_that_was_killed_is_an_error_with_a_hint() -> None:
    with pytest.raises(BuildError, match=r"ended before its time.*--workers 1"), aside(None, process=True) as executor:
        executor.submit(os._exit, 1).result()
