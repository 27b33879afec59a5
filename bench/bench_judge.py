"""make bench-judge: requests per second of judge-prefs against vLLM's own benchmark client; its memory; its plan.

A real vLLM server on the CPU serves a tiny random model that is held to say "A" (logit_bias and a stop string), so
both clients send the same questions and get the same answers of one token, which asks most of a client. They take turns
at 64 and at 256 requests at once, on a core that is not the server's; each figure is that of the client itself. Then
the memory of judge-prefs with 400,000 verdicts of a server that answers at once, and the time in which 184,000 pairs
are planned (--dry-run).
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from bench.bench_synth import MAKE_MODEL, MODEL  # noqa: E402
from bench.cores import CLIENT, SERVER, on_cores, run_on, told  # noqa: E402

MIN_RATIO, MAX_MIB, MAX_PLAN_S = 0.95, 300, 5.0
VERDICTS, PLANNED, PARTS_OF = 400_000, 184_000, 20_000
RUBRIC = """\
name: bench
question: "{prompt} A: {first} B: {second}"
again: "?"
turns: {system: "{content}", user: "{content}", assistant: "{content}"}
structured: off
sampling: SAMPLING
"""


@dataclass(frozen=True)
class Setting:
    """A server, with the pairs that judge-prefs judges and the same questions for vllm bench; `held` keeps the model to
    its verdict."""

    folder: Path
    url: str
    vllm: Path
    pairs: Path
    questions: int
    held: dict[str, object]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--pairs", type=int, default=1024, help="for each run; each is asked about twice")
    parser.add_argument("--concurrency", type=int, nargs="*", default=[64, 256])
    parser.add_argument("--verdicts", type=int, default=VERDICTS, help="for the memory figure; 0 leaves it out")
    parser.add_argument("--planned", type=int, default=PLANNED, help="pairs to plan; 0 leaves it out")
    parser.add_argument("--vllm", type=Path, default=ROOT / ".venv-vllm" / "bin", help="where vllm is installed")
    options = parser.parse_args()
    print(told())
    with tempfile.TemporaryDirectory(prefix="bench-judge-") as scratch:
        folder = Path(scratch)
        if options.concurrency and options.runs:
            compare(folder, options)
        if options.verdicts:
            memory(folder, options.verdicts // 2)
        if options.planned:
            plan(folder, options.planned)
    return 0


def write_pairs(path: Path, count: int) -> Path:
    """So many different pairs of about 30 and 60 characters, as a build writes them."""
    from sources.pairs.schema import PAIRS
    from tests.conftest import pair_table

    with pq.ParquetWriter(path, PAIRS) as file:
        for start in range(0, count, PARTS_OF):
            rows = [
                (
                    f"第{n}问：怎样把一件事说清楚？",
                    f"第{n}件事要先想好，再一步一步说，最后问一问。" * 2,
                    f"不知道第{n}件事。",
                )
                for n in range(start, min(start + PARTS_OF, count))
            ]
            file.write_table(pair_table(rows, "zh", None, "one").select(PAIRS.names))
    return path


def compare(folder: Path, options: argparse.Namespace) -> None:
    """Print the median ratio of our requests per second to theirs, and how long each client waited for its core."""
    pairs, model = write_pairs(folder / "pairs.parquet", options.pairs), folder / "model"
    run_on(CLIENT, [str(options.vllm / "python"), "-c", MAKE_MODEL, str(model)])
    label = json.loads((model / "tokenizer.json").read_text())["model"]["vocab"]["A"]
    held = {"logit_bias": {str(label): 100}, "stop": ["A"], "include_stop_str_in_output": True}
    sampling = json.dumps({"temperature": 0, "max_tokens": 8, **held})
    (folder / "rubric.yaml").write_text(RUBRIC.replace("SAMPLING", sampling))
    questions = write_questions(folder, pairs)
    with served(folder, model, options.vllm) as url:
        setting = Setting(folder, url, options.vllm, pairs, questions, held)
        for concurrency in options.concurrency:
            in_turn(setting, concurrency, options.runs)


def in_turn(setting: Setting, concurrency: int, runs: int) -> None:
    """Print what both clients give, run by run, and the median ratio."""
    bench_client(setting, concurrency)  # both warm the server up
    our_client(setting, concurrency)
    ratios, waits = [], []
    for run in range(runs):
        they, they_waited = bench_client(setting, concurrency)
        we, we_waited = our_client(setting, concurrency)
        ratios.append(we / they)
        waits.append(we_waited)
        said = f"vllm bench {they:,.0f} requests/s (waited {they_waited:.0%}), judge-prefs {we:,.0f} ({we_waited:.0%})"
        print(f"{concurrency} at once, run {run}: {said}", flush=True)
    print(f"ratio at {concurrency:>3} at once {statistics.median(ratios):>8.2f}  (goal: at least {MIN_RATIO:g})")
    print(f"judge-prefs waited for its core in {statistics.median(waits):.0%} of its time")


def write_questions(folder: Path, pairs: Path) -> int:
    """Write every question of judge-prefs as a prompt of vllm bench, in the same order; how many there are."""
    from synth.judging.pairs import read_pairs
    from synth.judging.questions import Judging
    from synth.judging.rubric import load_rubric

    rubric = load_rubric(str(folder / "rubric.yaml"))
    read = read_pairs(pairs, folder / "pairs.arrow", lang=None, sample=None)
    judging = Judging(read, rubric, MODEL, structured=False)
    lines = [json.dumps({"prompt": request.body["messages"][-1]["content"]}) for request in judging.requests()]
    (folder / "questions.jsonl").write_text("\n".join(lines) + "\n")
    return len(lines)


@contextmanager
def served(folder: Path, model: Path, vllm: Path) -> Iterator[str]:
    """The URL of a server of the model on its core."""
    from tests.synth.vllm.serving import vllm_process

    if SERVER:
        os.environ["VLLM_CPU_OMP_THREADS_BIND"] = str(SERVER[0])
    more = {"--max-model-len": "1024", "--max-num-seqs": "256", "--max-num-batched-tokens": "262144"}
    with on_cores(SERVER), vllm_process(model, MODEL, folder / "server.log", vllm / "vllm", more) as url:
        yield url


def bench_client(setting: Setting, concurrency: int) -> tuple[float, float]:
    """Requests per second as `vllm bench serve` measures them, and the share of time in which it waited."""
    folder = setting.folder
    command = [
        *(str(setting.vllm / "vllm"), "bench", "serve", "--backend", "openai-chat", "--disable-tqdm"),
        *("--base-url", setting.url.removesuffix("/v1"), "--endpoint", "/v1/chat/completions"),
        *("--model", MODEL, "--tokenizer", str(folder / "model"), "--dataset-name", "custom"),
        *("--dataset-path", str(folder / "questions.jsonl"), "--skip-chat-template", "--custom-output-len", "8"),
        *("--num-prompts", str(setting.questions), "--disable-shuffle", "--no-oversample", "--temperature", "0"),
        *("--max-concurrency", str(concurrency), "--extra-body", json.dumps(setting.held)),
        *("--save-result", "--result-dir", str(folder), "--result-filename", "theirs.json"),
    ]
    ran = run_on(CLIENT, command, {"HF_HUB_OFFLINE": "1"})
    result = json.loads((folder / "theirs.json").read_text())
    assert result["completed"] == setting.questions, result["completed"]
    return float(result["request_throughput"]), ran.waited


def our_client(setting: Setting, concurrency: int) -> tuple[float, float]:
    """Requests per second of judge-prefs, every verdict journalled, and the share of time in which it waited."""
    said, waited = judge(setting.folder, setting.pairs, setting.url, concurrency)
    return said["asked"]["answers"] / said["asked"]["seconds"], waited


def judge(folder: Path, pairs: Path, url: str, concurrency: int) -> tuple[dict[str, Any], float]:
    """What judge-prefs says of its run, as JSON."""
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    command = [
        *(sys.executable, "-m", "synth.judge_prefs", str(pairs), "--judge-model", MODEL, "--judge-url", url, "--json"),
        *("--rubric", str(folder / "rubric.yaml"), "--concurrency", str(concurrency), "--out", str(out)),
    ]
    ran = run_on(CLIENT, command)
    said = json.loads(ran.out)
    assert said["audit"][-1]["judged"] == said["audit"][-1]["pairs"], "a verdict could not be read"
    return said, ran.waited


def memory(folder: Path, pairs: int) -> None:
    """Print the most memory that a run on so many pairs holds."""
    from tests.synth.played_server import played_process

    path = write_pairs(folder / "many.parquet", pairs)
    (folder / "rubric.yaml").write_text(RUBRIC.replace("SAMPLING", "{max_tokens: 8}"))
    with on_cores(SERVER), played_process(models=(MODEL,), log_max=0, rules=[{"play": {"text": "A"}}]) as server:
        said, waited = judge(folder, path, server.url, 64)
    goal = f"goal: less than {MAX_MIB} with {VERDICTS:,}"
    print(f"memory, {2 * pairs:,} verdicts {said['peak_memory_mib']:>6,} MiB ({goal})")
    print(f"{said['asked']['seconds']:,.0f} s against a played server, waited for its core {waited:.0%} of its time")


def plan(folder: Path, pairs: int) -> None:
    """Print how long --dry-run takes, by the clock and of the processor."""
    path, began = write_pairs(folder / "planned.parquet", pairs), time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "synth.judge_prefs", str(path), "--judge-model", MODEL, "--dry-run", "--json"]
    ran = run_on(CLIENT, [*command, "--judge-url", "http://127.0.0.1:9/v1", "--out", str(folder / "plan")])
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert json.loads(ran.out)["sides"][0]["requests"] == 2 * pairs
    print(f"plan of {pairs:,} pairs {took:.1f} s, {used:.1f} s of the processor (goal: less than {MAX_PLAN_S:g} s)")


if __name__ == "__main__":
    sys.exit(main())
