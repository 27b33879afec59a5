"""A connection to a Ray cluster that runs already, or to one of this machine that lasts as long as the build."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from builders.engines.ray_cluster import RayCluster
from builders.engines.ray_folder import ray_folder
from sources.command.errors import BuildError, UsageError
from sources.command.extras import require_packages

CONNECT_S = 10
STARTS, TOO_SLOW = 3, "timed out during startup"
"""Ray gives a node 30 seconds to start, which a busy machine may need more often than once."""

MIB = 1 << 20
STORE_BYTES = (128 * MIB, 1024 * MIB)
"""Least and most of the memory that results wait in on a cluster of this machine; what does not fit waits on disk."""

HERE = "a cluster of this machine"

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
}
"""No telemetry, and no lines of Ray's own on the terminal; whoever sets these otherwise has it so."""


@contextmanager
def ray_cluster(address: str | None, workers: int | None) -> Iterator[RayCluster]:
    """The cluster at `auto` or HOST:PORT, used by up to `workers` tasks at a time; None: a new one of this machine with
    `workers` processors.

    Raises:
        MissingPackageError: Ray is not installed.
        UsageError: the address is none.
        BuildError: the cluster cannot be reached, or is of another version.
    """
    require_packages("ray", extra="ray")
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    if address is None:
        with _own_cluster(workers):
            yield RayCluster()
        return
    _check_reachable(address)
    with _connected(address, address=address):
        yield RayCluster(workers)


@contextmanager
def _own_cluster(workers: int | None) -> Iterator[None]:
    """A cluster of this machine without a dashboard, whose files are gone at the end."""
    with (
        ray_folder() as folder,
        _connected(
            HERE,
            address="local",
            num_cpus=workers,
            include_dashboard=False,
            object_store_memory=_store_bytes(),
            _temp_dir=str(folder),
        ),
    ):
        yield


def _store_bytes() -> int:
    least, most = STORE_BYTES
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with suppress(OSError):
        free = min(free, 4 * shutil.disk_usage("/dev/shm").free)  # noqa: S108 - where Ray has its memory
    return max(least, min(most, free // 8))


@contextmanager
def _connected(where: str, **settings: Any) -> Iterator[None]:
    import ray

    if ray.is_initialized():
        raise BuildError("Ray", "this process is connected to a cluster already", hint="Call ray.shutdown() first.")
    for left in reversed(range(STARTS)):
        try:
            ray.init(log_to_driver=False, logging_level="CRITICAL", namespace="build-prefs", **settings)
            break
        except Exception as error:  # Ray raises Exception itself where a node does not start
            ray.shutdown()
            if not left or TOO_SLOW not in str(error):
                raise _refused(where, error) from None
    try:
        yield
    finally:
        ray.shutdown()


def _refused(where: str, error: Exception) -> BuildError:
    """The error that says in one line why there is no connection."""
    said = " ".join(str(error).split())
    if "ersion mismatch" in said:
        return BuildError(f"--ray-address {where}", said, hint="Install the same Ray and Python as on the cluster.")
    if where == HERE:
        return BuildError("--engine ray", f"Ray does not start on this machine ({said})", hint="Is it very busy?")
    hint = "Start it with: ray start --head; on this machine, if it is no node yet: ray start --address HOST:PORT."
    return BuildError(f"--ray-address {where}", f"cannot connect to Ray ({said})", hint=hint)


def _check_reachable(address: str) -> None:
    """Nothing, if somebody listens at the address, or it says `auto`.

    Raises:
        UsageError: it is neither.
        BuildError: nobody listens there.
    """
    host, colon, port = address.rpartition(":")
    if address == "auto":
        return
    if not colon or not host or "/" in address or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise UsageError(
            "--ray-address", f"{address} is no address", expected="auto or HOST:PORT, such as 10.0.0.1:6379"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_S).close()
    except OSError as error:
        hint = "Start the cluster there with: ray start --head --port PORT"
        found = f"cannot be reached ({error.strerror or error})"
        raise BuildError(f"--ray-address {address}", found, hint=hint) from None
