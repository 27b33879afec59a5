"""The options that every command has which asks models: how many requests at once, how long, for how much."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from sources.command.run import positive

if TYPE_CHECKING:
    from synth.job.asking import AskSettings


def add_asking_flags(group: argparse._ArgumentGroup, *, collect: str) -> None:
    """Add them to a group of options; `collect` is the help of --collect."""
    add = group.add_argument
    add("--concurrency", type=positive, default=64, metavar="N", help="requests at once (default: 64)")
    add("--timeout", type=_seconds, default=600.0, metavar="S", help="wait at most S s for one answer (default: 600)")
    add("--patience", type=_seconds, default=600.0, metavar="S", help="stop after S s without an answer (default: 600)")
    add("--max-spend", type=_dollars, metavar="USD", help="stop before this is exceeded")
    add("--prices", default="prices", metavar="FILE", help="prices (default: synth/job/prices.yaml)")
    add("--retry-refused", action="store_true", help="ask again what the server refused before")
    add("--forget-batches", action="store_true", help="give open batches up, send their requests again")
    add("--allow-empty", action="store_true", help="go on although 45 of the first 50 answers are empty")
    add("--collect", action="store_true", help=collect)
    add("--dry-run", action="store_true", help="say what would be asked, and stop")


def add_batch_flags(group: argparse._ArgumentGroup) -> None:
    """Add the options of the Batch API to the group of the model that it may be asked for."""
    group.add_argument("--batch", action="store_true", help="ask it through the Batch API")
    group.add_argument("--no-wait", action="store_true", help="with --batch: submit and leave, collect another time")


def ask_settings(options: argparse.Namespace) -> "AskSettings":
    """What these options say of the asking."""
    from synth.job.asking import AskSettings
    from synth.job.pace import Pace

    return AskSettings(
        pace=Pace(concurrency=options.concurrency, patience_s=options.patience),
        timeout_s=options.timeout,
        max_spend=options.max_spend,
        wait=not options.no_wait,
        collect=options.collect,
        retry_refused=options.retry_refused,
        forget_batches=options.forget_batches,
        allow_empty=options.allow_empty,
    )


def check_asking_flags(options: argparse.Namespace) -> None:
    """Nothing, if every option is text and those of the Batch API fit each other.

    Raises:
        UsageError: one is no valid UTF-8, or has no effect without another.
    """
    from sources.command.errors import UsageError

    for name, given in vars(options).items():
        for each in given if isinstance(given, list) else [given]:
            value = str(each) if isinstance(each, Path) else each
            if isinstance(value, str) and not value.isascii() and not _is_unicode(value):
                raise UsageError(f"--{name.replace('_', '-')} {value}", "is no valid UTF-8")
    if options.no_wait and not options.batch:
        raise UsageError("--no-wait", "says nothing without --batch")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _seconds(text: str) -> float:
    return _at_least_zero(text, "seconds")


def _dollars(text: str) -> float:
    return _at_least_zero(text, "dollars")


def _at_least_zero(text: str, unit: str) -> float:
    number = float(text)
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no number of {unit}")
    return number
