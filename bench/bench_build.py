"""make bench-build: a full-size build against the input/output floor, in one run.

The floor parses every upstream file once and writes the pairs once as zstd Parquet, in one process, and does nothing
else. The build does everything. Both run as whole commands, in turn; memory is that of a command with its processes.
The upstream is made once by the generator and kept in the cache folder outside the project.
"""

import argparse
import csv
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
GENERATOR = ROOT.parent / "shared" / "tools" / "make_upstream.py"
MAX_RATIO, MAX_MIB, MAX_GROWTH_BYTES = 4.0, 1024, 300


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--growth", action="store_true", help="also build ten times as many pairs (minutes)")
    parser.add_argument("--generator", type=Path, default=GENERATOR)
    parser.add_argument("--floor", nargs=2, metavar=("UPSTREAM", "OUT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.floor:
        floor(Path(options.floor[0]), Path(options.floor[1]))
        return 0
    upstream = full_size(options.generator, 1.0)
    floors, builds = [], []
    with tempfile.TemporaryDirectory(prefix="bench-build-") as scratch:
        for run in range(options.runs):
            out = Path(scratch) / f"run{run}"
            floors.append(timed([sys.executable, __file__, "--floor", str(upstream), str(out.with_suffix(".parquet"))]))
            builds.append(timed(build_command(upstream, out)))
            print(
                f"run {run}: floor {floors[-1][0]:.2f} s, build {builds[-1][0]:.2f} s, {builds[-1][1]:,.0f} MiB",
                flush=True,
            )
            pairs = count_pairs(out)
            shutil.rmtree(out)
    ratio = statistics.median(build[0] / base[0] for base, build in zip(floors, builds, strict=True))
    peak = max(build[1] for build in builds)
    floor_s, build_s = (statistics.median(run[0] for run in runs) for runs in (floors, builds))
    print(f"\npairs made            {pairs:>12,}")
    print(f"floor, median         {floor_s:>12.2f} s   (parse once, write once)")
    print(f"build, median         {build_s:>12.2f} s   (everything on)")
    print(f"build / floor         {ratio:>12.2f}     (goal: at most {MAX_RATIO:g})")
    print(f"peak memory           {peak:>12,.0f} MiB (goal: at most {MAX_MIB:,})")
    if options.growth:
        growth(options.generator, pairs, statistics.median(build[1] for build in builds))
    return 0


def growth(generator: Path, pairs: int, mib: float) -> None:
    """Peak memory of ten times the pairs, and what each more pair costs."""
    upstream = full_size(generator, 10.0)
    with tempfile.TemporaryDirectory(prefix="bench-build-") as scratch:
        out = Path(scratch) / "run"
        seconds, peak = timed(build_command(upstream, out))
        more = count_pairs(out) - pairs
    per_pair = (peak - mib) * (1 << 20) / more
    print(f"ten times as many     {pairs + more:>12,} pairs in {seconds:,.1f} s, {peak:,.0f} MiB")
    print(f"growth                {per_pair:>12,.0f} bytes a pair (goal: less than {MAX_GROWTH_BYTES})")


def build_command(upstream: Path, out: Path) -> list[str]:
    command = [
        sys.executable,
        "-m",
        "builders.build_prefs",
        "--lang",
        "zh",
        "--mirror",
        str(upstream),
        "--out",
        str(out),
    ]
    benchmarks = GENERATOR.parent.parent / "benchmarks"
    return [*command, "--synth", str(upstream / "synth"), "--benchmarks", str(benchmarks), "--no-cache", "--json"]


def timed(command: list[str]) -> tuple[float, float]:
    """Wall seconds and peak MiB of a command run to its end."""
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, tree_mib(process.pid))
        time.sleep(0.25)
    seconds = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"failed with status {process.returncode}: {' '.join(command)}")
    return seconds, peak


