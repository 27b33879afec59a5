"""What a run will do, said before its first step."""

import os
import sys
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from train.data.fit import Account, Fitted
from train.fast.known_models import why_padded
from train.fast.tokens import tokens_of
from train.run.memory import MemoryEstimate, Step, check_memory, estimate_memory
from train.run.room import available_memory
from train.training.arguments import Arguments, accumulation
from train.training.devices import describe_devices
from train.training.prepare import Prepared, cache_of
from train.training.trainer import Speed

WIDE = 200
"""Columns of a log file, which has room for the names of all sources."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`accumulate` micro-batches on each device make a step; `why_padded` says why the packed forward is not used."""

    accumulate: int
    pairs_per_step: int
    steps: int
    speed: Speed
    why_padded: str | None


def make_plan(asked: Arguments, prepared: Prepared) -> Plan:
    """The steps and the switches.

    Raises:
        UsageError: the pairs of a step cannot be divided over the devices.
    """
    accumulate = accumulation(asked, asked.dpo.world_size)
    at_once = asked.dpo.per_device_train_batch_size * asked.dpo.world_size
    batches = ceil(prepared.train.kept.num_rows / at_once)
    steps = ceil(batches / accumulate) * asked.dpo.num_train_epochs
    reason = _why_padded(asked, prepared.config)
    pack = reason is None
    run = asked.run
    cache = None if run.plain else cache_of(run.reference_cache, "reference")
    speed = Speed(pack, run.share_prompts and pack, run.balance and not run.plain, cache)
    total = asked.dpo.max_steps if asked.dpo.max_steps > 0 else ceil(steps)
    return Plan(accumulate, at_once * accumulate, total, speed, None if run.plain or not run.pack else reason)


def _why_padded(asked: Arguments, config: Any) -> str | None:
    if asked.run.plain:
        return "--plain"
    if not asked.run.pack:
        return "--no_pack"
    if asked.model.load_in_4bit or asked.model.load_in_8bit:
        return "it is quantised, which nobody has compared yet"
    return why_padded(config, asked.dpo.max_length, asked.model.attn_implementation)


def estimate(asked: Arguments, prepared: Prepared, plan: Plan) -> MemoryEstimate:
    """What a step needs at most on one device: that of the longest pairs at once."""
    dpo = asked.dpo
    tokens = tokens_of(prepared.train.kept)
    at_once = min(dpo.per_device_train_batch_size, len(tokens))
    longest = max(account.longest for account in prepared.train.accounts)
    largest = int(np.partition(tokens, -at_once)[-at_once:].sum())
    step = Step(
        parameters=prepared.parameters,
        trainable_parameters=prepared.parameters // (100 if asked.model.use_peft else 1),
        dtype_bytes=2 if asked.model.dtype in ("bfloat16", "float16") else 4,
        tokens_per_device=largest if plan.speed.pack else 2 * at_once * longest,
        world_size=dpo.world_size,
        sharded=asked.run.sharding == "fsdp2" or os.environ.get("ACCELERATE_USE_FSDP") == "true",
        gradient_checkpointing=bool(dpo.gradient_checkpointing),
        optimizer=str(getattr(dpo.optim, "value", dpo.optim)),
        vocab_size=prepared.config.get_text_config().vocab_size,
        reference_in_memory=plan.speed.reference_cache is None and not asked.model.use_peft,
        packed=plan.speed.pack,
        activation_bytes=2 if dpo.bf16 or dpo.fp16 else None,
        device=dpo.device.type,
    )
    return estimate_memory(prepared.config, step)


