"""lm-eval as it is installed: where its task files are, its version, and quiet."""

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sources.command.errors import PrefsError
from sources.command.extras import require_packages

PACKAGES = ("lm_eval", "torch", "transformers", "accelerate")
RECORDED = ("lm_eval", "torch", "transformers", "datasets", "accelerate", "peft")
"""What computes the results."""
INSTALL = "Install it: pip install 'build-prefs[evaluate]'."


def task_folder() -> Path:
    """Where lm-eval keeps its packaged tasks; nothing heavy is imported.

    Raises:
        MissingPackageError: a package that evaluation needs is not installed.
    """
    require_packages(*PACKAGES, extra="evaluate")
    spec = find_spec("lm_eval")
    assert spec is not None
    return Path((spec.submodule_search_locations or [""])[0]) / "tasks"


def packaged(task_file: str) -> Path:
    """The path of a task file.

    Raises:
        PrefsError: this version of lm-eval has none of that name.
    """
    path = task_folder() / task_file  # ours are absolute and stay so
    if not path.is_file():
        raise PrefsError(
            f"lm_eval {version('lm_eval')}", f"has no task file {task_file}", expected="0.4.13", hint=INSTALL
        )
    return path


def settle_environment(*, offline: bool) -> None:
    """No telemetry, and no network where nothing has to be fetched.

    To be called before the libraries are imported, which read this once.
    """
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if offline:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")


class CutPrompts(logging.Handler):
    """Counts lm-eval's warnings that a prompt was cut to the model's context."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.warnings = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.warnings += "from the left" in record.getMessage() or "Left truncation" in record.getMessage()


@contextmanager
def quiet() -> Iterator[CutPrompts]:
    """lm-eval, datasets and transformers speak of errors only, meanwhile; cut prompts are counted."""
    import datasets
    import transformers

    cut, model_log = CutPrompts(), logging.getLogger("lm_eval.models.huggingface")
    loggers = {name: logging.getLogger(name) for name in ("lm_eval", "lm_eval.models.huggingface", "accelerate")}
    before = {name: (logger.level, logger.propagate) for name, logger in loggers.items()}
    for logger in loggers.values():
        logger.setLevel(logging.ERROR)
    model_log.setLevel(logging.WARNING)
    model_log.propagate = False
    model_log.addHandler(cut)
    datasets.disable_progress_bars()
    datasets.logging.set_verbosity_error()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    try:
        with warnings.catch_warnings(), bars(shown=sys.stderr.isatty()):
            warnings.simplefilter("ignore", FutureWarning)  # what a library will call something is nobody's business
            yield cut
    finally:
        model_log.removeHandler(cut)
        for name, logger in loggers.items():
            logger.setLevel(before[name][0])
            logger.propagate = before[name][1]


@contextmanager
def bars(*, shown: bool) -> Iterator[None]:
    """lm-eval's progress bars only for people who watch: it asks for them whether or not they go to a terminal."""
    from tqdm.std import tqdm

    if shown:
        yield
        return
    start = tqdm.__init__

    def start_silent(self: Any, *arguments: Any, **options: Any) -> None:
        start(self, *arguments, **{**options, "disable": True})

    with patch.object(tqdm, "__init__", start_silent):
        yield
