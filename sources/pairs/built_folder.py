"""A finished build, read back: its manifest, and the files that the manifest names."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from os.path import isdir, isfile
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from sources.command.errors import BrokenFileError, MissingFileError
from sources.pairs.schema import LANGS, Lang

Split = Literal["train", "test"]
SPLITS: tuple[Split, ...] = ("train", "test")

MANIFEST = "manifest.json"
OUTPUT = re.compile(r"data/(train|test)-\d+-of-\d+\.parquet|dropped\.parquet")
"""The tables of a build; a manifest that names any other is not one of ours."""


@dataclass(frozen=True, slots=True)
class BuiltFolder:
    """One language of a build. `outputs` are its tables in order: (path below `path`, rows)."""

    path: Path
    lang: Lang
    manifest: dict[str, Any]
    outputs: list[tuple[str, int]]

    def files(self, split: Split) -> list[str]:
        """The Parquet files of one split, in order; none where the build has no such split."""
        return [name for name, _ in self.outputs if name.startswith(f"data/{split}-")]

    def batches(self, name: str, columns: list[str], rows: int = 16_384) -> Iterator[pa.RecordBatch]:
        """The rows of one file, so many at a time.

        Raises:
            BrokenFileError: it cannot be read, or has other rows than the manifest says.
        """
        path = self.path / name
        expected = dict(self.outputs)[name]
        try:
            with pq.ParquetFile(path) as file:
                if file.metadata.num_rows != expected:
                    found = f"{file.metadata.num_rows:,} rows"
                    raise BrokenFileError(
                        path, found, expected=f"{expected:,}, as {MANIFEST} says", hint="Build again."
                    )
                yield from file.iter_batches(rows, columns=columns)
        except FileNotFoundError as error:
            raise MissingFileError(path, f"named in {MANIFEST}, and not there", hint="Build again.") from error
        except pa.ArrowException as error:
            raise BrokenFileError(path, f"cannot be read ({error})", expected="a Parquet file") from error


def open_built(folder: Path) -> list[BuiltFolder]:
    """The languages of a build: `folder` itself, or zh and en below it.

    Raises:
        MissingFileError: there is no build.
        BrokenFileError: its manifest is none.
    """
    if isfile(folder / MANIFEST):
        return [_open(folder)]
    found = [_open(folder / lang) for lang in LANGS if isfile(folder / lang / MANIFEST)]
    if not found:
        there = "no such folder" if not isdir(folder) else f"no {MANIFEST} there, nor in zh or en below it"
        raise MissingFileError(folder, there, expected="what build-prefs wrote", hint="Make it with build-prefs.")
    return found


def _open(folder: Path) -> BuiltFolder:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
        tables = [output for output in manifest["outputs"] if str(output["path"]).endswith(".parquet")]
        outputs = [(str(output["path"]), int(output["rows"])) for output in tables]
        lang = LANGS[LANGS.index(manifest["lang"])]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        found = f"is no manifest of a build ({type(error).__name__}: {error})"
        raise BrokenFileError(path, found, hint="Build again.") from error
    strange = [name for name, _ in outputs if not OUTPUT.fullmatch(name)]
    if strange:
        raise BrokenFileError(path, f"names {strange[0]}", expected="data/train-*.parquet and the like")
    return BuiltFolder(folder, lang, manifest, sorted(outputs))