def tree_mib(pid: int) -> float:
    """The memory of a process and its children: shared pages counted once (PSS), in MiB."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    own = next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
    return own / 1024 + sum(tree_mib(int(child)) for child in children)


def count_pairs(out: Path) -> int:
    import json

    return int(json.loads((out / "zh" / "manifest.json").read_text(encoding="utf-8"))["total"]["pairs_made"])


def full_size(generator: Path, scale: float) -> Path:
    """The generated upstream with pairs of the synthetic part beside it, made once."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "build-prefs-bench"
    upstream = cache / f"upstream-{scale:g}"
    if upstream.is_dir():
        return upstream
    if not generator.is_file():
        raise SystemExit(f"no generator at {generator}: give --generator")
    print(f"making the upstream at scale {scale:g} in {upstream} (once)", flush=True)
    cache.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=cache, prefix="part-"))
    subprocess.run([sys.executable, str(generator), str(part), "--scale", str(scale)], check=True)
    make_synth(part)
    part.rename(upstream)
    return upstream


def make_synth(upstream: Path) -> None:
    """Pairs like those of the synth stage: the alpaca answers chosen, the opening of another answer rejected."""
    import orjson
    import pyarrow as pa
    import pyarrow.parquet as pq

    from sources.alpaca_gpt4 import ZH
    from sources.pairs.assemble import assemble
    from sources.pairs.schema import PAIRS, one_turn
    from sources.pairs.source import Adapted, NoOptions, skipped

    file = ZH.files(NoOptions())[0]
    rows = orjson.loads((upstream / file.mirror_path).read_bytes())
    draw = random.Random(0)
    weak = [(draw.choice(rows)["output"][:60] or "不知道。") for _ in rows]
    table = pa.table(
        {
            **{name: [row[name] for row in rows] for name in ("instruction", "input", "output")},
            "row": pa.array(range(len(rows)), pa.int64()),
        }
    )
    drafts = ZH.adapt(table, NoOptions()).pairs.append_column("rejected", one_turn("assistant", pa.array(weak)))
    (upstream / "synth").mkdir()
    pairs = assemble(Adapted(drafts, skipped([])), ZH, file.mirror_path).select(PAIRS.names)
    pq.write_table(pairs, upstream / "synth" / "pairs.parquet", compression="zstd")


def floor(upstream: Path, out: Path) -> None:
    """Parse every file of the zh mix once and write prompt, chosen and rejected once; nothing else."""
    import orjson
    import pyarrow as pa
    import pyarrow.parquet as pq

    from sources.pairs.schema import one_turn

    schema = pa.schema([(name, one_turn("user", pa.array([""])).type) for name in ("prompt", "chosen", "rejected")])
    writer = pq.ParquetWriter(out, schema, compression="zstd", compression_level=3, use_dictionary=False)

    def write(prompts: list[str], chosen: list[str], rejected: list[str]) -> None:
        columns = [
            one_turn("user", pa.array(prompts)),
            *(one_turn("assistant", pa.array(c)) for c in (chosen, rejected)),
        ]
        writer.write_table(pa.table(columns, schema=schema))

    for section in ("harmless", "helpful"):
        data = (upstream / f"Skepsun/cvalues_rlhf/{section}_train.json").read_bytes()
        rows = (
            orjson.loads(data) if data.lstrip().startswith(b"[") else [orjson.loads(line) for line in data.splitlines()]
        )
        write([r["prompt"] for r in rows], [r["pos_resp"] for r in rows], [r["neg_resp"] for r in rows])
    folder = upstream / "hiyouga/LLaMA-Factory/data"
    rows = orjson.loads((folder / "comparison_gpt4_data_zh.json").read_bytes())
    write([r["instruction"] for r in rows], [r["output"][0] for r in rows], [r["output"][1] for r in rows])
    rows = orjson.loads((folder / "oaast_rm_zh.json").read_bytes())
    write([r["instruction"] for r in rows], [r["output"][0] for r in rows], [r["output"][1] for r in rows])
    for name, delimiter, fields in (
        ("HIT-SCIR/huozi/data/huozi-rlhf/huozi_rlhf_data.csv", ",", ("prompt", "chosen", "reject")),
        ("liyucheng/zhihu_rlhf_3k/zhihu_3k_rlfh.tsv", "\t", ("prompt", "chosen", "rejected")),
    ):
        with (upstream / name).open(encoding="utf-8", newline="") as lines:
            records = list(csv.DictReader(lines, delimiter=delimiter))
        write(*([record[field] for record in records] for field in fields))
    synth = pq.read_table(upstream / "synth" / "pairs.parquet", columns=schema.names)
    writer.write_table(synth.cast(schema))
    writer.close()


if __name__ == "__main__":
    sys.exit(main())
