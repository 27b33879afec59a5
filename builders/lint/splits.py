"""The files of a dataset and the split that each belongs to, as its name says."""

import re
from dataclasses import dataclass
from os.path import isdir, isfile
from pathlib import Path

from sources.errors import MissingFileError

ENDINGS = (".json", ".jsonl", ".csv", ".tsv", ".parquet")
PACKED = (".gz", ".xz")
NAMES = {"train": "train", "test": "test", "valid": "validation", "validation": "validation", "val": "validation"}
NAMES |= {"dev": "validation", "eval": "test"}
WORD = re.compile(r"[a-z]+")
NO_DATA = ("manifest.json", "dataset_info.json", "dataset_infos.json", "dropped.parquet", "exported.json")


@dataclass(frozen=True, slots=True)
class SplitFile:
    """One file; `name` is its path below the folder that was given."""

    path: Path
    name: str
    split: str


def find_files(place: Path, flag: str) -> list[SplitFile]:
    """The file given, or the data files below a folder, each with its split (train where its name says nothing).

    Raises:
        MissingFileError: there is none.
    """
    if isfile(place):
        return [SplitFile(place, place.name, split_of(place.name))]
    if not isdir(place):
        raise MissingFileError(f"{flag} {place}", "no such file or folder")
    files = [path for path in sorted(place.rglob("*")) if is_data(path) and path.is_file()]
    if not files:
        raise MissingFileError(f"{flag} {place}", "no data file below it", expected=", ".join(ENDINGS))
    names = [path.relative_to(place).as_posix() for path in files]
    return [SplitFile(path, name, split_of(name)) for path, name in zip(files, names, strict=True)]


def is_data(path: Path) -> bool:
    """Whether the name is that of a data file."""
    if any(part.startswith(".") for part in path.parts[-2:]) or path.name in NO_DATA:
        return False
    bare = path.with_suffix("") if path.suffix in PACKED else path
    return bare.suffix in ENDINGS


def split_of(name: str) -> str:
    """The split that the words of a path name, the last of them first."""
    words = WORD.findall(name.lower())
    return next((NAMES[word] for word in reversed(words) if word in NAMES), "train")
