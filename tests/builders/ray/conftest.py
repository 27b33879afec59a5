"""A Ray cluster of a head without processors and of node processes, all on this machine."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from builders.engines.connect_ray import QUIET
from sources.files import parts

STORE_BYTES = 100 << 20


class Nodes:
    """The cluster, to be asked for its processes and to be shot at."""

    def __init__(self) -> None:
        os.environ.update(QUIET)
        from ray.cluster_utils import Cluster

        head = {
            "num_cpus": 0,
            "include_dashboard": False,
            "object_store_memory": STORE_BYTES,
        }
        self._cluster = Cluster(initialize_head=True, head_node_args=head)
        self.nodes: list[Any] = []
        self.address: str = self._cluster.address
        self.restore()

    def restore(self) -> None:
        """Two nodes, one processor each, whatever became of earlier ones."""
        self.nodes = [node for node in self.nodes if _alive(self._raylet(node))]
        while len(self.nodes) < 2:
            self.nodes.append(self._cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES))

    def kill_worker(self, number: int) -> bool:
        """Kill a process that does the work of a node; False where none does."""
        workers = [pid for pid in _children(self._raylet(self.nodes[number])) if _title(pid).startswith("ray::_call")]
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        return bool(workers)

    def kill_node(self, number: int) -> bool:
        """Kill all processes of a node at once."""
        raylet = self._raylet(self.nodes.pop(number))
        for pid in [raylet, *_children(raylet)]:
            os.kill(pid, signal.SIGKILL)
        return True

    def stop(self) -> None:
        self._cluster.shutdown()

    @staticmethod
    def _raylet(node: Any) -> int:
        return int(node.all_processes["raylet"][0].process.pid)


def _children(pid: int) -> list[int]:
    try:
        found = [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except FileNotFoundError:
        return []
    return [each for child in found for each in (child, *_children(child))]


def _title(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture(scope="session")
def whole_cluster() -> Iterator[Nodes]:
    nodes = Nodes()
    yield nodes
    nodes.stop()


@pytest.fixture
def cluster(whole_cluster: Nodes) -> Nodes:
    """The cluster with its two nodes."""
    whole_cluster.restore()
    return whole_cluster


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even small files are cut in parts."""
    monkeypatch.setattr(parts, "PART_BYTES", 4000)
