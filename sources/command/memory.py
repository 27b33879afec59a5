"""How much memory a command has held, itself and its workers."""

import resource
import sys
from pathlib import Path

_told = [0]


def peak_memory_mib() -> dict[str, int]:
    """The most memory that this process, and the largest of its workers, has held."""
    return {"main": own_peak_mib(), "each_worker": max(_peak_mib(resource.RUSAGE_CHILDREN), *_told)}


def tell_worker_peak(mib: int) -> None:
    """Count a worker of which the operating system does not tell this process: another process started it."""
    _told[0] = max(_told[0], mib)


def own_peak_mib() -> int:
    """The most memory that this process has held."""
    return _kernels_record() or _peak_mib(resource.RUSAGE_SELF)


def _peak_mib(whose: int) -> int:
    return resource.getrusage(whose).ru_maxrss // (1 << 20 if sys.platform == "darwin" else 1 << 10)


def _kernels_record() -> int | None:
    """The peak of this program alone, in MiB, on Linux: `ru_maxrss` there also counts the process that started it."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    peaks = (int(line.split()[1]) >> 10 for line in status.splitlines() if line.startswith("VmHWM:"))
    return next(peaks, None)
