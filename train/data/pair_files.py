"""Where the pairs of one `--data` lie: the Parquet files of each split, found on this machine or on the Hub."""

import hashlib
import re
from dataclasses import dataclass
from fnmatch import fnmatch
from os.path import isdir, isfile
from pathlib import Path
from typing import Any, Literal

import yaml

from sources.command.errors import DownloadError, HashMismatchError, MissingFileError, UsageError
from sources.fetch.data_files import names_below
from sources.fetch.fetcher import file_sha256
from sources.fetch.hub_data import HubId, fetch_hub_data, hub_id
from sources.pairs.built_folder import MANIFEST, SPLITS, BuiltFolder, open_built
from sources.pairs.languages import LANGS

Kind = Literal["built", "parquet", "hub"]

FLAG = "--data"
DROPPED = "dropped.parquet"
SHARD = re.compile(r"(?P<split>[\w.-]+)-\d{5}-of-\d{5}(-[0-9a-f]+)?\.parquet")
TRAIN_WORDS, TEST_WORDS = {"train", "training"}, {"test", "testing", "eval", "validation", "valid", "val", "dev"}
WORD = re.compile(r"[a-z]+")
HUB_PATTERNS = ["*.parquet", f"*{MANIFEST}", "README.md"]


@dataclass(frozen=True, slots=True)
class PairFiles:
    """The files of one origin by split, in order. `name` stands for the source where the rows do not name theirs;
    `is_build` says that a manifest vouches for the ids."""

    given: str
    kind: Kind
    name: str
    fingerprint: str
    is_build: bool
    train: list[Path]
    test: list[Path]


def find_pairs(given: str) -> list[PairFiles]:
    """The files that are meant: one origin, or two where both languages of a build lie below the folder.

    Raises:
        FetchError: there are none, or they are not those that the manifest names.
        UsageError: which files are train and which test cannot be told.
    """
    path = Path(given)
    if isfile(path):
        return [_parquet(given, path.parent, [path.name], path.stem)]
    if isdir(path):
        return _below(given, path, "")
    wanted, config = _on_hub(given)
    if wanted is None:
        hint = "Give the folder that build-prefs wrote, a Parquet file, or owner/name[@revision][:config]."
        raise MissingFileError(f"{FLAG} {given}", "no such file or folder", hint=hint)
    return _hub(given, wanted, config)


def _on_hub(given: str) -> tuple[HubId | None, str]:
    """The dataset and the configuration of it that owner/name[@revision][:config] names."""
    repository, _, config = given.partition(":")
    return hub_id(repository), config


def _below(given: str, folder: Path, commit: str) -> list[PairFiles]:
    if _is_build(folder):
        between = ":" if commit else "/"
        return [
            _built(given if one.path == folder else f"{given.rstrip('/')}{between}{one.lang}", one, commit)
            for one in open_built(folder)
        ]
    names = [name for name in names_below(folder) if name.endswith(".parquet")]
    if not names or isfile(folder / DROPPED):
        found = f"{DROPPED} without {MANIFEST}" if names else f"no {MANIFEST} and no Parquet file below it"
        hint = "Make pairs with build-prefs; build-prefs --add FILE takes data of yours."
        raise MissingFileError(f"{FLAG} {given}", found, expected="what build-prefs wrote", hint=hint)
    return [_parquet(given, folder, names, folder.resolve().name, commit)]


def _is_build(folder: Path) -> bool:
    """Whether there is a manifest, or one below for a language."""
    return any(isfile(path / MANIFEST) for path in (folder, *(folder / lang for lang in LANGS)))


def _built(given: str, built: BuiltFolder, commit: str) -> PairFiles:
    """The files that the manifest of a build names, each looked at by size and SHA-256."""
    train, test = ([_verified(built, name) for name in built.files(split)] for split in SPLITS)
    fingerprint = commit or file_sha256(built.path / MANIFEST)
    return PairFiles(given, "hub" if commit else "built", built.lang, fingerprint, True, train, test)


