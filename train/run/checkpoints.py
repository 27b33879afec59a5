"""Which checkpoints of a folder are whole, so that training can go on from them exactly.

A Trainer writes `checkpoint-<step>` file by file: a kill or a full disk in between leaves a folder that looks like a
checkpoint and is none. Our own runs (whole_checkpoints.py) never leave one; those of plain TRL do.
"""

import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NAME = re.compile(r"checkpoint-(\d+)")

UNFINISHED = "_unfinished"
"""Where a checkpoint is written before it gets its name; the Trainer pushes nothing that begins with a _ to the Hub."""

DAMAGED_PREFIX = "_damaged-"

SENTINEL = "checkpoint-is-incomplete.txt"
"""What transformers puts into a checkpoint that it makes on SIGTERM, until it is done."""

WEIGHTS = ("model.safetensors", "adapter_model.safetensors", "pytorch_model.bin", "adapter_model.bin")
INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A folder `checkpoint-<step>`; `fault` says why training cannot go on from it, nothing if it can. One that is
    only without an optimizer is not `damaged`: its model is whole."""

    path: Path
    step: int
    fault: str = ""
    damaged: bool = False


def find_checkpoints(output_dir: Path) -> list[Checkpoint]:
    """Every checkpoint of a folder, by step."""
    folders = (path for path in output_dir.glob("checkpoint-*") if path.is_dir() and NAME.fullmatch(path.name))
    return sorted((_examine(path) for path in folders), key=lambda found: found.step)


def last_whole_checkpoint(output_dir: Path) -> Path | None:
    """The latest checkpoint that training can go on from."""
    whole = [found.path for found in find_checkpoints(output_dir) if not found.fault]
    return whole[-1] if whole else None


def set_aside_damaged(output_dir: Path) -> list[Checkpoint]:
    """The damaged checkpoints, renamed so that no Trainer takes them for its own; what a killed save left is removed.

    Their `path` is the new one, `_damaged-checkpoint-<step>`. Only for the one process that holds the folder's lock.
    """
    shutil.rmtree(output_dir / UNFINISHED, ignore_errors=True)
    aside = []
    for found in find_checkpoints(output_dir):
        if found.damaged:
            target = found.path.with_name(f"{DAMAGED_PREFIX}{found.path.name}")
            shutil.rmtree(target, ignore_errors=True)
            aside.append(Checkpoint(found.path.rename(target), found.step, found.fault, damaged=True))
    return aside


def _examine(path: Path) -> Checkpoint:
    step = int(path.name.removeprefix("checkpoint-"))
    damage = next(_damages(path, step), "")
    return Checkpoint(path, step, damage or next(_missing_states(path), ""), damaged=bool(damage))


def _damages(path: Path, step: int) -> Iterator[str]:
    """What shows that writing the folder was not finished."""
    if (path / SENTINEL).exists():
        yield f"{SENTINEL} is still there"
    yield from _wrong_state(path / "trainer_state.json", step)
    yield from _wrong_weights(path)
    for name in ("optimizer.pt", "optimizer.bin", "scheduler.pt", "scaler.pt", "training_args.bin"):
        if (path / name).exists() and not zipfile.is_zipfile(path / name):
            yield f"{name} is cut off"
    yield from (f"{found.name} is cut off" for found in path.glob("rng_state*.pth") if not zipfile.is_zipfile(found))


def _missing_states(path: Path) -> Iterator[str]:
    """What exact resuming needs beside the weights and is not there."""
    if (path / "latest").is_file():
        return  # DeepSpeed keeps all of it in its own folder
    if not any((path / name).exists() for name in ("optimizer.pt", "optimizer.bin", "optimizer_0")):
        yield "it holds no optimizer (was it saved with save_only_model?)"
    if not (path / "scheduler.pt").exists():
        yield "it holds no scheduler.pt"
    if not any(path.glob("rng_state*.pth")):
        yield "it holds no rng_state.pth"


def _wrong_state(path: Path, step: int) -> Iterator[str]:
    """The Trainer writes trainer_state.json last of all."""
    try:
        state = json.loads(path.read_bytes())
    except FileNotFoundError:
        yield "it holds no trainer_state.json"
    except (OSError, ValueError):
        yield "trainer_state.json is cut off"
    else:
        if not isinstance(state, dict) or state.get("global_step") != step:
            yield "trainer_state.json is of another step"


def _wrong_weights(path: Path) -> Iterator[str]:
    files = [path / name for name in WEIGHTS if (path / name).exists()]
    for index in (path / name for name in INDEXES if (path / name).exists()):
        try:
            files += [path / name for name in sorted(set(json.loads(index.read_bytes())["weight_map"].values()))]
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            yield f"{index.name} is cut off"
    sharded = [folder for folder in path.glob("pytorch_model_fsdp*") if folder.is_dir()]
    yield from (f"{folder.name} has no .metadata" for folder in sharded if not (folder / ".metadata").is_file())
    if not files and not sharded and not (path / "pytorch_model_fsdp.bin").exists() and not (path / "latest").is_file():
        yield "it holds no weights"
    for file in files:
        if not file.exists():
            yield f"{file.name} is missing"
        elif not _is_whole(file):
            yield f"{file.name} is cut off"


def _is_whole(weights: Path) -> bool:
    """Whether a file of weights has the length that its head promises; nothing of the weights is read."""
    if weights.suffix != ".safetensors":
        return zipfile.is_zipfile(weights)
    with weights.open("rb") as file:
        head_bytes = int.from_bytes(file.read(8), "little")
        size = weights.stat().st_size
        if not 0 < head_bytes <= size - 8:
            return False
        try:
            head = json.loads(file.read(head_bytes))
            end = max((entry["data_offsets"][1] for name, entry in head.items() if name != "__metadata__"), default=0)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            return False
    return bool(size == 8 + head_bytes + end)
