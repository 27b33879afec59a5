"""The data files that a user points to: one file, those below a folder, or those of a dataset on the Hub."""

from dataclasses import dataclass
from os.path import isdir, isfile
from pathlib import Path, PurePosixPath

from sources.command.errors import MissingFileError
from sources.fetch.hub_data import HubFile, HubId, fetch_hub_data, hub_id, list_hub_data

ENDINGS = (".json", ".jsonl", ".csv", ".tsv", ".parquet")
PACKED = (".gz", ".xz")

NO_DATA = (
    "manifest.json",
    "dataset_info.json",
    "dataset_infos.json",
    "dropped.parquet",
    "candidates.parquet",
    "exported.json",
    "left_out.jsonl",
    "publish-prefs.json",
)
"""What this project, or another tool, writes beside data."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file; `name` is its path below what was given. Of a Hub dataset also the repository and its commit."""

    path: Path
    name: str
    repository: str = ""
    revision: str = ""

    @property
    def mirror_path(self) -> str:
        """`<owner>/<repository>/<path>` of a file from the Hub, else the name."""
        return f"{self.repository}/{self.name}" if self.repository else self.name


def find_data(given: Path, flag: str) -> list[DataFile]:
    """The file given, or the data files below that folder or in that dataset of the Hub, in order of their names.

    Raises:
        MissingFileError: there is none.
        DownloadError: the Hub does not give them.
    """
    if isfile(given):
        return [DataFile(given, given.name)]
    if isdir(given):
        files = [DataFile(given / name, name) for name in names_below(given)]
    elif wanted := named_on_hub(given):
        folder, revision = fetch_hub_data(wanted, flag, [f"*{end}{pack}" for end in ENDINGS for pack in ("", *PACKED)])
        files = [DataFile(folder / name, name, wanted.repository, revision) for name in names_below(folder)]
    else:
        raise MissingFileError(f"{flag} {given}", "no such file or folder")
    if not files:
        raise MissingFileError(f"{flag} {given}", "no data file below it", expected=", ".join(ENDINGS))
    return files


def list_data(wanted: HubId, flag: str) -> list[HubFile]:
    """The data files of that dataset of the Hub, in order of their names; nothing is fetched.

    Raises:
        MissingFileError: there is none.
        DownloadError: the Hub does not say.
    """
    root = len(wanted.repository) + 1
    files = [file for file in list_hub_data(wanted, flag) if is_data(file.path[root:])]
    if not files:
        raise MissingFileError(f"{flag} {wanted}", "no data file below it", expected=", ".join(ENDINGS))
    return sorted(files, key=lambda file: file.path)


def named_on_hub(given: Path) -> HubId | None:
    """What is meant on the Hub where nothing of that name is here; what ends as a data file does is no dataset."""
    return None if given.exists() or is_data(given.as_posix()) else hub_id(given.as_posix())


def name_data(given: Path) -> str:
    """What to call the data where the user does not say."""
    wanted = named_on_hub(given)
    return wanted.repository.partition("/")[2] if wanted else given.resolve().name.split(".")[0] or given.name


def names_below(folder: Path) -> list[str]:
    """The data files below a folder by their paths, in order."""
    names = (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file())
    return [name for name in names if is_data(name)]


def is_data(name: str) -> bool:
    """Whether the name, a path below a folder, is that of a data file."""
    path = PurePosixPath(name)
    if any(part.startswith(".") for part in path.parts) or path.name in NO_DATA:
        return False
    bare = path.with_suffix("") if path.suffix in PACKED else path
    return bare.suffix in ENDINGS