def _verified(built: BuiltFolder, name: str) -> Path:
    """The path of a file that is the one that the manifest names."""
    path = built.path / name
    listed = next(output for output in built.manifest["outputs"] if output["path"] == name)
    if not isfile(path):
        raise MissingFileError(path, f"named in {MANIFEST}, and not there", hint="Build again.")
    hint = "The file was changed after the build: build again, or name the Parquet file itself to train on it as it is."
    if (size := path.stat().st_size) != listed.get("bytes"):
        said = f"{listed.get('bytes')}, as {MANIFEST} says"
        raise HashMismatchError(path, f"has {size:,} bytes", expected=said, hint=hint)
    if (sha256 := file_sha256(path)) != listed.get("sha256"):
        said = f"{listed.get('sha256')}, as {MANIFEST} says"
        raise HashMismatchError(path, f"SHA-256 is {sha256}", expected=said, hint=hint)
    return path


def _parquet(given: str, folder: Path, names: list[str], name: str, commit: str = "") -> PairFiles:
    """Parquet files that no manifest names; the words of their names tell the split, train where none does."""
    splits = sorted({shard["split"] for one in names if (shard := SHARD.fullmatch(Path(one).name))})
    if len(splits) > 1 and not set(splits) <= TRAIN_WORDS | TEST_WORDS:
        found = f"holds the splits {', '.join(splits)}"
        raise UsageError(f"{FLAG} {given}", found, expected="train and test", hint="Name the file to train on itself.")
    train = [folder / one for one in names if not _is_test(one)]
    test = [folder / one for one in names if _is_test(one)]
    hashes = "\n".join(file_sha256(path) for path in [*train, *test])
    fingerprint = commit or hashlib.sha256(hashes.encode()).hexdigest()
    return PairFiles(given, "hub" if commit else "parquet", name, fingerprint, False, train, test)


def _is_test(name: str) -> bool:
    """Whether the last word of a path that names a split names one that is not trained on."""
    words = [word for word in WORD.findall(name.lower()) if word in TRAIN_WORDS | TEST_WORDS]
    return bool(words) and words[-1] in TEST_WORDS


def _hub(given: str, wanted: HubId, config: str) -> list[PairFiles]:
    try:
        folder, commit = fetch_hub_data(wanted, FLAG, HUB_PATTERNS)
    except DownloadError as error:
        error.hint += " If a folder of this machine is meant: there is none of this name."
        raise
    if config and isdir(folder / config):
        return _below(given, folder / config, commit)
    if _is_build(folder):
        if config:
            raise UsageError(f"{FLAG} {given}", f"the dataset has no configuration {config}")
        return _below(given, folder, commit)
    names = [name for name in names_below(folder) if name.endswith(".parquet")]
    chosen = _of_config(given, _configs(folder), config, names)
    if not chosen:
        raise MissingFileError(f"{FLAG} {given}", "the dataset has no Parquet file", hint="Use build-prefs --add.")
    return [_parquet(given, folder, chosen, wanted.repository.partition("/")[2], commit)]


def _configs(folder: Path) -> dict[str, list[str]]:
    """The configurations that the head of README.md describes: the patterns of their files."""
    try:
        head = (folder / "README.md").read_text(encoding="utf-8").split("---\n")[1]
        listed = yaml.safe_load(head)["configs"]
        return {str(one["config_name"]): _patterns(one.get("data_files", [])) for one in listed}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, yaml.YAMLError):
        return {}


def _patterns(data_files: Any) -> list[str]:
    """The patterns in one of the ways that the Hub lets them be written."""
    if isinstance(data_files, str):
        return [data_files]
    if isinstance(data_files, dict):
        return _patterns(data_files.get("path", list(data_files.values())))
    return [pattern for one in data_files for pattern in _patterns(one)]


def _of_config(given: str, configs: dict[str, list[str]], config: str, names: list[str]) -> list[str]:
    """The files of the configuration asked for, or of the only one there is."""
    if (config and config not in configs) or (not config and len(configs) > 1):
        found = f"the dataset has no configuration {config}" if config else "the dataset has several configurations"
        there = ", ".join(configs) or "none"
        raise UsageError(f"{FLAG} {given}", found, expected=f"one of: {there}", hint="Name it after a colon.")
    patterns = configs.get(config) or next(iter(configs.values()), []) or ["*"]
    return [name for name in names if any(fnmatch(name, pattern.replace("**/", "*")) for pattern in patterns)]
