"""make bench-synth: output tokens per second of synth-prefs against vLLM's own benchmark client, in one run.

A real vLLM server on the CPU serves a tiny random model. Both clients send the same prompts with the same options, in
turn, at 64 and at 256 requests at once, on a core that is not the server's; each figure is that of the client itself,
from its first request to its last answer. Then the client's memory with 50,000 prompts, against a server that answers
at once.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from bench.cores import CLIENT, SERVER, on_cores, run_on, told  # noqa: E402

GENERATOR = ROOT.parent / "shared" / "tools" / "make_upstream.py"
VLLM = ROOT / ".venv-vllm" / "bin"
MODEL, ANSWER_TOKENS, MAX_PROMPT_CHARS = "tiny", 64, 120
MAKE_MODEL = """
import sys
from pathlib import Path
from tests.synth.vllm.tiny_chat import write_chat_model
write_chat_model(Path(sys.argv[1]), 1024)
"""
MIN_RATIO, MAX_MIB, MANY = 0.95, 300, 50_000

RECIPE = f"""\
name: bench
rejected:
  api: completions
  templates: {{zh: TEMPLATE, en: TEMPLATE}}
  sampling: {{temperature: 0.7, top_p: 1.0, max_tokens: {ANSWER_TOKENS}, ignore_eos: true}}