def show_plan(asked: Arguments, prepared: Prepared, plan: Plan) -> None:
    """The plan on stderr: what goes in, by source, and what will be done with it.

    Raises:
        PrefsError: a step surely needs more memory than there is.
    """
    from rich.console import Console
    from rich.text import Text

    from sources.command.printable import printable

    console = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else WIDE)
    console.print(_accounts(prepared.train, "Pairs to train on"))
    needed = estimate(asked, prepared, plan)
    facts = _facts(asked, prepared, plan) | {"memory": needed.line}
    width = max(map(len, facts))
    for name, fact in facts.items():
        console.print(Text.assemble((f"{name:<{width}}  ", "bold"), fact), soft_wrap=True)
    here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    tight = check_memory(needed, available_memory(asked.dpo.device, processes_here=here))
    for remark in [*_remarks(prepared, plan), *([tight] if tight else [])]:
        console.print(Text(printable(remark, max_chars=600), "yellow"), soft_wrap=True)


def _accounts(fitted: Fitted, title: str) -> Any:
    """A table of pairs: a column for each source."""
    from rich.table import Table
    from rich.text import Text

    from sources.command.printable import printable

    columns: list[Account] = [*fitted.accounts, fitted.total]
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for account in columns:
        table.add_column(Text(printable(account.source)), justify="right")
    reasons = sorted({reason for account in columns for reason in account.left_out})
    lines: dict[str, list[int]] = {"pairs": [account.pairs for account in columns]}
    lines |= {f"  − {reason}": [account.left_out[reason] for account in columns] for reason in reasons}
    lines["pairs kept"] = [account.kept for account in columns]
    lines["  chosen cut"] = [account.cut_chosen for account in columns]
    lines["  rejected cut"] = [account.cut_rejected for account in columns]
    lines["tokens"] = [account.tokens for account in columns]
    for name, numbers in lines.items():
        if any(numbers) or not name.startswith("  "):
            table.add_row(name, *(f"{number:,}" if number else "·" for number in numbers))
    return table


def _facts(asked: Arguments, prepared: Prepared, plan: Plan) -> dict[str, str]:
    from sources.command.printable import printable

    run, dpo, test = asked.run, asked.dpo, prepared.test
    reference = run.ref_model or "the same model before training"
    cache = plan.speed.reference_cache
    per_device = (
        f"{dpo.per_device_train_batch_size} pairs on each of {dpo.world_size} x {plan.accumulate} micro-batches"
    )
    fast = [
        name
        for name, on in (
            ("packed", plan.speed.pack),
            ("prompts shared", plan.speed.share_prompts),
            ("batches balanced", plan.speed.balance),
            ("reference cached", cache is not None),
        )
        if on
    ]
    length = "--max_steps" if dpo.max_steps > 0 else f"{dpo.num_train_epochs:g} epochs"
    return {
        "model": printable(f"{run.model}: {prepared.config.model_type}, {prepared.parameters:,} parameters"),
        "reference": printable(reference + (f", its scores in {cache}" if cache else ", in memory")),
        "steps": f"{plan.steps:,} of {plan.pairs_per_step} pairs ({per_device}), {length}",
        "settings": f"{', '.join(dpo.loss_type)} loss, beta {dpo.beta:g}, lr {dpo.learning_rate:g}, "
        f"weight decay {dpo.weight_decay:g}, warm-up {dpo.warmup_steps:g}, at most {dpo.max_length} tokens",
        "test": f"{test.kept.num_rows:,} pairs" if test else "no test split",
        "devices": describe_devices(asked),
        "fast": ", ".join(fast) or "plain TRL",
        "output": printable(dpo.output_dir),
    }


def _remarks(prepared: Prepared, plan: Plan) -> list[str]:
    """What people should know that is no error."""
    data = prepared.data
    remarks = list(prepared.remarks)
    if plan.why_padded:
        remarks.append(f"not packed: {plan.why_padded}; plain TRL scores it")
    if data.repeated:
        remarks.append(f"{data.repeated:,} pairs were given more than once and are kept once")
    if data.in_both_splits:
        remarks.append(f"{data.in_both_splits:,} pairs were in train and in test and are kept in test")
    if cut := prepared.train.total.prompts_cut:
        remarks.append(
            f"the last tokens of {cut:,} prompts change when an answer follows; they are left out, as in TRL"
        )
    return remarks
