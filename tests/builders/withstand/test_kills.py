"""A build that is killed at any moment, while it fills the cache or reads it, leaves nothing in the way of the next.

A moment is the next change that the build makes to a disk. PREFS_THOROUGH=1 tries twenty random ones of each kind.
"""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from builders.build_prefs import main
from builders.caching.folder import CacheFolder
from builders.gathering import workers
from tests.builders.withstand.place import LIMIT_S, files

DRAWS = 20 if os.environ.get("PREFS_THOROUGH") else 2
FLAGS = ["--lang", "zh", "--sample", "--no-report", "--workers", "1"]

KILLED = """
import os, signal, sys
from builders.build_prefs import main
from builders.building import pipeline
from builders.gathering import workers

workers.SMALL_BYTES = -1
CHANGES = {"os.rename", "os.link", "os.mkdir", "os.remove", "os.rmdir", "os.utime", "fcntl.flock", "shutil.copyfile"}
moment, seen = int(sys.argv[1]), 0

def watch(event, given):
    global seen
    if event in CHANGES or (event == "open" and isinstance(given[2], int) and given[2] & (os.O_WRONLY | os.O_RDWR)):
        seen += 1
        if seen == moment:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(watch)
status = main(sys.argv[2:])
print("moments", seen)
sys.exit(status)
"""


@pytest.fixture(autouse=True)
def of_any_size(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The sample has a cache too, here."""
    monkeypatch.setattr(workers, "SMALL_BYTES", -1)
    monkeypatch.setenv("BUILD_PREFS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("BUILD_PREFS_CACHE_SIZE")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a build gives without a cache."""
    out = tmp_path_factory.mktemp("undisturbed")
    assert main([*FLAGS, "--no-cache", "--out", str(out)]) == 0
    return files(out)


def run(moment: int, out: Path) -> subprocess.CompletedProcess[str]:
    """A build in a process of its own that is killed at that moment; 0 for never."""
    command = [sys.executable, "-c", KILLED, str(moment), *FLAGS, "--out", str(out)]
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)


def moments(out: Path) -> int:
    """How many moments a build that is not killed has."""
    done = run(0, out)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.rpartition("moments")[2])


def leftovers(cache: Path) -> list[str]:
    return [path.name for path in (cache / "rows").iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("filled", [False, True], ids=["filling", "reading"])
def test_after_a_kill_at_any_moment_the_next_build_gives_the_same_bytes(
    filled: bool, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    count = moments(tmp_path / "filling")
    if filled:
        count = moments(tmp_path / "reading")
    assert count > 20
    cache = CacheFolder(tmp_path / "cache" / "rows")
    draw = random.Random(12)
    for moment in sorted(draw.sample(range(1, count + 1), DRAWS)):
        if not filled:
            cache.clear()
        out = tmp_path / f"killed-{moment}"
        assert run(moment, out).returncode == -signal.SIGKILL
        assert main([*FLAGS, "--out", str(out)]) == 0
        assert files(out) == undisturbed, moment
        assert leftovers(tmp_path / "cache") == []
        assert [path.name for path in out.iterdir() if path.is_dir()] == ["zh"]
