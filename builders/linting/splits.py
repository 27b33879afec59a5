"""The files of a dataset and the split that each belongs to, as its name says."""

import re
from dataclasses import dataclass
from pathlib import Path

from sources.fetch.data_files import DataFile, find_data

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


def find_files(place: Path, flag: str) -> list[SplitFile]:
    """The file given, or the data files of a folder or Hub dataset, each with its split (train where no name says).

    Raises:
        FetchError: there is none, or it cannot be had.
    """
    return [SplitFile(file, split_of(file.name)) for file in find_data(place, flag)]


def split_of(name: str) -> str:
    """The split that the words of a path name, the last of them first."""
    words = WORD.findall(name.lower())
    return next((NAMES[word] for word in reversed(words) if word in NAMES), "train")
