"""What a result depends on, as one hash: what was asked for, the code that does it, and the packages that it calls."""

import hashlib
import json
import platform
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import lru_cache, partial
from importlib.metadata import version
from pathlib import Path
from types import FunctionType
from typing import Any

import pyarrow as pa

CODE = (Path(__file__).parent.parent, Path(__file__).parent.parent.parent / "sources")
"""The packages whose files decide what comes of a row."""

NO_CODE = ("sample", "__pycache__")
"""Folders below them that hold none."""

PACKAGES = ("numpy", "pyarrow", "orjson", "langdetect", "opencc", "rensa", "xxhash", "rapidfuzz")
"""What the code calls to read, check and compare rows."""


class UnknownValueError(Exception):
    """A value of which nobody knows whether it is the same in another build."""


def identity(*values: object) -> str:
    """The SHA-256 of values, of this code and of what it calls, in hexadecimal.

    Raises:
        UnknownValueError: a value is of a kind that cannot be told apart.
    """
    content = [code_sha256(), surroundings(), [told(value) for value in values]]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def told(value: Any) -> Any:
    """A value as JSON that differs where the value does; functions count as the same if they have one name.

    Raises:
        UnknownValueError: it is of another kind than settings and sources hold.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return [_name(type(value)), {each.name: told(getattr(value, each.name)) for each in fields(value)}]
    if isinstance(value, list | tuple):
        return [told(each) for each in value]
    if isinstance(value, dict):
        return {"keys": sorted(([told(key), told(each)] for key, each in value.items()), key=json.dumps)}
    return _told_of_code(value)


def _told_of_code(value: Any) -> Any:
    """The same of a function, a class or the columns of a table."""
    match value:
        case partial():
            return [told(value.func), told(value.args), told(value.keywords)]
        case pa.Schema():
            return ["schema", value.serialize().to_pybytes().hex()]
        case type():
            return _name(value)
        case FunctionType() if value.__closure__ is None and "<" not in value.__qualname__:
            return _name(value)
    raise UnknownValueError(_name(type(value)))


def _name(named: type | FunctionType) -> str:
    return f"{named.__module__}.{named.__qualname__}"


@lru_cache(maxsize=1)
def code_sha256() -> str:
    """The SHA-256 of every file of the packages in CODE, with their paths."""
    whole = hashlib.sha256()
    for folder in CODE:
        for path in _files(folder):
            content = path.read_bytes()
            whole.update(f"{path.relative_to(folder.parent).as_posix()}\0{len(content)}\0".encode() + content)
    return whole.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in NO_CODE:
            yield from _files(path)
        elif path.is_file() and path.suffix not in (".pyc", ".so"):
            yield path


def surroundings() -> list[str]:
    """The versions of Python and the packages, and the kind of machine."""
    packages = [f"{name} {version(name)}" for name in PACKAGES]
    return [platform.python_version(), platform.machine(), sys.byteorder, *packages]
