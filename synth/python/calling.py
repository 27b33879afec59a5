"""What the functions of synth share: arguments as options of a command, errors in place of exits, notebooks."""

import argparse
import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Literal, NoReturn, TypeVar

from sources.command.errors import UsageError

Progress = Literal["bar", "lines", "off"]
OnStart = Callable[[Callable[[], object]], object]
Result = TypeVar("Result")


def parser_for(function: str) -> type[argparse.ArgumentParser]:
    """A parser whose mistakes are errors of that function."""

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:
            raise UsageError(function, message)

    return Parser


def flags_of(options: dict[str, object]) -> list[str]:
    """The arguments as the command's options: None and False are left out, each value of a list is one more option."""
    flags = []
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        if value is True:
            flags.append(flag)
        elif value is not None and value is not False:
            flags += [f"{flag}={each}" for each in (value if isinstance(value, (list, tuple)) else [value])]
    return flags


def progress_of(*, shown: bool) -> Progress:
    """What a call shows on stderr."""
    return "off" if not shown else "bar" if sys.stderr.isatty() else "lines"


def run_anywhere(run: Callable[[OnStart | None], Result]) -> Result:
    """What `run` returns; it runs in a thread of its own where this one has a running event loop, as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return run(None)
    stops: list[Callable[[], object]] = []
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run, stops.append)
        try:
            return running.result()
        except KeyboardInterrupt:
            for stop in stops:
                with suppress(RuntimeError):  # the asking is over
                    stop()
            return running.result()
