"""What every command does around its work: one line for an error, the right exit status, no traceback."""

import _thread
import argparse
import io
import json
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

HIDDEN = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""What JSON leaves as it is and a terminal might obey."""

RAISED_AGAIN_S = 0.01


def run_command(
    options: argparse.Namespace,
    work: Callable[[argparse.Namespace], int],
    name: str,
    interrupted: str,
    *,
    extra: str = "",
) -> int:
    """The exit status of `work`: its own, or 1 or 2 for an error, 130 after Ctrl-C, which says `interrupted`.

    With `options.debug` errors pass through. `extra` is the extra of pyproject.toml that the command needs.
    """
    from sources.command.errors import PrefsError
    from sources.command.extras import explain_missing_packages

    try:
        with waits_shown(name), interrupts_in_finalizers(), explain_missing_packages(extra):
            status = work(options)
        sys.stdout.flush()
        return status
    except PrefsError as error:
        if options.debug:
            raise
        complain(name, str(error))
        return error.exit_code
    except KeyboardInterrupt:
        if options.debug:
            raise
        complain(name, f"interrupted; {interrupted}")
        if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
            os._exit(130)  # a download that hangs would keep the process
        return 130
    except BrokenPipeError:
        _discard_output()  # its reader has left
        return 1
    except OSError as error:
        if options.debug:
            raise
        from sources.command.printable import printable

        where = f"{printable(str(error.filename), max_chars=300)}: " if error.filename else ""
        complain(name, f"{where}{error.strerror or error}")
        _flush_or_discard_output()
        return 1
    except MemoryError:
        complain(name, "out of memory; try --workers 1" if hasattr(options, "workers") else "out of memory")
        return 1


def _flush_or_discard_output() -> None:
    """Where stdout is a full device, Python would try again at its end and say so in two more lines."""
    try:
        sys.stdout.flush()
    except OSError:
        _discard_output()


def _discard_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def waits_shown(name: str) -> Iterator[None]:
    """Inside, a wait for a busy server is a line on stderr under the command's name."""
    import logging

    logger, handler = logging.getLogger("sources.fetch"), logging.StreamHandler()
    handler.setFormatter(logging.Formatter(f"{name}: %(message)s"))
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


@contextmanager
def interrupts_in_finalizers() -> Iterator[None]:
    """Ctrl-C that falls into an object's finalizer interrupts the program; Python by itself prints a traceback there
    and goes on."""
    before = sys.unraisablehook
    raised_again: list[threading.Timer] = []

    def hook(ignored: "sys.UnraisableHookArgs") -> None:
        if not issubclass(ignored.exc_type, KeyboardInterrupt):
            before(ignored)
            return
        timer = threading.Timer(RAISED_AGAIN_S, _thread.interrupt_main)  # raised right here it would be ignored again
        timer.daemon = True
        timer.start()
        raised_again.append(timer)

    sys.unraisablehook = hook
    try:
        yield
        for timer in raised_again:
            timer.join()
    finally:
        sys.unraisablehook = before


def command_parser(
    prog: str, description: str, epilog: str, kind: type[argparse.ArgumentParser] = argparse.ArgumentParser
) -> argparse.ArgumentParser:
    """A parser whose --help shows `epilog` line by line."""
    return kind(prog=prog, description=description, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter)


def complain(name: str, line: str) -> None:
    """One line on stderr under the command's name."""
    print(f"{name}: {line}", file=sys.stderr, flush=True)


def show_any_text() -> None:
    """Let a terminal that cannot show Chinese show its numbers."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_json(content: object) -> None:
    """`content` as JSON that is safe to look at."""
    text = json.dumps(content, ensure_ascii=False, indent=2)
    print(HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def positive(text: str) -> int:
    """A whole number above 0, for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not positive")
    return number
