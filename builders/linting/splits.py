"""The files of a dataset and the split that each belongs to, as its name says."""

import re
from dataclasses import dataclass
from pathlib import Path

from sources.fetch.data_files import EVERYTHING, DataFile, Wanted, look_through

SPLITS = ("train", "validation", "test")
"""In the order in which they are used: what stands in one must not be asked in a later one."""

NAMES = {"train": "train", "test": "test", "valid": "validation", "validation": "validation", "val": "validation"}
NAMES |= {"dev": "validation", "eval": "test"}
WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class SplitFile:
    """One file and its split."""

    file: DataFile
    split: str


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """The files that are examined, and a line for each kind of file beside them that is not."""

    files: list[SplitFile]
    passed_over: list[str]


def find_files(place: Path, flag: str, wanted: Wanted = EVERYTHING) -> FoundFiles:
    """The file given, or the wanted data files of a folder or Hub dataset, each with its split (train where nothing
    says).

    Raises:
        FetchError: there is none, or it cannot be had.
    """
    found = look_through(place, flag, wanted)
    files = [SplitFile(file, split_of(file.split or file.name)) for file in found.files]
    return FoundFiles(files, found.passed_over_lines())


def split_of(name: str) -> str:
    """The split that the words of a path name, the last of them first."""
    words = WORD.findall(name.lower())
    return next((NAMES[word] for word in reversed(words) if word in NAMES), "train")
