"""The output folder: one run at a time, nothing under its final name before it is whole."""

import ctypes
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sources.command.errors import OutputBusyError, OutputError

LOCK = ".build-prefs.lock"
SCRATCH_PREFIX = ".build-prefs-"
RENAME_EXCHANGE = 2
AT_FDCWD = -100
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def scratch_folder(out: Path) -> Iterator[Path]:
    """A folder inside `out` to work in, gone at the end; only one run at a time gets one.

    Whatever a killed run left behind is removed first.

    Raises:
        OutputError: `out` cannot be written.
        OutputBusyError: another run writes there now.
    """
    with locked_folder(out, LOCK, "--out"):
        try:
            for left in out.glob(f"{SCRATCH_PREFIX}*"):
                if left.is_dir():
                    shutil.rmtree(left)
            with tempfile.TemporaryDirectory(dir=out, prefix=SCRATCH_PREFIX, ignore_cleanup_errors=True) as scratch:
                yield Path(scratch)
        except OSError as error:
            if error.errno in DISK_FULL or str(error.filename or "").startswith(str(out)):
                raise _output_error(out, error) from error
            raise


@contextmanager
def locked_folder(folder: Path, lock: str, flag: str) -> Iterator[None]:
    """The folder, made if need be, for this run alone: its file `lock` is locked. `flag` is what names the folder.

    Raises:
        OutputError: `folder` cannot be written.
        OutputBusyError: another run writes there now.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = (folder / lock).open("a+")
    except OSError as error:
        raise _output_error(folder, error, flag) from error
    with held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            held.seek(0)
            holder = held.read().strip() or "unknown"
            raise OutputBusyError(
                folder, f"another run (process {holder}) writes there", hint=f"Wait for it, or give another {flag}."
            ) from error
        with suppress(OSError):  # who holds it is good to know, and no more
            os.truncate(held.fileno(), 0)
            os.write(held.fileno(), f"{os.getpid()}\n".encode())
        yield


def check_replaceable(target: Path) -> None:
    """Nothing, if `target` does not exist, is empty, or is an earlier build.

    Raises:
        OutputError: something else is there, which a build must not remove.
    """
    if os.path.isdir(target) and ((target / "manifest.json").is_file() or not any(target.iterdir())):
        return
    if os.path.lexists(target):
        raise OutputError(
            target, "exists and is no build (it has no manifest.json)", hint="Move it away, or give another --out."
        )


def put_in_place(made: Path, target: Path) -> None:
    """`made` under the name `target`; what was there before is replaced whole, in one step where the system can."""
    _sync(made)
    if not target.exists():
        made.rename(target)
        return
    if not _exchange(made, target):
        aside = made.with_name(f"{made.name}.old")
        target.rename(aside)
        made.rename(target)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step; False where the system has no such call."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    return bool(rename(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0)


def _sync(folder: Path) -> None:
    """Everything below `folder` on the disk, so that a crash after the rename finds it whole."""
    for path in [*folder.rglob("*"), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _output_error(out: Path, error: OSError, flag: str = "--out") -> OutputError:
    if error.errno in DISK_FULL:
        return OutputError(
            out,
            f"the disk is full ({error.strerror}); nothing was changed there",
            hint=f"Free some space (about three times the size of the input is needed) or give another {flag}.",
        )
    return OutputError(out, f"cannot be written ({error.strerror or error})", hint=f"Give another {flag}.")
