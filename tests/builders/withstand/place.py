"""A mirror to spoil and an output folder beside it; how a build is run there, watched and interrupted."""

import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.forking import Process

COMMAND = str(Path(sys.executable).with_name("build-prefs"))
LOCK = ".build-prefs.lock"
SCRATCH = ".build-prefs-*"
LIMIT_S = 300.0
LARGE_ROWS = 8_000
"""In each of two files whose build takes long enough to be interrupted."""

HOWEVER_SMALL = """
import os, sys
from builders.gathering import workers
from builders.build_prefs import main
os.nice(5)
workers.SMALL_BYTES = -1
sys.exit(main())
"""
"""A build with worker processes, if several are asked for, that read however small files; nice, so that a test which
waits for a moment of it sees that moment."""

HARMLESS = "Skepsun/cvalues_rlhf/harmless_train.json"
HELPFUL = "Skepsun/cvalues_rlhf/helpful_train.json"
COMPARISON = "hiyouga/LLaMA-Factory/data/comparison_gpt4_data_zh.json"
COMPARISON_EN = "hiyouga/LLaMA-Factory/data/comparison_gpt4_data_en.json"
OAAST = "hiyouga/LLaMA-Factory/data/oaast_rm_zh.json"
HUOZI = "HIT-SCIR/huozi/data/huozi-rlhf/huozi_rlhf_data.csv"
ZHIHU = "liyucheng/zhihu_rlhf_3k/zhihu_3k_rlfh.tsv"
BEAVER = "PKU-Alignment/BeaverTails/round0/30k/train.jsonl.gz"
BEAVER_XZ = "PKU-Alignment/BeaverTails/round0/330k/train.jsonl.xz"
XZ_RECIPE = "name: xz\nsources: {beavertails: {file: 330k}}\nstages: [check, split]\n"
ESCAPES = "\x1b[31mred\x9b2J\u202eevil\x07"
RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

Change = Callable[[bytes], bytes]
Moment = Callable[[Path], bool]


def files(folder: Path) -> dict[str, bytes]:
    """Every file below the folder with its bytes, but for the lock."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != LOCK)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def one_line(said: str) -> str:
    """The one clear line that stderr is."""
    assert said.startswith("build-prefs: ")
    assert said.count("\n") == 1
    assert said.endswith("\n")
    assert not RAW.search(said)
    return said


@dataclass(frozen=True, slots=True)
class Place:
    """A mirror to spoil, and an output folder that holds an earlier build of both languages."""

    mirror: Path
    out: Path
    earlier: dict[str, bytes]

    def flags(self, *more: object) -> list[str]:
        given = [str(flag) for flag in more]
        workers = [] if "--workers" in given else ["--workers", "1"]
        lang = [] if "--lang" in given else ["--lang", "zh"]
        recipe = self.mirror.parent / "recipe.yaml"
        own = ["--recipe", str(recipe)] if recipe.exists() else []
        where = [] if "--mirror" in given or "--sample" in given else ["--mirror", str(self.mirror)]
        return [*lang, *where, "--out", str(self.out), *workers, *own, *given]

    def command_line(self, *more: object) -> list[str]:
        """The command of a build with these flags more."""
        return [COMMAND, *self.flags(*more)]

    def spoil(self, name: str, change: Change) -> None:
        path = self.mirror / name
        path.write_bytes(change(path.read_bytes()))

    def recipe(self, text: str) -> None:
        (self.mirror.parent / "recipe.yaml").write_text(text, encoding="utf-8")

    def assert_untouched(self) -> None:
        assert files(self.out) == self.earlier
        self.assert_no_scratch()

    def assert_ended(self, process: Process, status: int, words: str) -> None:
        """The build ended with this status and one line, left no process, and changed nothing."""
        out, err = process.communicate(timeout=LIMIT_S)
        assert (process.returncode, out) == (status, ""), err
        assert words in one_line(err)
        wait_until(lambda: group_is_gone(process.pid))
        self.assert_untouched()

    def assert_no_scratch(self) -> None:
        assert [path.name for path in self.out.glob(SCRATCH) if path.name != LOCK] == []

    def dropped(self) -> list[dict[str, Any]]:
        (lang,) = [path.parent for path in self.out.glob("*/manifest.json")]
        rows: list[dict[str, Any]] = pq.read_table(lang / "dropped.parquet").to_pylist()
        return rows


def reading(out: Path) -> bool:
    return any(path.stat().st_size for path in out.glob(f"{SCRATCH}/pairs-*.arrow"))


def reading_both(out: Path) -> bool:
    return sum(path.stat().st_size > 0 for path in out.glob(f"{SCRATCH}/pairs-*.arrow")) == 2


def opening_both(out: Path) -> bool:
    return len([*out.glob(f"{SCRATCH}/pairs-*.arrow")]) == 2


def writing(out: Path) -> bool:
    return any(out.glob(f"{SCRATCH}/zh/data/train-*.parquet"))


def describing(out: Path) -> bool:
    return any(out.glob(f"{SCRATCH}/zh/manifest.json"))


def beginning(out: Path) -> bool:
    return any(path.is_dir() for path in out.glob(SCRATCH))


def replacing(out: Path) -> bool:
    return f'"rows_read": {2 * LARGE_ROWS}' in (out / "zh/manifest.json").read_text(encoding="utf-8")


def wait_until(condition: Callable[[], bool], pause_s: float = 0.002) -> None:
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(pause_s)


def gone_or(moment: Moment, out: Path, process: Process) -> Callable[[], bool]:
    def seen() -> bool:
        try:
            return process.poll() is not None or moment(out)
        except FileNotFoundError:
            return False

    return seen


def group_is_gone(group: int) -> bool:
    """No process of the group lives."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, found = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(found) == group and state not in "ZX":
            return False
    return True


def worker_processes(build: int) -> list[int]:
    """The process numbers of the workers of a build: children of the process that it has started for that."""
    return [worker for server in children(build, b"forkserver") for worker in children(server)]


def children(parent: int, command: bytes = b"") -> list[int]:
    """The process numbers of the children whose command line has this in it."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            is_child = stat.read_text().rpartition(")")[2].split()[1] == str(parent)
            if is_child and command in (stat.parent / "cmdline").read_bytes():
                found.append(int(stat.parent.name))
        except OSError:
            continue
    return found


def maps_of(process: int) -> bytes:
    """What the process has loaded."""
    try:
        return Path(f"/proc/{process}/maps").read_bytes()
    except OSError:
        return b""


def open_for_writing(pipe: Path) -> int:
    """The pipe, as soon as somebody reads it."""
    opened: list[int] = []

    def attempt() -> bool:
        try:
            opened.append(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            return False
        return True

    wait_until(attempt)
    return opened[0]
