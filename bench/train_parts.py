"""What bench_train.py measures, one part a process."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from datasets import Dataset
from train_settings import LARGE_VOCABULARY, PAIRS, SIZES, STEPS, TOKENISED_PAIRS, WARM_UP
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM, TrainerCallback
from trl import DPOConfig, DPOTrainer

from train.data.fit import fit
from train.data.load_pairs import load_pairs
from train.data.tokenize_pairs import tokenize_pairs
from train.fast.tokens import TOKENS, tokens_of
from train.training.trainer import PrefsTrainer, Speed

ROOT = Path(__file__).resolve().parent.parent
MAX_LENGTH = 1024


def make(folder: Path, _which: str, gpu: bool) -> dict[str, Any]:
    """A random model and its tokenizer, and a model with a large vocabulary."""
    command = [sys.executable, "-m", "train.tiny_model", str(folder / "tiny"), "--vocab-size", "4096"]
    subprocess.run([*command, "--data", str(folder / "prefs/zh")], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    tokenizer = AutoTokenizer.from_pretrained(folder / "tiny")
    small = SIZES["gpu" if gpu else "cpu"]
    large = small if gpu else SIZES["large vocabulary"]
    for name, sizes, words in (("model", small, len(tokenizer)), ("large", large, LARGE_VOCABULARY)):
        torch.manual_seed(0)
        ids = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id, "bos_token_id": None}
        config = LlamaConfig(vocab_size=words, num_key_value_heads=sizes["num_attention_heads"], **sizes, **ids)
        model = LlamaForCausalLM(config).to(torch.bfloat16 if gpu else torch.float32)
        model.save_pretrained(folder / name)
        tokenizer.save_pretrained(folder / name)
    return {}


def rows(folder: Path, count: int) -> pa.Table:
    """Tokenised pairs, mixed as a training run mixes them."""
    data = load_pairs([str(folder / "prefs")])
    tokenizer = AutoTokenizer.from_pretrained(folder / "tiny")
    order = torch.randperm(data.train.num_rows, generator=torch.Generator().manual_seed(0))[:count]
    return fit(tokenize_pairs(data.train.take(order.numpy()), tokenizer, cache=None), MAX_LENGTH, "drop").kept


def arguments(folder: Path, gpu: bool, **more: Any) -> DPOConfig:
    """The card's settings."""
    given: dict[str, Any] = {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 8, "learning_rate": 1e-6}
    given |= {"max_length": MAX_LENGTH, "beta": 0.5, "save_strategy": "no", "logging_steps": 1, "report_to": "none"}
    given |= {"disable_tqdm": True, "bf16": gpu, "use_cpu": not gpu, "output_dir": str(folder / "out")} | more
    return DPOConfig(**given)


class Plain(DPOTrainer):
    """TRL's trainer on rows that are tokenised already, since tokenising is measured apart."""

    def _prepare_dataset(self, dataset: Dataset, *_given: Any) -> Dataset:
        return dataset


def trainer(folder: Path, kind: str, table: pa.Table, gpu: bool, model: str = "model", **more: Any) -> DPOTrainer:
    """A trainer of that kind."""
    tokenizer = AutoTokenizer.from_pretrained(folder / model)
    loaded = AutoModelForCausalLM.from_pretrained(folder / model, dtype=torch.float32)
    args = arguments(folder, gpu, **more)
    if kind.startswith("ours"):
        speed_ = Speed(share_prompts=kind.endswith("shared"), reference_cache=folder / f"cache-{model}")
        return PrefsTrainer(train=table, test=None, speed=speed_, tokenizer=tokenizer, model=loaded, args=args)
    if kind == "completion-only":
        import trl.trainer.utils

        trl.trainer.utils._use_triton = lambda _device: True
    args.precompute_ref_log_probs = kind != "plain"
    dataset = Dataset(table.select(list(TOKENS)))
    return Plain(model=loaded, args=args, train_dataset=dataset, processing_class=tokenizer)


