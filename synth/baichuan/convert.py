"""A whole checkpoint: read and checked in one folder, written to another under its final name when it is complete."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sources.command.errors import OutputError, UsageError
from sources.command.extras import require_packages
from sources.files.folder import put_in_place
from synth.baichuan.compare import check_same
from synth.baichuan.config import Config, llama_config, read_config, token_ids
from synth.baichuan.pieces import read_model
from synth.baichuan.source_file import write_json
from synth.baichuan.tokenizer import read_settings, saved_tokenizer, write_tokenizer
from synth.baichuan.weights import SHARD_BYTES, Found, Watch, find_weights, write_weights

PACKAGES = ("torch", "safetensors", "tokenizers", "google.protobuf", "sentencepiece")
LICENCES = ("LICENSE*", "*icense*.pdf", "NOTICE*")


@dataclass(frozen=True, slots=True)
class Converted:
    """What was written."""

    tensors: int
    weight_bytes: int
    texts_compared: int


def convert(source: Path, target: Path, max_bytes: int = SHARD_BYTES, watch: Watch = iter) -> Converted:
    """The Baichuan-7B checkpoint in `source` as a Llama checkpoint in `target`, which must be new or empty.

    Raises:
        UsageError: the folders cannot be used so, or a package is missing.
        FetchError, ReadError: the checkpoint is incomplete, damaged or another model; nothing was written.
        OutputError: `target` holds something, or cannot be written.
    """
    source, target = _checked_folders(source, target)
    config = read_config(source)
    require_packages(*PACKAGES, extra="convert")
    found = find_weights(source, config)
    weight_bytes = sum(one.byte_count for one in found)
    with _scratch(target, weight_bytes) as scratch:
        made = scratch / target.name
        made.mkdir()
        compared = _write_tokenizer(source, config, made)
        write_weights(found, made, max_bytes, watch)
        write_json(made / "config.json", llama_config(config, _main_dtype(found)))
        write_json(made / "generation_config.json", token_ids(config))
        _copy_licences(source, made)
        for path in made.iterdir():  # safetensors makes files that only their owner can read
            path.chmod(made.stat().st_mode & 0o666)
        target.parent.mkdir(parents=True, exist_ok=True)
        put_in_place(made, target)
    return Converted(len(found) + 2 * config.layers, weight_bytes, compared)


def _write_tokenizer(source: Path, config: Config, made: Path) -> int:
    model, settings = read_model(source, config), read_settings(source, config)
    write_tokenizer(model, settings, made)
    return check_same(model, saved_tokenizer(made), settings, source / "tokenizer.model")


def _copy_licences(source: Path, made: Path) -> None:
    for path in sorted({path for pattern in LICENCES for path in source.glob(pattern) if path.is_file()}):
        shutil.copyfile(path, made / path.name)


def _main_dtype(found: list[Found]) -> str:
    """The type of most of the numbers; a few norms may be of another."""
    sizes: dict[str, int] = {}
    for one in found:
        sizes[one.dtype] = sizes.get(one.dtype, 0) + one.byte_count
    return max(sizes, key=lambda dtype: sizes[dtype])


def _checked_folders(source: Path, target: Path) -> tuple[Path, Path]:
    if not source.is_dir():
        raise UsageError("SRC", f"no folder {source}", hint="Give the folder of a downloaded Baichuan-7B checkpoint.")
    source, target = source.resolve(), target.resolve()
    if target == source or source in target.parents:
        raise UsageError("DST", f"{target} is SRC or inside it", hint="Give another folder.")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise OutputError(target, "exists and is not empty", hint="Move it away, or give another DST.")
    return source, target


@contextmanager
def _scratch(target: Path, weight_bytes: int) -> Iterator[Path]:
    """A folder on the disk of `target`, gone at the end whatever happens."""
    from safetensors import SafetensorError

    beside = next(folder for folder in target.parents if folder.exists())
    free = shutil.disk_usage(beside).free
    if free < weight_bytes:
        raise _full(target, f"{free / 1e9:.1f} GB are free, and the weights alone take {weight_bytes / 1e9:.1f} GB")
    try:
        with TemporaryDirectory(dir=beside, prefix=f".{target.name}-") as scratch:
            yield Path(scratch)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise _full(target, f"the disk is full ({error.strerror})") from error
        if str(error.filename or "").startswith(str(beside)):
            raise OutputError(target, f"cannot be written ({error})", hint="Give another DST.") from error
        raise
    except SafetensorError as error:  # its errors of reading were met before
        raise _full(target, f"the weights cannot be written ({error})") from error


def _full(target: Path, found: str) -> OutputError:
    return OutputError(target, f"{found}; nothing was written", hint="Free some space or give another DST.")
