"""The folder of a training run: one run at a time, and run.json, which tells what was trained on what.

run.json is written when the run starts and again at its end, each time whole. It holds no token and no password.
"""

import dataclasses
import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import Enum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sources.command.errors import OutputError
from sources.files.folder import locked_folder
from train.run.checkpoints import Checkpoint, find_checkpoints, set_aside_damaged
from train.run.failed_save import explain_failed_save
from train.run.secrets import mask_command, mask_options

RECORD = "run.json"
LOCK = "_run.lock"
CACHES = ("tokens", "reference")
"""Folders that preparing a run may have filled before it began."""

FLAG = "--output_dir"
FORMAT = 1

PACKAGES = ("build-prefs", "torch", "trl", "transformers", "accelerate", "peft", "datasets", "numpy", "pyarrow")
"""What the result of a run depends on."""

COURSE = (
    *("seed", "data_seed", "per_device_train_batch_size", "gradient_accumulation_steps", "num_train_epochs"),
    *("max_steps", "learning_rate", "lr_scheduler_type", "warmup_steps", "weight_decay", "optim", "max_grad_norm"),
    *("beta", "loss_type", "max_length", "bf16", "fp16"),
)
"""Options that a run cannot change on its way: most of them stand in the checkpoint, and a new value does nothing."""


@dataclasses.dataclass(slots=True)
class RunFolder:
    """The folder, held by this process. `before` is what the run.json of the run to go on with said; `damaged` are its
    checkpoints that were set aside."""

    path: Path
    record: dict[str, Any]
    before: dict[str, Any]
    damaged: list[Checkpoint]

    def note(self, **parts: object) -> None:
        """Put these into run.json, in place of what stood there under their names.

        Raises:
            OutputError: it cannot be written; what stood there stands.
        """
        self.record |= {name: mask_options(_plain(value), name) for name, value in parts.items()}
        part = self.path / f"_{RECORD}.part"
        try:
            part.write_text(json.dumps(self.record, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
            part.replace(self.path / RECORD)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise explain_failed_save(error, self.path / RECORD, self.path) or error from error


@contextmanager
def open_run_folder(folder: Path, *, resume: bool) -> Iterator[RunFolder]:
    """The folder of a run for this process alone; only the first of several processes opens it.

    What a killed run left half-written is removed or set aside.

    Raises:
        OutputError: something else is there, or a run that `resume` does not go on with, or nothing to go on with.
        OutputBusyError: another run writes there now.
    """
    check_run_folder(folder, resume=resume)
    with locked_folder(folder, LOCK, FLAG):
        check_run_folder(folder, resume=resume)  # it may have changed while nobody held it
        before = read_record(folder) or {}
        run = RunFolder(folder, {}, before, set_aside_damaged(folder))
        started = datetime.now(UTC).isoformat(timespec="seconds")
        run.note(format=FORMAT, status="preparing", started=started, first_started=before.get("first_started", started))
        yield run


def check_run_folder(folder: Path, *, resume: bool) -> None:
    """Nothing, if a run may write into `folder`: it is absent, empty, or a run's to go on with.

    Raises:
        OutputError: it is none of these; says what to do.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(folder, "is no folder", hint=f"Give another {FLAG}.")
    content = (
        sorted(path.name for path in folder.iterdir() if path.name not in (LOCK, *CACHES)) if folder.exists() else []
    )
    if not content:
        if resume:
            raise OutputError(folder, "holds no run to go on with", hint="Leave out --resume.")
        return
    record = read_record(folder)
    if record is None:
        shown = ", ".join(content[:5]) + (", …" if len(content) > 5 else "")
        raise OutputError(
            folder, f"holds something that is no run of train.dpo ({shown})", hint=f"Give another {FLAG}."
        )
    if not resume and _has_results(folder):
        last = max((found.step for found in find_checkpoints(folder) if not found.fault), default=0)
        found = f"holds a run that {_ended(record)}" + (f", with a checkpoint of step {last}" if last else "")
        raise OutputError(folder, found, hint=f"Give --resume to go on with it, or another {FLAG}.")


def read_record(folder: Path) -> dict[str, Any] | None:
    """What the run.json of a folder says; None where there is none of ours."""
    try:
        record = json.loads((folder / RECORD).read_bytes())
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) and isinstance(record.get("format"), int) else None


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What of two records makes them different runs, in words: the model, the data, and options of COURSE.

    Only what both tell is compared.
    """
    found = []
    for name in ("model", "data", "world_size"):
        if name in before and name in now and before[name] != now[name]:
            found.append(f"{name}: {_short(before[name])}, now {_short(now[name])}")
    old, new = (record.get("options", {}).get("dpo", {}) for record in (before, now))
    return found + [
        f"{name}: {_short(old[name])}, now {_short(new[name])}"
        for name in COURSE
        if name in old and name in new and old[name] != new[name]
    ]


def describe_options(command: Sequence[str], **groups: Any) -> dict[str, object]:
    """The command as it was given, and every option as it came out, group by group (dataclasses or mappings)."""
    return {"command": mask_command(command), **{name: mask_options(_plain(group)) for name, group in groups.items()}}


def versions(packages: Sequence[str] = PACKAGES) -> dict[str, str]:
    """The versions of Python and of each of these packages, as far as they are installed."""
    found = {"python": platform.python_version()}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def describe_device(device: Any) -> dict[str, object]:
    """What computes: the kind, its name, and the CUDA that torch was built for."""
    import torch

    if device.type != "cuda":
        return {"kind": device.type, "name": platform.machine(), "threads": torch.get_num_threads()}
    return {"kind": "cuda", "name": torch.cuda.get_device_name(device), "cuda": torch.version.cuda}


def _has_results(folder: Path) -> bool:
    """Whether a run left more than its preparations, which nobody would miss."""
    names = ("model.safetensors", "model.safetensors.index.json", "adapter_model.safetensors")
    return bool(find_checkpoints(folder)) or any((folder / name).exists() for name in names)


def _ended(record: Mapping[str, Any]) -> str:
    status = record.get("status")
    return "is finished" if status == "finished" else "did not finish"


def _plain(value: object) -> object:
    """Dataclasses as mappings and names of enumerations as their values, whatever else the fields hold."""
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name, None)) for each in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 100 else text[:99] + "…"
