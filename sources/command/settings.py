"""Settings that people write in YAML: every key and value checked, and a wrong one named."""

from difflib import get_close_matches
from os.path import isfile
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sources.command.errors import UsageError

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[int, Field(gt=0)]


class Settings(BaseModel):
    """Keys of a YAML file; one that does not exist is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


LIKE = "like"
Kind = TypeVar("Kind", bound=Settings)


def load_settings(model: type[Kind], flag: str, name_or_file: str, folder: Path) -> Kind:
    """The settings of that name in `folder`, or in that file; `flag` is what the user gave them with.

    Where the model has a key `like` and the file says `like: NAME`, keys that the file does not have are those of the
    settings of that name.

    Raises:
        UsageError: there are none, or a key or value is wrong; says which.
    """
    path = find_settings(flag, name_or_file, folder)
    content, seen = _read(path, model), {path}
    while isinstance(like := content.get(LIKE), str) and LIKE in model.model_fields:
        base = find_settings(f"{path}: like of {flag}", like, folder)
        if base in seen:
            raise UsageError(path, f"like: {like} leads back to it")
        seen.add(base)
        content = {**_read(base, model), **{key: value for key, value in content.items() if key != LIKE}}
    try:
        return _validated(model, content)
    except ValidationError as error:
        raise wrong_setting(path, "", error, model, list(model.model_fields)) from error


def _validated(model: type[Kind], content: dict[str, Any]) -> Kind:
    """The settings. YAML takes on and off for true and false: where a key has words to choose from, they are words.

    Raises:
        ValidationError: a key or value is wrong.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        taken = [each["loc"] for each in error.errors() if each["type"] == "literal_error"]
    for *place, key in taken:
        section: Any = content
        for part in place:
            section = section.get(part) if isinstance(section, dict) else None
        if isinstance(section, dict) and isinstance(section.get(key), bool):
            section[key] = "on" if section[key] else "off"
    return model.model_validate(content)


def _read(path: Path, model: type[Settings]) -> dict[str, Any]:
    """The keys of a YAML file.

    Raises:
        UsageError: it has none.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(path, f"is no YAML ({' '.join(str(error).split())})") from error
    if not isinstance(content, dict):
        keys = ", ".join(list(model.model_fields)[:3])
        raise UsageError(path, f"holds a {type(content).__name__}", expected=f"keys such as {keys}")
    return content


def find_settings(flag: str, name_or_file: str, folder: Path) -> Path:
    """`folder/<name>.yaml`, or the file of that path.

    Raises:
        UsageError: there is neither.
    """
    path = folder / f"{name_or_file}.yaml"
    if not isfile(path):
        path = Path(name_or_file)
    if not isfile(path):
        known = ", ".join(sorted(known.stem for known in folder.glob("*.yaml")))
        what = flag.rpartition(" ")[2].lstrip("-")
        raise UsageError(flag, f"no {what} {name_or_file}", expected=f"{known}, or the path of a YAML file")
    return path


def wrong_setting(
    where: object, prefix: str, error: ValidationError, model: type[Settings], keys: list[str]
) -> UsageError:
    """The first of pydantic's errors as one line, or the first key that does not exist: a misspelled key is also a
    missing one. `keys` are those that exist at the top."""
    first = min(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
    place = [str(part) for part in first["loc"]]
    if first["type"] == "extra_forbidden":
        known = keys if len(place) == 1 else _keys_at(model, place[:-1])
        found = f"{prefix}{'.'.join(place)}: no such key"
        return UsageError(where, found, expected=", ".join(known), hint=did_you_mean(place[-1], known))
    found = "" if first["type"] == "missing" else f", found {first['input']!r}"
    return UsageError(where, f"{prefix}{'.'.join(place)}: {first['msg']}{found}")


def _keys_at(model: type[Settings], place: list[str]) -> list[str]:
    """The keys of a section of settings, or of an entry in a section that has entries."""
    section: Any = model
    for part in place:
        fields = getattr(section, "model_fields", None)
        section = fields[part].annotation if fields else get_args(section)[-1]
    return list(section.model_fields)


def did_you_mean(name: str, names: list[str]) -> str:
    """A question with the closest of the names, or nothing."""
    close = get_close_matches(name, names, n=1)
    return f"Did you mean {close[0]}?" if close else ""
