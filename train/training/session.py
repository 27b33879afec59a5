"""One training run, from a plan to a model in its folder."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from sources.command.errors import PrefsError, UsageError
from sources.command.memory import peak_memory_mib
from sources.command.run import complain
from train.run.checkpoints import last_whole_checkpoint
from train.run.curves import draw_curves
from train.run.memory import explain_out_of_memory
from train.run.model_card import Card, licence_of
from train.run.run_folder import RunFolder, describe_device, describe_options, differences, open_run_folder, versions
from train.training.arguments import CT_LLM, Arguments
from train.training.devices import check_sharding
from train.training.load_model import load_model
from train.training.plan import Plan
from train.training.prepare import Prepared
from train.training.progress import quiet_libraries, say_result, show_progress
from train.training.trainer import PrefsTrainer

LEFT_OUT = "left_out.parquet"


def train(asked: Arguments, prepared: Prepared, plan: Plan, words: list[str]) -> None:
    """Train, and leave the model, its card, its curves and its record in the output folder.

    Raises:
        PrefsError: the folder is another run's, the memory is too small, a loss is no number, the disk is full.
    """
    folder = Path(asked.dpo.output_dir)
    is_first = asked.dpo.process_index == 0
    with open_run_folder(folder, resume=asked.run.resume) if is_first else nullcontext() as record, _explained():
        quiet_libraries()
        start = _start(asked, prepared, plan, words, record)
        began = time.monotonic()
        trainer = make_trainer(asked, prepared, plan)
        check_sharding(asked, trainer.accelerator)
        show_progress(trainer)
        trainer.make_card = lambda: _card(asked, prepared, plan, trainer, is_finished=False)
        _note(record, status="training", device=describe_device(asked.dpo.device))
        trainer.train(resume_from_checkpoint=start)
        metrics = _evaluate(trainer) if prepared.test else {}
        trainer.save_final_model()
        if record:
            draw_curves(trainer.state.log_history, record.path)
            trainer.make_card = lambda: _card(asked, prepared, plan, trainer, is_finished=True)
            trainer.create_model_card()
            _note(record, status="finished", metrics=metrics, seconds=round(time.monotonic() - began, 1))
            _note(record, steps=trainer.state.global_step, peak_memory_mib=peak_memory_mib()["main"])
            say_result(folder, metrics, prepared)


def make_trainer(asked: Arguments, prepared: Prepared, plan: Plan) -> PrefsTrainer:
    """The trainer with its model, and its reference where that is another."""
    from trl import get_peft_config, get_quantization_config

    model, run = asked.model, asked.run
    kwargs: dict[str, Any] = {"dtype": model.dtype, "attn_implementation": model.attn_implementation}
    kwargs["quantization_config"] = get_quantization_config(model)
    if asked.dpo.world_size > 1 or asked.dpo.device.type == "cpu":
        kwargs["device_map"] = None
    kwargs = {name: value for name, value in kwargs.items() if value is not None or name == "device_map"}
    kwargs |= asked.dpo.model_init_kwargs or {}
    asked.dpo.model_init_kwargs = None
    asked.dpo.gradient_accumulation_steps = plan.accumulate
    if prepared.test is None:
        asked.dpo.eval_strategy = "no"
    needs_reference = run.ref_model or (plan.speed.reference_cache is None and not model.use_peft)
    ref_revision = None if run.ref_model else model.model_revision
    policy = load_model(run.model, model.model_revision, **kwargs)
    reference = load_model(run.ref_model or run.model, ref_revision, **kwargs) if needs_reference else None
    return _construct(
        model=policy,
        ref_model=reference,
        train=prepared.train.kept,
        test=prepared.test.kept if prepared.test else None,
        speed=plan.speed,
        tokenizer=prepared.tokenizer,
        args=asked.dpo,
        peft_config=get_peft_config(model),
    )


def _construct(**given: Any) -> PrefsTrainer:
    """The trainer.

    Raises:
        UsageError: TRL or one of its parts refuses an option, or a package is missing.
    """
    try:
        return PrefsTrainer(**given)
    except (ImportError, ValueError, TypeError, NotImplementedError) as error:
        raise UsageError("options", str(error), hint="--traceback shows where that comes from.") from error
    except RuntimeError as error:
        if "requires" not in str(error) or explain_out_of_memory(error):
            raise
        raise UsageError("options", str(error)) from error


def _start(asked: Arguments, prepared: Prepared, plan: Plan, words: list[str], record: RunFolder | None) -> str | None:
    """The checkpoint to go on from; what this run is, in its record.

    Raises:
        UsageError: --resume is given for a run of other data or settings.
    """
    if record:
        now = {
            "model": {"name": asked.run.model, "parameters": prepared.parameters},
            "data": [asdict(origin) for origin in prepared.data.origins],
            "world_size": asked.dpo.world_size,
            "options": describe_options(words, run=asked.run, dpo=asked.dpo, model=asked.model),
        }
        now["options"]["dpo"]["gradient_accumulation_steps"] = plan.accumulate
        if asked.run.resume and (others := differences(record.before, now)):
            hint = "Take the options of the run, or another --output_dir."
            raise UsageError("--resume", f"this is another run ({'; '.join(others)})", hint=hint)
        pairs = {account.source: asdict(account) for account in prepared.train.accounts}
        record.note(**now, pairs=pairs, plan=asdict(plan), versions=versions())
        pq.write_table(prepared.train.left_out, record.path / LEFT_OUT)
        for damaged in record.damaged:
            complain("train.dpo", f"{damaged.path.name}: a damaged checkpoint is set aside ({damaged.fault})")
    asked_for = Path(asked.dpo.output_dir)
    checkpoint = last_whole_checkpoint(asked_for) if asked.run.resume else None
    return str(checkpoint) if checkpoint else None


def _evaluate(trainer: PrefsTrainer) -> dict[str, float]:
    """How the trained model does on the test pairs: the last evaluation, if it was after the last step."""
    done = [entry for entry in trainer.state.log_history if "eval_loss" in entry]
    if done and done[-1]["step"] == trainer.state.global_step:
        return dict(done[-1])
    metrics: dict[str, float] = trainer.evaluate()
    return metrics


def _card(asked: Arguments, prepared: Prepared, plan: Plan, trainer: PrefsTrainer, *, is_finished: bool) -> Card:
    names = (*CT_LLM, "loss_type", "lr_scheduler_type", "max_grad_norm", "max_length", "seed", "bf16")
    settings = {name: getattr(value := getattr(asked.dpo, name), "value", value) for name in names}
    evaluations = [entry for entry in trainer.state.log_history if "eval_loss" in entry]
    return Card(
        name=Path(asked.dpo.output_dir).resolve().name,
        base_model=asked.run.model,
        origins=prepared.data.origins,
        sources=prepared.train.accounts,
        settings=settings | {"pairs per step": plan.pairs_per_step, "steps": trainer.state.max_steps},
        metrics=evaluations[-1] if evaluations else {},
        versions=versions(),
        languages=[lang for lang in prepared.data.train["lang"].unique().to_pylist() if lang],
        licence=licence_of(asked.run.model),
        status="" if is_finished else f"Not finished: step {trainer.state.global_step} of {trainer.state.max_steps}.",
        is_adapter=asked.model.use_peft,
        uses_ct_llm=all(getattr(asked.dpo, name) == value for name, value in CT_LLM.items()),
    )


def _note(record: RunFolder | None, **parts: object) -> None:
    if record:
        record.note(**parts)


@contextmanager
def _explained() -> Iterator[None]:
    """Too little memory is one line that says what to change."""
    try:
        yield
    except PrefsError:
        raise
    except (RuntimeError, MemoryError) as error:
        told = explain_out_of_memory(error)
        if told is None:
            raise
        raise told from error
