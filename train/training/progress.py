"""A line for each log of a run, in place of the dictionaries that the Trainer prints."""

import sys
import time
from pathlib import Path
from typing import Any

from transformers import PrinterCallback, ProgressCallback, Trainer, TrainerCallback
from transformers.utils import logging

from sources.command.printable import printable

FIELDS = (
    ("loss", "loss", "{:.4f}"),
    ("rewards/accuracies", "accuracy", "{:.2f}"),
    ("rewards/margins", "margin", "{:+.3f}"),
    ("learning_rate", "lr", "{:.1e}"),
    ("grad_norm", "gradient", "{:.2f}"),
    ("tokens_per_second", "tokens/s", "{:,.0f}"),
)


class Progress(TrainerCallback):  # type: ignore[misc, unused-ignore]
    """Prints on stderr, from the first process: the step, what was logged, and how long it will take."""

    def __init__(self) -> None:
        self._began: tuple[float, int] | None = None

    def on_train_begin(self, _args: Any, state: Any, *_given: Any, **_named: Any) -> None:
        self._began = (time.monotonic(), state.global_step)

    def on_log(self, _args: Any, state: Any, _control: Any, logs: dict[str, float], **_named: Any) -> None:
        if not state.is_world_process_zero:
            return
        prefix = "eval_" if "eval_loss" in logs else ""
        if f"{prefix}loss" not in logs:
            return
        shown = [
            f"{name} {form.format(float(logs[prefix + key]))}" for key, name, form in FIELDS if prefix + key in logs
        ]
        what = "test" if prefix else "step"
        left = "" if prefix else self._left(state)
        line = f"{what} {state.global_step:>6,}/{state.max_steps:,}  " + "  ".join([*shown, *([left] if left else [])])
        print(line, file=sys.stderr, flush=True)  # noqa: T201

    def _left(self, state: Any) -> str:
        """How long the rest takes at the pace so far."""
        if self._began is None or state.global_step <= self._began[1]:
            return ""
        pace = (time.monotonic() - self._began[0]) / (state.global_step - self._began[1])
        minutes, seconds = divmod(round(pace * (state.max_steps - state.global_step)), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02} left"


def say_result(folder: Path, metrics: dict[str, float], prepared: Any) -> None:
    """Where the model is, and how it did on the test split, on stdout."""
    judged = ""
    if "eval_rewards/accuracies" in metrics:
        pairs = prepared.test.kept.num_rows
        judged = f"; chosen has the higher reward in {metrics['eval_rewards/accuracies']:.0%} of {pairs:,} test pairs"
    print(f"\n→ {printable(str(folder))}  model, README.md, curves.png, run.json{judged}", flush=True)  # noqa: T201


def show_progress(trainer: Trainer) -> None:
    """Let a trainer say how it goes in lines like these."""
    for callback in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(callback)
    trainer.add_callback(Progress())


def quiet_libraries() -> None:
    """No bars for loading a file that takes a moment."""
    logging.disable_progress_bar()
    logging.set_verbosity_error()
