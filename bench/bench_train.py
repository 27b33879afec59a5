"""`make bench-train`: steps of training against plain TRL, on pairs of real length; memory; tokenisation; equality.

Every measured part is a process of its own, started in turn with the others, so that no one of them has the machine at
its best. On a CPU: a tiny random Llama and the pairs of a generated mirror. With --gpu: 1.1 billion random parameters
in bf16, the same pairs.

    plain            DPOTrainer of TRL as it is, the reference in memory
    precomputed      the same with precompute_ref_log_probs
    completion-only  precomputed, scoring completion positions only, as TRL does on a GPU
    ours             packed, reference cache, balanced batches
    ours, shared     the same, with each prompt computed once
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from train_settings import LARGE_VOCABULARY, TOKENISED_PAIRS

ROOT = Path(__file__).resolve().parent.parent
GENERATOR = ROOT.parent / "shared" / "tools" / "make_upstream.py"
KINDS = ("plain", "precomputed", "completion-only", "ours", "ours, shared")
GOALS = {"plain": 6.0, "completion-only": 2.5}
GPU_GOALS = {"precomputed": 2.5}
MAX_MEMORY, MIN_TOKENISING, MAX_LOSS, MAX_PARAMETER = 0.25, 3.0, 1e-4, 1e-5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="how often each kind takes its turn")
    parser.add_argument("--gpu", action="store_true", help="a model of 1.1 billion parameters in bf16, on the GPU")
    parser.add_argument("--only", nargs="+", choices=("speed", "memory", "tokens", "equality"), help="some parts only")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        print(json.dumps(measure(options.part, options.folder)))
        return 0
    wanted = options.only or ["speed", "memory", "tokens", "equality"]
    with tempfile.TemporaryDirectory(prefix="bench-train-") as scratch:
        folder = Path(scratch)
        make_pairs(folder)
        part("make", folder, options.gpu)
        for name in wanted:
            {"speed": speed, "memory": memory, "tokens": tokens, "equality": equality}[name](folder, options)
    return 0


def make_pairs(folder: Path) -> None:
    """Chinese and English pairs of the generator, built as people build them."""
    command = [sys.executable, str(GENERATOR), str(folder / "up"), "--scale", "0.12", "--no-defects"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    build = [*(sys.executable, "-m", "builders.build_prefs", "--lang", "all", "--mirror", str(folder / "up"))]
    build += ["--out", str(folder / "prefs"), "--no-report", "--json"]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)


def speed(folder: Path, options: argparse.Namespace) -> None:
    """Seconds of an optimiser step and tokens per second, in turn."""
    seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
    rates: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for number in range(options.rounds):
        for kind in KINDS:
            result = part(f"speed {kind}", folder, options.gpu)
            seconds[kind].append(result["seconds"])
            rates[kind].append(result["tokens_per_second"])
            print(f"round {number}: {kind:<16} {result['seconds']:7.2f} s a step", flush=True)
    goals = GPU_GOALS if options.gpu else GOALS
    for kind in KINDS:
        ratios = [theirs / ours for theirs, ours in zip(seconds[kind], seconds["ours"], strict=True)]
        goal = f"   (goal: ours {goals[kind]:g} times faster)" if kind in goals else ""
        step, rate = statistics.median(seconds[kind]), statistics.median(rates[kind])
        print(f"{kind:<16} {step:7.2f} s a step {rate:9,.0f} tokens/s   ours {statistics.median(ratios):5.2f} x{goal}")


def memory(folder: Path, options: argparse.Namespace) -> None:
    """The most memory of a step with a large vocabulary, above what is held before the step."""
    mib = {kind: part(f"memory {kind}", folder, options.gpu)["mib"] for kind in ("precomputed", "ours")}
    share = mib["ours"] / mib["precomputed"]
    print(
        f"memory of a step, {LARGE_VOCABULARY:,} words: plain TRL {mib['precomputed']:,} MiB, ours {mib['ours']:,} MiB"
    )
    print(f"                 {share:7.3f} of it   (goal: at most {MAX_MEMORY:g})")


def tokens(folder: Path, options: argparse.Namespace) -> None:
    """Seconds to tokenise, ours without a cache."""
    pairs = [(part("tokens plain", folder, False), part("tokens ours", folder, False)) for _ in range(options.rounds)]
    ratios = [theirs["seconds"] / ours["seconds"] for theirs, ours in pairs]
    assert all(theirs["sum"] == ours["sum"] for theirs, ours in pairs), "the tokens differ"
    theirs, ours = (statistics.median(side["seconds"] for side in sides) for sides in zip(*pairs, strict=True))
    print(f"tokenising {TOKENISED_PAIRS:,} pairs: plain TRL {theirs:.1f} s, ours {ours:.1f} s, the same ids")
    print(f"                 {statistics.median(ratios):7.2f} x faster   (goal: {MIN_TOKENISING:g})")


def equality(folder: Path, options: argparse.Namespace) -> None:
    """Losses and parameters after 20 steps."""
    result = part("equality", folder, options.gpu)
    print(f"20 steps: losses differ by {result['loss']:.1e} (goal: {MAX_LOSS:g}), "
          f"parameters by {result['parameter']:.1e} (goal: {MAX_PARAMETER:g})")  # fmt: skip


def part(name: str, folder: Path, gpu: bool) -> dict[str, Any]:
    """What a process of its own measures."""
    command = [sys.executable, __file__, "--part", name, "--folder", str(folder)] + ["--gpu"] * gpu
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measure(name: str, folder: Path) -> dict[str, Any]:
    """The part of that name, in this process."""
    import warnings

    from train_parts import PARTS

    warnings.simplefilter("ignore")
    kind, _, which = name.partition(" ")
    return PARTS[kind](folder, which, "--gpu" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
