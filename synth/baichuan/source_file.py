"""Files of a checkpoint as they lie in a folder: there, whole, and no stand-in for the real one."""

import json
from pathlib import Path
from typing import Any

from sources.command.errors import BrokenFileError, MissingFileError

GIT_LFS = b"version https://git-lfs.github.com/spec/"


def present(path: Path) -> Path:
    """`path`, which is a file with something in it.

    Raises:
        MissingFileError: there is no such file.
        BrokenFileError: it is empty, or a git-lfs pointer.
    """
    if not path.is_file():
        raise MissingFileError(path, "no such file", hint="Download the whole checkpoint folder.")
    with path.open("rb") as file:
        start = file.read(len(GIT_LFS))
    if start == GIT_LFS:
        hint = "Run `git lfs pull` in that folder, or download the file again."
        raise BrokenFileError(path, "is a git-lfs pointer, not the file itself", hint=hint)
    if not start:
        raise BrokenFileError(path, "is empty", hint="Download it again.")
    return path


def json_object(path: Path) -> dict[str, Any]:
    """The JSON object in `path`.

    Raises:
        MissingFileError, BrokenFileError: it is not there, or is something else.
    """
    try:
        content = json.loads(present(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise BrokenFileError(path, f"is not JSON ({error})", hint="Download it again.") from error
    if not isinstance(content, dict):
        raise BrokenFileError(path, f"holds a {type(content).__name__}", expected="a JSON object")
    return content


def write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
