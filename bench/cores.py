"""Server and client each on a core of its own, and how long a process waited for its core."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
LOOK_EVERY_S = 0.05
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
SERVER, CLIENT = (CORES[:1], CORES[1:2]) if len(CORES) > 1 else (CORES, CORES)
"""The core of the server, and that of the clients; the same one where there is only one."""


@contextmanager
def on_cores(cores: Sequence[int]) -> Iterator[None]:
    """Processes that are started meanwhile run on these cores only."""
    if not cores:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@dataclass(frozen=True)
class Ran:
    """What a process said, and the share of its time in which one of its threads was ready and waited for the core."""

    out: str
    waited: float


def run_on(cores: Sequence[int], command: Sequence[str], environment: Mapping[str, str] | None = None) -> Ran:
    """Run a command on these cores to its end.

    Raises:
        RuntimeError: it failed; with the end of what it said.
    """
    with on_cores(cores):
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
            cwd=ROOT,
        )
    waited: dict[str, tuple[int, int]] = {}
    over = threading.Event()
    watching = threading.Thread(target=_watch, args=(process.pid, waited, over))
    watching.start()
    out, err = process.communicate()
    over.set()
    watching.join()
    if process.returncode:
        raise RuntimeError(err[-3000:])
    ran, waits = (sum(each[place] for each in waited.values()) for place in (0, 1))
    return Ran(out, waits / (ran + waits) if ran + waits else 0.0)


def _watch(pid: int, waited: dict[str, tuple[int, int]], over: threading.Event) -> None:
    """Note of every thread how many nanoseconds it ran and waited, until the process is over (schedstat of Linux)."""
    while not over.wait(LOOK_EVERY_S):
        for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            with suppress(OSError, ValueError):
                ran, waits, _ = path.read_text().split()
                waited[path.parent.name] = int(ran), int(waits)


def told() -> str:
    """Where server and clients run, and how busy the machine is."""
    load = os.getloadavg()[0]
    where = f"server on core {SERVER}, clients on core {CLIENT}" if CORES else "cores are not pinned"
    return f"{where} of {len(CORES)}; load of the machine at the start {load:.1f}; {sys.platform}"
