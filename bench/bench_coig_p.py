"""make bench-coig-p: 100,000 and 1,000,000 rows of coig_p's layout, eleven pairs a query, in one file.

Each is built in a command of its own. The time is that of the processor: of ten times the rows it should be at most
ten times as much. The upstream is made once by the generator of the tests and kept in the cache folder outside the
project.
"""

import argparse
import os
import random
import resource
import sys
import tempfile
from itertools import count
from pathlib import Path

from bench.bench_build import timed
from sources.coig_p import TABLE
from tests.upstreams.generate import said
from tests.upstreams.layouts import Item, coig_p
from tests.upstreams.write import open_table, place

PAIRS_A_QUERY = 11
SIZES = (100_000, 1_000_000)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="*", default=SIZES, help="how many rows each build reads")
    used = []
    for rows in parser.parse_args().rows:
        mirror = upstream(rows)
        with tempfile.TemporaryDirectory(prefix="bench-coig-p-") as out:
            before = processor_s()
            wall, peak = timed(build_command(mirror, out))
            used.append(processor_s() - before)
        print(f"{rows:>10,} rows  {used[-1]:>8.1f} s of the processor  {wall:>8.1f} s  {peak:>6,.0f} MiB", flush=True)
    print(f"the last took {used[-1] / used[0]:.2f} times as much of the processor as the first")
    return 0


def build_command(mirror: Path, out: str) -> list[str]:
    flags = f"--lang zh --only coig_p --no-report --no-cache --json --workers 1 --mirror {mirror} --out {out}"
    return [sys.executable, "-m", "builders.build_prefs", *flags.split()]


def processor_s() -> float:
    """Seconds of the processor that finished commands have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def upstream(rows: int) -> Path:
    """A mirror with so many rows, made once."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "build-prefs-bench"
    mirror = cache / f"coig-p-{rows}"
    if mirror.is_dir():
        return mirror
    print(f"making {rows:,} rows in {mirror} (once)", flush=True)
    cache.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=cache, prefix="part-"))
    draw = random.Random(0)
    with open_table(part / place(TABLE[0])) as table:
        for number in count():
            question = said(draw, "zh", 12)
            for pair in range(number * PAIRS_A_QUERY, min((number + 1) * PAIRS_A_QUERY, rows)):
                table.append(coig_p(Item(pair, "zh", question, (said(draw, "zh", 40), said(draw, "zh", 30)))))
            if (number + 1) * PAIRS_A_QUERY >= rows:
                break
    part.rename(mirror)
    return mirror


if __name__ == "__main__":
    sys.exit(main())
