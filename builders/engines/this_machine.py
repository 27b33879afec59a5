"""Work side by side with results in order: the same results for any number of workers."""

import gc
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from threading import Thread
from typing import Any, Protocol, TypeVar

from sources.command.errors import BuildError
from sources.command.memory import own_peak_mib, tell_worker_peak

Item = TypeVar("Item")
Result = TypeVar("Result")

POLL_S = 0.1
SAFE_PATH = "PYTHONSAFEPATH"


def map_in_threads(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int, *, abandon: bool = False
) -> Iterator[Result]:
    """`map` in up to `workers` threads: for work that Arrow does without the interpreter's lock.

    At most two results per worker wait, so memory does not grow with their number. An error or an interrupt in one
    place ends everything: calls that have not begun are dropped, those under way awaited, or with `abandon` not
    (a download may hang).
    """
    if workers <= 1:
        yield from map(function, items)
        return
    waiting: deque[Future[Result]] = deque()
    executor = ThreadPoolExecutor(workers)
    try:
        for item in items:
            waiting.append(executor.submit(function, item))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        executor.shutdown(wait=not abandon, cancel_futures=True)


class Tally(Protocol):
    """Counts what is done, wherever it is done."""

    def add(self, count: int) -> None:
        """So many more are done.

        Raises:
            StoppedError: the work is not wanted any more.
        """


class StoppedError(Exception):
    """A worker was told to stop."""


class LocalTally:
    """Tells at once."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell = tell

    def add(self, count: int) -> None:
        self._tell(count)


class SharedTally:
    """Counts for another process to read, which can also say stop.

    Each item has a slot of its own and nothing is locked: a worker that is killed cannot leave a lock behind.
    """

    def __init__(self, context: ForkServerContext, items: int) -> None:
        self._done, self._stop, self._slot = context.RawArray("Q", items), context.RawValue("b", 0), 0
        self._peaks_mib = context.RawArray("Q", items)

    def begin(self, slot: int) -> None:
        """What is added from now on belongs to that item."""
        self._slot = slot

    def add(self, count: int) -> None:
        self._done[self._slot] += count
        if self._stop.value:
            raise StoppedError

    def end(self) -> None:
        """The item is done; says how much memory its process has held so far."""
        self._peaks_mib[self._slot] = own_peak_mib()

    def total(self) -> int:
        return sum(self._done)

    def peak_mib(self) -> int:
        """The most memory that a process held which has done an item."""
        return max(list[int](self._peaks_mib))

    def stop(self) -> None:
        self._stop.value = 1


def load_aside(module: str) -> None:
    """Start to load a module in the process that workers will be forked from; returns at once."""
    multiprocessing.get_context("forkserver").set_forkserver_preload([module])
    _forking()


def _forking() -> ForkServerContext:
    """What starts processes that never hear of an interrupt."""
    with _without_interrupts():
        resource_tracker.ensure_running()  # where it starts one, it lets interrupts through again
    with _without_interrupts(), _without_current_folder():
        forkserver.ensure_running()
    return multiprocessing.get_context("forkserver")


def map_in_processes(
    function: Callable[[Item, Tally], Result], items: Sequence[Item], workers: int, tell: Callable[[int], None]
) -> list[Result]:
    """`function` on every item in up to `workers` processes: for work that holds the interpreter's lock.

    They are forked from a process of their own, which has loaded what `load_aside` named and has no threads.
    `tell` hears how much more was tallied. An error in one place stops the others; an interrupt is for this
    process to answer, and the workers end with it, however it ends.

    Raises:
        BuildError: a process was killed.
    """
    if workers <= 1 or len(items) <= 1:
        tally = LocalTally(tell)
        return [function(item, tally) for item in items]
    context = _forking()
    with _without_interrupts():
        shared = SharedTally(context, len(items))
    others = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(min(workers, len(items)), context, _begin, (function, shared))
    try:
        with _without_interrupts():
            futures = [executor.submit(_call, slot, item) for slot, item in enumerate(items)]
        told = 0
        for future in futures:
            while not future.done() and not any(other.done() and other.exception() for other in futures):
                _wait(future)
                now = shared.total()
                tell(now - told)
                told = now
            if failed := next((other for other in futures if other.done() and other.exception()), None):
                failed.result()
        results = [future.result() for future in futures]
        tell(shared.total() - told)
        tell_worker_peak(shared.peak_mib())
        return results
    except BrokenProcessPool:
        raise _killed() from None
    finally:
        shared.stop()
        _end(executor, others)


@contextmanager
def aside(prepare: Callable[[], object] | None, *, process: bool) -> Iterator[Executor]:
    """An executor of one process, or of one thread, that calls `prepare` first. What is not done at the end is dropped.

    Raises:
        BuildError: the process was killed, and something was wanted of it.
    """
    others = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(1, _forking(), _watch_parent) if process else ThreadPoolExecutor(1)
    try:
        if prepare:
            with _without_interrupts():
                executor.submit(prepare)
        yield executor
    except BrokenProcessPool:
        raise _killed() from None
    finally:
        _end(executor, others)


def _killed() -> BuildError:
    return BuildError("a worker process", "ended before its time", hint="Was it killed for memory? Try --workers 1.")


def _end(executor: Executor, others: set[BaseProcess]) -> None:
    """End an executor and its processes, all of ours but the others."""
    for child in set(multiprocessing.active_children()) - others if isinstance(executor, ProcessPoolExecutor) else ():
        child.kill()  # nothing is wanted of it any more; one whose neighbour was killed might wait forever
    executor.shutdown(wait=True, cancel_futures=True)


@contextmanager
def without_collector() -> Iterator[None]:
    """Inside, Python does not look for objects in cycles: millions of rows pass by, none of them in one, and looking
    costs 6 % of a build."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Interrupts wait until the end; processes that are started here never hear of any."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _without_current_folder() -> Iterator[None]:
    """Python processes that are started inside import nothing from the folder where the user happens to be."""
    before = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[SAFE_PATH]
        else:
            os.environ[SAFE_PATH] = before


def _wait(future: Future[Any]) -> None:
    with suppress(TimeoutError):
        future.exception(timeout=POLL_S)


_here: dict[str, Any] = {}


def _begin(function: Callable[[Any, Tally], Any], tally: SharedTally) -> None:
    _watch_parent()
    _here.update(function=function, tally=tally)


def _watch_parent() -> None:
    Thread(target=_end_with_parent, daemon=True).start()


def _call(slot: int, item: Any) -> Any:
    _here["tally"].begin(slot)
    result = _here["function"](item, _here["tally"])
    _here["tally"].end()
    return result


def _end_with_parent() -> None:
    """A killed parent cannot tell its workers to stop, so they watch it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