class Clock(TrainerCallback):
    """The times at which steps ended."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def on_step_end(self, *_given: Any, **_named: Any) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.ends.append(time.perf_counter())


def speed(folder: Path, which: str, gpu: bool) -> dict[str, Any]:
    """Seconds of a step after the warm-up."""
    table = rows(folder, PAIRS + 64).slice(0, PAIRS)
    clock = Clock()
    made = trainer(folder, which, table, gpu, max_steps=STEPS + WARM_UP)
    made.add_callback(clock)
    made.train()
    seconds = (clock.ends[-1] - clock.ends[WARM_UP - 1]) / STEPS
    return {"seconds": seconds, "tokens_per_second": tokens_of(table).sum() / (STEPS + WARM_UP) / seconds}


def memory(folder: Path, which: str, gpu: bool) -> dict[str, Any]:
    """MiB of a forward and backward pass over the four longest pairs, above what is held before."""
    table = rows(folder, PAIRS)
    longest = sorted(range(len(table)), key=lambda row: -tokens_of(table)[row])[:4]
    made = trainer(folder, which, table.take(longest), gpu, model="large")
    made.model.train()
    made.current_gradient_accumulation_steps = 1
    inputs = next(iter(made.get_train_dataloader()))
    before = _peak(gpu, reset=True)
    made.training_step(made.model, inputs)
    return {"mib": round(_peak(gpu) - before)}


def _peak(gpu: bool, *, reset: bool = False) -> float:
    """The most memory held, in MiB; with `reset` what is held now, from which the peak begins anew."""
    if gpu:
        if reset:
            torch.cuda.reset_peak_memory_stats()
        return torch.cuda.max_memory_allocated() / (1 << 20)
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmRSS" if reset else "VmHWM"].split()[0]) / 1024


def tokens(folder: Path, which: str, _gpu: bool) -> dict[str, Any]:
    """Seconds to tokenise, and a sum over all ids to compare."""
    data = load_pairs([str(folder / "prefs")]).train
    data = pa.concat_tables([data] * (TOKENISED_PAIRS // data.num_rows + 1)).slice(0, TOKENISED_PAIRS)
    tokenizer = AutoTokenizer.from_pretrained(folder / "tiny")
    begin = time.perf_counter()
    if which == "ours":
        table = tokenize_pairs(data, tokenizer, cache=None)
    else:
        args = SimpleNamespace(dataset_num_proc=None, max_length=None, truncation_mode="keep_start")
        dataset = Dataset(data.select(["prompt", "chosen", "rejected"]))
        table = DPOTrainer._prepare_dataset(SimpleNamespace(), dataset, tokenizer, args, "train").data.table
    seconds = time.perf_counter() - begin
    return {"seconds": seconds, "sum": sum(_checksum(table[name]) for name in TOKENS)}


def _checksum(column: pa.ChunkedArray) -> int:
    """A sum in which the place of a token in the whole column counts."""
    ids = pa.concat_arrays([chunk.flatten() for chunk in column.chunks]).to_numpy().astype("int64")
    lengths = pa.concat_arrays([pc.list_value_length(chunk) for chunk in column.chunks]).to_numpy().astype("int64")
    return int((ids * (1 + np.arange(len(ids)) % 1009)).sum() + (lengths * (1 + np.arange(len(lengths)) % 1009)).sum())


def equality(folder: Path, _which: str, gpu: bool) -> dict[str, Any]:
    """How far ours is from plain TRL after 20 steps at ten times the card's learning rate."""
    table = rows(folder, 4 * 2 * 20 + 32).slice(0, 160)
    more = {"gradient_accumulation_steps": 2, "max_steps": 20, "learning_rate": 1e-5, "max_length": 512}
    losses, weights = [], []
    for kind in ("precomputed", "ours"):
        made = trainer(folder, kind, fit(table, 512, "cut").kept, gpu, **more)
        made.train()
        losses.append([entry["loss"] for entry in made.state.log_history if "loss" in entry])
        weights.append(torch.cat([parameter.detach().flatten() for parameter in made.model.parameters()]))
    return {
        "loss": max(abs(one - other) for one, other in zip(*losses, strict=True)),
        "parameter": float((weights[0] - weights[1]).abs().max()),
    }


PARTS: dict[str, Callable[[Path, str, bool], dict[str, Any]]] = {
    "make": make,
    "speed": speed,
    "memory": memory,
    "tokens": tokens,
    "equality": equality,
}