"""
TEMPLATE = 'user: "{content}"\nassistant: "{content}"\nanswer: ""\n'


@dataclass(frozen=True)
class Setting:
    """One server with the prompts that both clients send it."""

    folder: Path
    url: str
    model: Path
    prompts: Path
    vllm: Path = VLLM


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--prompts", type=int, default=2048, help="for each run")
    parser.add_argument("--url", help="a server that runs already and serves the model as 'tiny'")
    parser.add_argument("--model", type=Path, help="its checkpoint")
    parser.add_argument("--vllm", type=Path, default=VLLM, help="where vllm is installed")
    parser.add_argument("--many", type=int, default=MANY, help="prompts for the memory figure; 0 leaves it out")
    options = parser.parse_args()
    print(told())
    with tempfile.TemporaryDirectory(prefix="bench-synth-") as scratch:
        folder = Path(scratch)
        prompts = write_prompts(folder, options.prompts)
        (folder / "template.yaml").write_text(TEMPLATE)
        (folder / "recipe.yaml").write_text(RECIPE.replace("TEMPLATE", str(folder / "template.yaml")))
        ratios = {}
        with served(folder, options) as (url, model):
            setting = Setting(folder, url, model, prompts, options.vllm)
            for concurrency in (64, 256):
                ratios[concurrency] = compare(setting, concurrency, options.runs)
        for concurrency, ratio in ratios.items():
            print(f"ratio at {concurrency:>3} at once      {ratio:>8.2f}     (goal: at least {MIN_RATIO:g})")
        if options.many:
            mib = memory(folder, options.many)
            print(f"memory, {options.many:,} prompts  {mib:>8,} MiB (goal: less than {MAX_MIB})")
    return 0


def write_prompts(folder: Path, count: int) -> Path:
    """The first short prompts of generated alpaca files, both for us and for vllm bench (which reads `prompt`)."""
    command = [sys.executable, str(GENERATOR), str(folder / "up"), "--scale", "0.2", "--no-defects"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    rows = json.loads((folder / "up/hiyouga/LLaMA-Factory/data/alpaca_gpt4_data_zh.json").read_text())
    path, seen = folder / "prompts.jsonl", dict[str, None]()
    for row in rows:
        seen.setdefault(row["instruction"][:MAX_PROMPT_CHARS])
    lines = [json.dumps({"prompt": prompt, "chosen": "好"}, ensure_ascii=False) for prompt in list(seen)[:count]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@contextmanager
def served(folder: Path, options: argparse.Namespace) -> Iterator[tuple[str, Path]]:
    """The URL of a server and the folder of its model: one given, or one made and started here."""
    if options.url:
        yield options.url, options.model
        return
    from tests.synth.vllm.serving import vllm_process

    model = folder / "model"
    subprocess.run(
        [str(options.vllm / "python"), "-c", MAKE_MODEL, str(model)], cwd=ROOT, check=True, capture_output=True
    )
    more = {"--max-model-len": "1024", "--max-num-seqs": "256", "--max-num-batched-tokens": "262144"}
    if SERVER:
        os.environ["VLLM_CPU_OMP_THREADS_BIND"] = str(SERVER[0])
    with on_cores(SERVER), vllm_process(model, MODEL, folder / "server.log", options.vllm / "vllm", more) as url:
        yield url, model


def compare(setting: Setting, concurrency: int, runs: int) -> float:
    """The median ratio of our tokens per second to theirs, run by run."""
    bench_client(setting, concurrency)  # both warm the server up: ours sends seeds
    our_client(setting, concurrency, seed=-1)
    ratios = []
    for run in range(runs):
        theirs, they_waited = bench_client(setting, concurrency)
        ours, we_waited = our_client(setting, concurrency, seed=run)
        ratios.append(ours / theirs)
        said = f"vllm bench {theirs:,.0f} tok/s (waited {they_waited:.0%}), synth-prefs {ours:,.0f} ({we_waited:.0%})"
        print(f"{concurrency} at once, run {run}: {said}", flush=True)
    return statistics.median(ratios)


def bench_client(setting: Setting, concurrency: int) -> tuple[float, float]:
    """Output tokens per second as `vllm bench serve` measures them, and the share of time in which it waited."""
    count = sum(1 for _ in setting.prompts.open())
    command = [
        *(
            str(setting.vllm / "vllm"),
            "bench",
            "serve",
            "--backend",
            "openai",
            "--base-url",
            setting.url.removesuffix("/v1"),
        ),
        *("--endpoint", "/v1/completions", "--model", MODEL, "--tokenizer", str(setting.model), "--skip-chat-template"),
        *("--dataset-name", "custom", "--dataset-path", str(setting.prompts), "--disable-shuffle", "--no-oversample"),
        *("--custom-output-len", str(ANSWER_TOKENS), "--num-prompts", str(count), "--ignore-eos"),
        *("--max-concurrency", str(concurrency), "--temperature", "0.7", "--disable-tqdm"),
        *("--save-result", "--result-dir", str(setting.folder), "--result-filename", "theirs.json"),
    ]
    ran = run_on(CLIENT, command, {"HF_HUB_OFFLINE": "1"})
    result = json.loads((setting.folder / "theirs.json").read_text())
    assert result["completed"] == count, result["completed"]
    return float(result["output_throughput"]), ran.waited


def our_client(setting: Setting, concurrency: int, seed: int) -> tuple[float, float]:
    """Output tokens per second of synth-prefs, every answer journalled, and the share of time in which it waited."""
    result, waited = synthesize(setting, concurrency, seed)
    return float(result["asked"]["completion_tokens"] / result["asked"]["seconds"]), waited


def synthesize(setting: Setting, concurrency: int, seed: int) -> tuple[dict[str, Any], float]:
    """What the command says of its run, as JSON."""
    out = setting.folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    command = [
        *(sys.executable, "-m", "synth.synth_prefs", "--lang", "zh", "--prompts", str(setting.prompts), "--json"),
        *("--recipe", str(setting.folder / "recipe.yaml"), "--rejected-model", MODEL, "--rejected-url", setting.url),
        *("--concurrency", str(concurrency), "--seed", str(seed), "--out", str(out)),
    ]
    ran = run_on(CLIENT, command)
    return dict(json.loads(ran.out)), ran.waited


def memory(folder: Path, count: int) -> int:
    """The most memory, in MiB, that a run of so many prompts holds."""
    from tests.synth.played_server import played_process

    texts = [json.loads(line)["prompt"] for line in (folder / "prompts.jsonl").open()]
    path = folder / "many.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            row = {"prompt": f"{number} {texts[number % len(texts)]}", "chosen": texts[(number + 7) % len(texts)] * 3}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    with on_cores(SERVER), played_process(models=(MODEL,), log_max=0) as server:
        result, _ = synthesize(Setting(folder, server.url, folder, path), 64, 0)
    print(f"{count:,} prompts: {result['asked']['seconds']:,.0f} s", flush=True)
    return int(result["peak_memory_mib"])


if __name__ == "__main__":
    sys.exit(main())
