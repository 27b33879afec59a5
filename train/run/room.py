"""How much memory a device has left, for this process."""

from pathlib import Path
from typing import Any

CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")
NO_LIMIT = 1 << 60
"""What cgroup v1 writes where there is no limit is larger than this."""


def available_memory(device: Any, *, processes_here: int = 1) -> int | None:
    """Bytes that one of `processes_here` processes of this machine may still take; None where it cannot be known.

    On a CPU they share what the machine, and the container, have left; a GPU is each one's own.
    """
    kind = getattr(device, "type", str(device)).partition(":")[0]
    if kind == "cuda":
        import torch

        free, _ = torch.cuda.mem_get_info(device)
        reserved: int = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(free) + reserved
    if kind != "cpu":
        return None
    import psutil

    room = [int(psutil.virtual_memory().available), container_room(CGROUPS, _membership())]
    return min(each for each in room if each is not None) // processes_here


def container_room(root: Path, membership: str) -> int | None:
    """What the tightest memory limit of the groups that this process is in leaves; None without one.

    `membership` is the text of /proc/self/cgroup; files that cannot be given up do not count as taken.
    """
    rooms = []
    for line in membership.splitlines():
        _, controllers, group = [*line.split(":", 2), "", ""][:3]
        if controllers == "":
            rooms += _rooms(root, group, "memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            names = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
            rooms += _rooms(root / "memory", group, *names)
    return min(rooms, default=None)


def _rooms(root: Path, group: str, limit: str, usage: str, spare: str) -> list[int]:
    """What is left in a group and in each one around it; inside a container its own is at the root."""
    place = root / group.strip("/")
    found = []
    for folder in [place, *place.parents]:
        if not folder.is_relative_to(root):
            break
        most, used = _number(folder / limit), _number(folder / usage)
        if most is not None and used is not None and most < NO_LIMIT:
            found.append(max(0, most - used + _spare(folder / "memory.stat", spare)))
    return found


def _spare(path: Path, name: str) -> int:
    """Cached files, which the kernel gives up when memory is wanted."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name} ")), 0)


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None  # no such file, or "max"


def _membership() -> str:
    try:
        return MEMBERSHIP.read_text()
    except OSError:
        return ""
