"""Processes and nodes of a Ray cluster that are killed in the middle change nothing in the result.

PREFS_RAY_KILLS=20 kills at twenty random moments each instead of a few.
"""

import json
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from builders.build_prefs import main
from builders.engines.ray_folder import PLACE, PREFIX
from tests.builders.ray.conftest import Nodes
from tests.builders.withstand.place import (
    COMMAND,
    LIMIT_S,
    SCRATCH,
    files,
    gone_or,
    one_line,
    reading,
    wait_until,
)

pytestmark = [
    pytest.mark.ray,
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

KILLS = int(os.environ.get("PREFS_RAY_KILLS", "1"))
ROWS, PARTS = 6000, 24


@pytest.fixture(scope="module")
def flags(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A build of rows of its own that takes a few seconds, in PARTS parts."""
    draw = random.Random(0)
    letters = [bytes([row, cell]).decode("gb2312") for row in range(0xB0, 0xB8) for cell in range(0xA1, 0xFF)]

    def text(chars: int) -> str:
        return "".join(draw.choices(letters, k=chars)) + "。"

    rows = [{"prompt": text(40), "chosen": text(300), "rejected": text(200)} for _ in range(ROWS)]
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    own = ["--only-added", "--add", str(path), "--add-licence", "MIT"]
    return ["--lang", "zh", "--sample", *own, "--no-report", "--no-cache"]


@pytest.fixture
def in_parts(flags: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sources.files.parts.PART_BYTES", Path(flags[5]).stat().st_size // PARTS)


@pytest.fixture(scope="module")
def undisturbed(flags: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("undisturbed")
    assert main([*flags, "--workers", "1", "--out", str(out)]) == 0
    return files(out)


class Killer(threading.Thread):
    """Waits until some parts are back, and kills."""

    def __init__(self, out: Path, parts_back: int, kill: Callable[[], bool]) -> None:
        super().__init__(daemon=True)
        self._out, self._parts_back, self._kill, self.has_killed = out, parts_back, kill, False

    def run(self) -> None:
        while len(list(self._out.glob(f"{SCRATCH}/pairs-*.arrow"))) < self._parts_back:
            time.sleep(0.01)
        while not self.has_killed:
            self.has_killed = self._kill()


@pytest.mark.parametrize("moment", range(KILLS))
@pytest.mark.parametrize("what", ["kill_worker", "kill_node"])
def test_what_is_killed_changes_nothing(
    what: str,
    moment: int,
    cluster: Nodes,
    flags: list[str],
    in_parts: None,
    undisturbed: dict[str, bytes],
    tmp_path: Path,
) -> None:
    draw = random.Random(moment)
    killer = Killer(tmp_path, draw.randrange(PARTS // 2), lambda: getattr(cluster, what)(draw.randrange(2)))
    killer.start()
    assert main([*flags, "--engine", "ray", "--ray-address", cluster.address, "--out", str(tmp_path)]) == 0
    assert killer.has_killed
    assert files(tmp_path) == undisturbed


def test_an_interrupt_exits_130_and_leaves_no_process_and_no_file(flags: list[str], tmp_path: Path) -> None:
    command = [COMMAND, *flags, "--engine", "ray", "--workers", "1", "--out", str(tmp_path)]
    before = {*PLACE.glob(f"{PREFIX}*")}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    wait_until(lambda: process.poll() is not None or bool(_nodes()))
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, out) == (130, "")
    assert "interrupted" in one_line(err)
    wait_until(lambda: not _nodes())
    assert files(tmp_path) == {}
    assert {*PLACE.glob(f"{PREFIX}*")} <= before


def test_a_head_that_dies_leaves_nothing_half_written(flags: list[str], tmp_path: Path) -> None:
    """The process of the build and its cluster go together; the folder is free for the next build."""
    command = [COMMAND, *flags, "--engine", "ray", "--workers", "1", "--out", str(tmp_path)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    wait_until(gone_or(reading, tmp_path, process))
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=LIMIT_S)
    assert not (tmp_path / "zh").exists()
    wait_until(lambda: not _nodes())


def _nodes() -> list[int]:
    """The raylets of clusters that builds have for themselves."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            said = path.read_bytes()
        except OSError:
            continue
        if b"/prefs-ray-" in said and b"raylet" in said:
            found.append(int(path.parent.name))
    return found
