"""The processes of a build beside its own: whether there are any, and how they come to their work sooner."""

import os
from collections.abc import Iterable
from concurrent.futures import Executor
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from builders.engines.this_machine import aside, load_aside
from sources.pages.drawing import warm_up

if TYPE_CHECKING:
    from builders.inputs.inputs import Request

SMALL_BYTES = 8 << 20
"""With no more than this to read (unpacked), one process is faster than starting workers."""

MANY_PAIRS = 20_000
"""With fewer pairs than this, comparing them is done before another process has loaded matplotlib."""

READY_WORKER = "builders.gathering.ready_worker"


def is_small(efforts: Iterable[int]) -> bool:
    """Whether so many bytes to read, unpacked, are work for one process."""
    return sum(efforts) <= SMALL_BYTES


def load_workers() -> None:
    """Start to load what workers need, if that was not done before."""
    load_aside(READY_WORKER)


def load_workers_early(folder: Path | None) -> None:
    """Start to load what workers need before it is known what they have to do, if the folder, or the file, has enough
    for them (None: files will be downloaded). Where that cannot be, the build itself says why."""
    with suppress(OSError):
        if (os.cpu_count() or 1) > 1 and (folder is None or _is_large(folder)):
            load_workers()


def draws_aside(request: "Request", pairs: int) -> AbstractContextManager[Executor]:
    """What draws the charts of the report, and loads matplotlib while pairs are compared."""
    return aside(warm_up if request.report else None, process=request.workers > 1 and pairs > MANY_PAIRS)


def _is_large(folder: Path) -> bool:
    size = folder.stat().st_size if folder.is_file() else 0
    if size > SMALL_BYTES:
        return True
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                size += os.stat(os.path.join(parent, name)).st_size
            except OSError:
                continue
            if size > SMALL_BYTES:
                return True
    return False
