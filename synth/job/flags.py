"""The options that every command has which asks models: how many requests at once, how long, for how much."""

import argparse
from pathlib import Path

from sources.command.run import positive


def add_asking_flags(group: argparse._ArgumentGroup) -> None:
    """Add them to a group of options."""
    add = group.add_argument
    add("--concurrency", type=positive, default=64, metavar="N", help="requests at once (default: 64)")
    add("--timeout", type=_seconds, default=600.0, metavar="S", help="wait at most S s for one answer (default: 600)")
    add("--patience", type=_seconds, default=600.0, metavar="S", help="stop after S s without an answer (default: 600)")
    add("--max-spend", type=_dollars, metavar="USD", help="stop before this is exceeded")
    add("--prices", default="prices", metavar="FILE", help="prices (default: synth/job/prices.yaml)")
    add("--retry-refused", action="store_true", help="ask again what the server refused before")
    add("--forget-batches", action="store_true", help="give open batches up, send their requests again")


def check_unicode(options: argparse.Namespace) -> None:
    """Nothing, if every option is text.

    Raises:
        UsageError: one is no valid UTF-8.
    """
    from sources.command.errors import UsageError

    for name, given in vars(options).items():
        value = str(given) if isinstance(given, Path) else given
        if isinstance(value, str) and not value.isascii() and not _is_unicode(value):
            raise UsageError(f"--{name.replace('_', '-')} {value}", "is no valid UTF-8")


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
