"""Work on a Ray cluster: the same results for any number of nodes, whichever of their processes die on the way.

Ray runs a task anew whose process or node died, and makes a result anew that was lost with its node. A task has no side
effects: its result comes back as one value.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from builders.engines.same_code import check_same, installed
from sources.command.errors import BuildError, PrefsError

Item = TypeVar("Item")
Result = TypeVar("Result")

MAX_RETRIES = 20
"""So many times a task is run anew whose process died; more often it is the task that kills its process."""

TASKS_PER_CPU = 2
"""Tasks that are handed out for each processor: one that runs, and one that waits."""

POLL_S = 0.5
MAX_WAIT_S = 120.0
"""A cluster without a processor for so long is given up."""


@dataclass(frozen=True, slots=True)
class Failed:
    """In the place of a result: the error that a task ended with."""

    error: PrefsError


@dataclass(frozen=True, slots=True)
class RayCluster:
    """A cluster that this process is connected to. At most `max_tasks` run at a time; None: one a processor."""

    max_tasks: int | None = None

    def map(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[int, Result]]:
        """The result of each item with the place of the item, in the order in which they come.

        Raises:
            PrefsError: a task ended with it.
            BuildError: the cluster cannot do the work.
        """
        import ray

        call = ray.remote(num_cpus=1, max_retries=MAX_RETRIES)(_call)
        common = ray.put((function, installed()))
        waiting = deque(enumerate(items))
        running: dict[Any, int] = {}
        room = _Room(self.max_tasks)
        while waiting or running:
            for _ in range(min(len(waiting), room.now() - len(running))):
                place, item = waiting.popleft()
                running[call.remote(common, item)] = place
            ready, _ = ray.wait(list(running), timeout=POLL_S) if running else ([], [])
            for reference in ready:
                result = _get(reference)
                yield running.pop(reference), result


class _Room:
    """How many tasks may be handed out at a time: nodes come and go."""

    def __init__(self, most: int | None) -> None:
        self._most, self._seen, self._count = most, time.monotonic(), 0
        self._asked = -POLL_S

    def now(self) -> int:
        """The number; asks the cluster twice a second.

        Raises:
            BuildError: it has had no processor for MAX_WAIT_S.
        """
        now = time.monotonic()
        if now - self._asked >= POLL_S:
            self._asked = now
            self._count = TASKS_PER_CPU * _processors()
        if self._count:
            self._seen = now
        elif now - self._seen > MAX_WAIT_S:
            raise BuildError("the Ray cluster", "has no processor left", hint="Start nodes, and run the build again.")
        return self._count if self._most is None else min(self._count, self._most)


def _processors() -> int:
    import ray

    return int(ray.cluster_resources().get("CPU", 0))


def _get(reference: Any) -> Any:
    """The result behind a reference.

    Raises:
        PrefsError: the task ended with it.
        BuildError: Ray could not run it.
    """
    import ray
    from ray.exceptions import RayError, RayTaskError

    try:
        result = ray.get(reference)
    except RayError as error:
        cause = error.cause if isinstance(error, RayTaskError) else error
        if not isinstance(cause, RayError | ImportError):
            raise cause from None
        raise _not_run(cause) from None
    if isinstance(result, Failed):
        raise result.error
    return result


def _not_run(cause: Exception) -> BuildError:
    """The error that says in one line why Ray did not run a task."""
    said = next(iter(str(cause).strip().splitlines()), "")
    if isinstance(cause, ImportError) or "No module named" in said or "cannot import name" in said:
        hint = "Install the same build-prefs with the same packages on every node."
        return BuildError("a node of the Ray cluster", said.removeprefix("System error: "), hint=hint)
    hint = "Was it killed for memory? Give the nodes more, or fewer processors each (ray start --num-cpus)."
    return BuildError("a task on Ray", f"{type(cause).__name__}: {said}", hint=hint)


def _call(common: tuple[Callable[[Any], Any], list[str]], item: Any) -> Any:
    """The result of one item; runs in a process of some node."""
    function, expected = common
    try:
        check_same(expected, f"node {_node()} of the Ray cluster")
        return function(item)
    except PrefsError as error:
        return Failed(error)


def _node() -> str:
    import ray

    return str(ray.util.get_node_ip_address())
