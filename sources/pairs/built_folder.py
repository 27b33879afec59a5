"""A finished build, read back: its manifest, and the files that the manifest names."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os.path import isdir, isfile
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from sources.command.errors import BrokenFileError, MissingFileError
from sources.pairs.extras import TOOLS, is_wide, narrow
from sources.pairs.languages import LANGS, Lang
from sources.pairs.schema import SIDES

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

    def is_wide(self, name: str) -> bool:
        """Whether a file has the wide schema (`sources.pairs.extras`)."""
        with self._opened(name) as file:
            return is_wide(file.schema_arrow)

    def batches(self, name: str, columns: list[str], rows: int = 16_384) -> Iterator[pa.Table]:
        """The rows of one file with narrow turns, so many at a time; with all sides asked for, a wide file also gives
        the column EXTRAS.

        Raises:
            BrokenFileError: it cannot be read, or has other rows than the manifest says.
        """
        with self._opened(name) as file:
            if is_wide(file.schema_arrow) and set(SIDES) <= {*columns}:
                columns = [*columns, TOOLS.name]
            for batch in file.iter_batches(rows, columns=columns):
                yield narrow(pa.Table.from_batches([batch]))

    @contextmanager
    def _opened(self, name: str) -> Iterator[pq.ParquetFile]:
        """One file, which has as many rows as the manifest says."""
        path, expected = self.path / name, dict(self.outputs)[name]
        try:
            with pq.ParquetFile(path) as file:
                if (found := file.metadata.num_rows) != expected:
                    says = f"{expected:,}, as {MANIFEST} says"
                    raise BrokenFileError(path, f"{found:,} rows", expected=says, hint="Build again.")
                yield file
        except FileNotFoundError as error:
            raise MissingFileError(path, f"named in {MANIFEST}, and not there", hint="Build again.") from error
        except pa.ArrowException as error:
            raise BrokenFileError(path, f"cannot be read ({error})", expected="a Parquet file") from error


def open_built(folder: Path) -> list[BuiltFolder]:
    """The languages of a build: `folder` itself, or those below it in folders named by their codes.

    Raises:
        MissingFileError: there is no build.
        BrokenFileError: its manifest is none.
    """
    if isfile(folder / MANIFEST):
        return [_open(folder)]
    found = [_open(folder / lang) for lang in LANGS if isfile(folder / lang / MANIFEST)]
    if not found:
        found_none = f"no {MANIFEST} there, nor in a folder of a language (zh, en, ...) below it"
        there = found_none if isdir(folder) else "no such folder"
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
