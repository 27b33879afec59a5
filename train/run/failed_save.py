"""A save that failed, in one line: what is full or forbidden, what is still whole, and how to go on."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from sources.command.errors import OutputError
from sources.files.folder import DISK_FULL
from train.run.checkpoints import last_whole_checkpoint

FULL_WORDS = ("No space left on device", "os error 28", "Disk quota exceeded", "os error 122", "os error 69")
"""What safetensors says, whose errors are no OSError."""

WRITER_WORDS = ("PytorchStreamWriter failed", "file write failed", "unexpected pos", "iostream error")
"""What torch.save says when a write fails, whatever for."""

PROBE_BYTES = 1 << 20
FULL = "the disk is full"


def explain_failed_save(error: BaseException, target: Path, output_dir: Path) -> OutputError | None:
    """What to tell when writing `target` of a run failed; None if the error is no failed write."""
    reason = next((why for each in chain(error) if (why := _failed_write(each, output_dir))), "")
    if not reason:
        return None
    last = last_whole_checkpoint(output_dir)
    kept = f"the previous checkpoint {last.name} is whole" if last else "there is no earlier checkpoint"
    needed = f" ({_size(last)} for a checkpoint)" if last else ""
    full = f"Free some space{needed} or keep fewer checkpoints (--save_total_limit 1)"
    go_on = "go on with --resume" if last else "start again"
    return OutputError(target, f"{reason}; {kept}", hint=f"{full if reason == FULL else 'Fix this'}, and {go_on}.")


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _failed_write(error: BaseException, folder: Path) -> str:
    text = str(error)
    if isinstance(error, OSError):
        if error.errno in DISK_FULL:
            return FULL
        return f"cannot be written ({error.strerror or error})"
    if any(words in text for words in FULL_WORDS):
        return FULL
    if any(words in text for words in WRITER_WORDS):
        return FULL if _is_full(folder) else f"cannot be written ({text.splitlines()[0][:200]})"
    if type(error).__name__ == "SafetensorError" and "I/O error" in text:
        return f"cannot be written ({text.splitlines()[0][:200]})"
    return ""


def _is_full(folder: Path) -> bool:
    """Whether a small file still fits; a quota shows no other way."""
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as probe:
            return probe.write(bytes(PROBE_BYTES)) < PROBE_BYTES
    except OSError as error:
        return error.errno in DISK_FULL


def _size(folder: Path) -> str:
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"
