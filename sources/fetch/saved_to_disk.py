"""Folders that `Dataset.save_to_disk` wrote: which of their Arrow files are the data, and of which split."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sources.command.errors import MissingFileError


@dataclass(frozen=True, slots=True)
class SavedFile:
    """An Arrow file, its split where that is said, and why it is no data where it is none."""

    name: str
    split: str = ""
    why_not: str = ""


def saved_to_disk(state: Path, names: list[str]) -> Iterator[SavedFile]:
    """What a state.json says of the Arrow files beside it, each named by its path; nothing where it is of another tool.

    Raises:
        MissingFileError: it names a file that is not there.
    """
    try:
        said = json.loads(state.read_bytes())
        listed = {str(file["filename"]) for file in said["_data_files"]}
        split = said.get("_split") or ""
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return
    there = {PurePosixPath(name).name: name for name in names}
    if missing := sorted(listed - there.keys()):
        raise MissingFileError(
            state, f"names {missing[0]}, which is not beside it", hint="Copy the whole folder again."
        )
    for file, name in there.items():
        yield SavedFile(name, str(split), "" if file in listed else "not named in state.json")
