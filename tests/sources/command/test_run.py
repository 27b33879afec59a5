"""What every command does around its work: one line for an error, the right exit status, nothing raw on a terminal."""

import argparse
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from sources.command.errors import MissingFileError, OutputError, PrefsError, UsageError
from sources.command.run import positive, print_json, run_command

Work = Callable[[argparse.Namespace], int]


def failing(error: BaseException) -> Work:
    def work(options: argparse.Namespace) -> int:
        raise error

    return work


def run(work: Work, *, debug: bool = False, **more: object) -> int:
    return run_command(argparse.Namespace(debug=debug, **more), work, "do-it", "nothing was changed")


def test_the_status_of_work_is_that_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert [run(lambda options, status=status: status) for status in (0, 7)] == [0, 7]  # type: ignore[misc]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("goes_on_s", [0.0, 5.0])
def test_an_interrupt_in_a_finalizer_is_heard(goes_on_s: float, capsys: pytest.CaptureFixture[str]) -> None:
    class Interrupted:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    def work(options: argparse.Namespace) -> int:
        Interrupted()
        begun = time.monotonic()
        while time.monotonic() - begun < goes_on_s:
            pass
        return 0

    assert run(work) == 130
    assert capsys.readouterr().err == "do-it: interrupted; nothing was changed\n"


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (
            PrefsError("there", "it is wrong", expected="right", hint="Mend it."),
            1,
            "there: it is wrong; expected right. Me",
        ),
        (UsageError("--flag", "is wrong"), 2, "--flag: is wrong"),
        (MissingFileError("a\x1b[31m", "no\nfile"), 1, "a\\x1b[31m: no\\nfile"),
        (OutputError("out", "x" * 5000), 1, "out: xxx"),
        (KeyboardInterrupt(), 130, "interrupted; nothing was changed"),
        (OSError(28, "No space left on device", "/some/file"), 1, "/some/file: No space left on device"),
        (OSError(5, "Input/output error"), 1, "Input/output error"),
        (OSError("odd"), 1, "odd"),
        (OSError(2, "No such file", b"\xff\x1b"), 1, "b'\\xff\\x1b': No such file"),
        (MemoryError(), 1, "out of memory"),
    ],
)
def test_an_error_is_one_line(error: BaseException, status: int, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(failing(error)) == status
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"do-it: {line}")
    assert printed.err.count("\n") == 1
    assert len(printed.err) < 1300
    assert printed.err.rstrip("\n").isprintable()


def test_a_command_with_workers_says_how_to_need_less_memory(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(failing(MemoryError()), workers=4) == 1
    assert capsys.readouterr().err == "do-it: out of memory; try --workers 1\n"


@pytest.mark.parametrize("error", [UsageError("--flag", "is wrong"), KeyboardInterrupt(), OSError(5, "io")])
def test_with_debug_errors_pass_through(error: BaseException) -> None:
    with pytest.raises(type(error)):
        run(failing(error), debug=True)


def test_a_fault_of_the_program_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        run(failing(ZeroDivisionError()))


PROGRAM = """
import argparse, os, sys, threading
from sources.command.run import run_command
def work(options):
    {body}
    return 0
sys.exit(run_command(argparse.Namespace(debug=False), work, "do-it", "nothing was changed"))
"""


def shell(body: str, tail: str = "") -> subprocess.CompletedProcess[str]:
    line = f"set -o pipefail; '{sys.executable}' -c \"$PROGRAM\" {tail}"
    environment = {"PROGRAM": PROGRAM.format(body=body), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        ["bash", "-c", line], env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def test_a_reader_that_leaves_is_status_1_without_a_word() -> None:
    done = shell("print('x' * 1_000_000)", "| head -c 1")
    assert (done.returncode, done.stdout, done.stderr) == (1, "x", "")


def test_an_interrupt_does_not_wait_for_a_thread_that_hangs() -> None:
    done = shell("threading.Thread(target=threading.Event().wait).start(); raise KeyboardInterrupt")
    assert (done.returncode, done.stderr) == (130, "do-it: interrupted; nothing was changed\n")
    assert threading.active_count() >= 1


def test_json_is_safe_to_look_at_and_still_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    content = {"名": "字\x1b[31m\x9b2J\u202e\u2066\ufeff\x7f\n", "n": [1, None, True]}
    print_json(content)
    shown = capsys.readouterr().out
    assert json.loads(shown) == content
    assert all(char.isprintable() or char == "\n" for char in shown)
    assert "名" in shown


@pytest.mark.parametrize("text", ["0", "-1", "x", "", "1.5", "1e3"])
def test_what_is_not_a_positive_number_is_refused(text: str) -> None:
    with pytest.raises((ValueError, argparse.ArgumentTypeError)):
        positive(text)
    assert positive("12") == 12
