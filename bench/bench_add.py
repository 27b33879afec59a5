"""make bench-add: rows of one's own, read through --add, against the same rows as a published source.

The pairs of comparison_gpt4_zh, of the generated upstream, as often as makes 184,087 rows: once as the JSON array of
the published source, once as JSON lines in the layout trl-standard. Both are read, adapted and assembled in this
process, in turn; what counts is the time of the processor.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import orjson
from bench_build import GENERATOR, full_size

from sources.comparison_gpt4 import ZH
from sources.fetch.data_files import find_data
from sources.files.read import read_rows
from sources.files.read_whole import whole_rows
from sources.files.rows import Limits, RowBatch
from sources.layouts.own_data import Described, look_into, own_data
from sources.pairs.assemble import assemble
from sources.pairs.source import NoOptions, Source

ROWS = 184_087
MAX_RATIO = 1.5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--generator", type=Path, default=GENERATOR)
    options = parser.parse_args()
    upstream = full_size(options.generator, 1.0) / ZH.files(NoOptions())[0].mirror_path
    published, own = list[float](), list[float]()
    with tempfile.TemporaryDirectory(prefix="bench-add-") as scratch:
        array, lines = write_rows(orjson.loads(upstream.read_bytes()), Path(scratch))
        for run in range(options.runs + 1):
            times = read_published(array), read_own(lines)
            if run:  # the first one warms up
                published.append(times[0])
                own.append(times[1])
                print(f"run {run}: published {times[0]:.2f} s, --add {times[1]:.2f} s", flush=True)
    ratio = statistics.median(mine / theirs for mine, theirs in zip(own, published, strict=True))
    print(f"\nrows                  {ROWS:>12,}")
    print(f"published, median     {statistics.median(published):>12.2f} s   (read, adapt, assemble)")
    print(f"--add, median         {statistics.median(own):>12.2f} s")
    print(f"--add / published     {ratio:>12.2f}     (goal: at most {MAX_RATIO:g})")
    return 0


def write_rows(upstream: list[dict[str, Any]], folder: Path) -> tuple[Path, Path]:
    """The rows as the published source has them, and as JSON lines of prompt, chosen and rejected."""
    rows = list(islice(cycle(upstream), ROWS))
    array, lines = folder / "published.json", folder / "own.jsonl"
    array.write_bytes(orjson.dumps(rows))
    with lines.open("wb") as file:
        for row in rows:
            chosen, rejected = row["output"][:2]
            pair = {"prompt": f"{row['instruction']}\n{row['input']}".rstrip(), "chosen": chosen, "rejected": rejected}
            file.write(orjson.dumps(pair) + b"\n")
    return array, lines


def read_published(path: Path) -> float:
    began = time.process_time()
    pairs = count_pairs(read_rows(path, path.name, ZH.layouts, Limits()), ZH, path)
    return checked(pairs, began)


def read_own(path: Path) -> float:
    began = time.process_time()
    described = Described(files=tuple(find_data(path, "--add")), name="own", licence="MIT")
    own = own_data(described, look_into(described, Limits(), "--add").taken, "zh")
    pairs = count_pairs(whole_rows(path, path.name, Limits(), None), own.source, path)
    return checked(pairs, began)


def count_pairs(batches: Iterable[RowBatch], source: Source, path: Path) -> int:
    return sum(len(assemble(source.adapt(batch.rows, NoOptions()), source, path.name)) for batch in batches)


def checked(pairs: int, began: float) -> float:
    """Seconds of the processor since then, if nearly all rows gave a pair."""
    seconds = time.process_time() - began
    if pairs < 0.9 * ROWS:
        raise SystemExit(f"{pairs:,} pairs of {ROWS:,} rows: something was not read")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
