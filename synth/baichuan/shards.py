"""The weight files of a checkpoint, opened without running anything that they hold and without reading them whole."""

import pickle
import zipfile
from pathlib import Path
from typing import Any

from sources.command.errors import BrokenFileError, MissingFileError
from synth.baichuan.source_file import json_object, present

Tensor = Any
KINDS = (("model", "safetensors"), ("pytorch_model", "bin"))
AGAIN = "It may be half-downloaded or damaged: download it again."


def weight_files(folder: Path) -> list[Path]:
    """The weight files in `folder`, in their order: safetensors if there are any, else torch's .bin.

    Raises:
        MissingFileError: there are none, or the index names one that is not there.
        BrokenFileError: one of them, or the index, is not what its name says.
    """
    for stem, suffix in KINDS:
        single, index = folder / f"{stem}.{suffix}", folder / f"{stem}.{suffix}.index.json"
        if single.exists():
            return [present(single)]
        if index.exists():
            return [present(folder / name) for name in _shard_names(index)]
        if any(folder.glob(f"{stem}-*-of-*.{suffix}")):
            raise MissingFileError(
                index, "no such file beside the shards", hint="Download the whole checkpoint folder."
            )
    found = "neither model.safetensors nor pytorch_model.bin, nor shards of them"
    raise MissingFileError(folder, found, hint="Download the whole checkpoint folder.")


def open_weights(path: Path) -> dict[str, Tensor]:
    """Name and tensor of everything in a weight file; the tensors are mapped and read when they are used.

    Raises:
        BrokenFileError: it is cut off, of another format, or holds more than tensors.
    """
    tensors = _safetensors(path) if path.suffix == ".safetensors" else _torch_zip(path)
    if tensors:
        return tensors
    raise BrokenFileError(path, "holds no weights", hint=AGAIN)


def _shard_names(index: Path) -> list[str]:
    named = json_object(index).get("weight_map")
    if not isinstance(named, dict) or not named or not all(isinstance(name, str) for name in named.values()):
        raise BrokenFileError(index, "no weight_map", expected='{"weight_map": {tensor: file}}')
    for name in named.values():
        if Path(name).name != name:
            raise BrokenFileError(index, f"names the file {name!r}", expected="a file in the same folder")
    return sorted(set(named.values()))


def _safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  it is no dict
    except SafetensorError as error:
        raise BrokenFileError(path, f"cannot be read ({error})", hint=AGAIN) from error


def _torch_zip(path: Path) -> dict[str, Tensor]:
    import torch

    if not zipfile.is_zipfile(path):
        raise BrokenFileError(
            path, "is no complete torch file", expected="a zip archive, as torch.save makes", hint=AGAIN
        )
    try:
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError as error:
        found = f"holds more than weights and was not opened ({_pickle_reason(error)})"
        raise BrokenFileError(path, found, hint="It may run code: do not load it by other means.") from error
    except (RuntimeError, ValueError, EOFError, LookupError, TypeError, AttributeError) as error:
        raise BrokenFileError(path, f"cannot be read ({str(error).splitlines()[0]})", hint=AGAIN) from error
    if not isinstance(content, dict) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise BrokenFileError(path, "holds something else than tensors", expected="a dict of names and tensors")
    return dict(content)


def _pickle_reason(error: Exception) -> str:
    """The line of torch's long message that names what was found."""
    lines = [line.strip() for line in str(error).splitlines()]
    return next((line for line in lines if "GLOBAL" in line or "Unsupported" in line), lines[0])[:200]
