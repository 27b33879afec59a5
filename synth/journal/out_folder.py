"""The folder of a run beside its journal: files that another program wrote stay, those of a run appear when whole."""

import os
from collections.abc import Sequence
from pathlib import Path

import orjson

from sources.command.errors import OutputError
from synth.journal.journal import NAME

MANIFEST = "manifest.json"


def check_out(out: Path, files: Sequence[str], *, mark: str, command: str) -> None:
    """Check that the output folder is new, empty, or written by an earlier run of the command, whose manifest has a key
    `mark`.

    Raises:
        OutputError: there is a file that this run would replace, or a journal that another command wrote.
    """
    ours = _has(out / MANIFEST, mark) or ((out / NAME).exists() and not (out / MANIFEST).exists())
    for name in (*files, MANIFEST):
        if not ours and (out / name).exists():
            raise OutputError(out / name, f"is there, and no run of {command} wrote it", hint="Give another --out.")


def _has(manifest: Path, mark: str) -> bool:
    """Whether it is the manifest of that command, and not that of a build, say."""
    try:
        return mark in orjson.loads(manifest.read_bytes())
    except (OSError, TypeError, orjson.JSONDecodeError):
        return False


def put_in_place(made: Path, out: Path, files: Sequence[str], *, others: Sequence[str] = ()) -> None:
    """The finished files of `made` under their names in `out`, the manifest last: where it is, all is whole. Those of
    `others` that are not among them belong to an earlier run, and go."""
    (out / MANIFEST).unlink(missing_ok=True)
    for name in {*others} - {*files}:
        (out / name).unlink(missing_ok=True)
    for name in (*files, MANIFEST):
        descriptor = os.open(made / name, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        (made / name).rename(out / name)
