"""The data files that a user points to: one file, those below a folder, or those of a dataset on the Hub."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import groupby
from os import fsencode
from os.path import isdir, isfile
from pathlib import Path, PurePosixPath

from sources.command.errors import MissingFileError
from sources.fetch.hub_data import HubFile, HubId, fetch_hub_data, hub_id, list_hub_data
from sources.fetch.saved_to_disk import SavedFile, saved_to_disk

ENDINGS = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".parquet", ".arrow", ".feather", ".xlsx")
PACKED = (".gz", ".xz", ".bz2", ".zst")

NO_DATA = (
    "manifest.json",
    "dataset_info.json",
    "dataset_infos.json",
    "dataset_dict.json",
    "state.json",
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "trainer_state.json",
    "dropped.parquet",
    "candidates.parquet",
    "exported.json",
    "left_out.jsonl",
    "publish-prefs.json",
)
"""What this project, or another tool, writes beside data."""

WORDS = ("readme", "license", "licence", "copying", "notice", "citation", "changelog")
ARCHIVES = (".zip", ".tar", ".tgz", ".7z", ".rar")
MAX_NAMED = 5


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file; `name` is its path below what was given. Of a Hub dataset also the repository and its commit.

    `encoding` is what the user says of its text, `split` what a file beside it says, both empty where nothing does.
    """

    path: Path
    name: str
    repository: str = ""
    revision: str = ""
    encoding: str = ""
    split: str = ""

    @property
    def mirror_path(self) -> str:
        """`<owner>/<repository>/<path>` of a file from the Hub, else the name."""
        return f"{self.repository}/{self.name}" if self.repository else self.name


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which files of a folder or dataset a user wants, by patterns of their names or paths, and the encoding of their
    text; empty where it is left to be found out."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    encoding: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """The files that are taken, and (name, why) of those that are passed over."""

    files: list[DataFile]
    passed_over: list[tuple[str, str]] = field(default_factory=list)

    def passed_over_lines(self) -> list[str]:
        """One line for each reason: the first files that it holds for, and how many more."""
        lines = []
        for why, group in groupby(sorted(self.passed_over, key=lambda each: each[1]), key=lambda each: each[1]):
            names = [name for name, _ in group]
            more = f" and {len(names) - MAX_NAMED:,} more" * (len(names) > MAX_NAMED)
            lines.append(f"{', '.join(names[:MAX_NAMED])}{more}: {why}")
        return lines


EVERYTHING = Wanted()


def find_data(given: Path, flag: str) -> list[DataFile]:
    """The file given, or the data files below that folder or in that dataset of the Hub, in order of their names.

    Raises:
        MissingFileError: there is none.
        DownloadError: the Hub does not give them.
    """
    return look_through(given, flag, EVERYTHING).files


def look_through(given: Path, flag: str, wanted: Wanted) -> Found:
    """The same of what is wanted, and which files are passed over.

    Raises:
        MissingFileError: none is left.
        DownloadError: the Hub does not give them.
    """
    if isfile(given):
        return Found([DataFile(given, spelled(given.name), encoding=wanted.encoding)])
    if isdir(given):
        found = _below(given, wanted)
    elif named := named_on_hub(given):
        folder, revision = fetch_hub_data(named, flag, _patterns(wanted))
        found = _below(folder, wanted, named.repository, revision)
    else:
        raise MissingFileError(f"{flag} {given}", "no such file or folder")
    if not found.files:
        raise _no_data(f"{flag} {given}", found.passed_over)
    return found


def list_data(named: HubId, flag: str, wanted: Wanted = EVERYTHING) -> list[HubFile]:
    """The data files of that dataset of the Hub, in order of their names; nothing is fetched.

    Raises:
        MissingFileError: there is none.
        DownloadError: the Hub does not say.
    """
    root = len(named.repository) + 1
    files = [file for file in list_hub_data(named, flag) if not _why_not(file.path[root:], wanted)]
    if not files:
        raise _no_data(f"{flag} {named}", [])
    return sorted(files, key=lambda file: file.path)


def named_on_hub(given: Path) -> HubId | None:
    """What is meant on the Hub where nothing of that name is here; what ends as a data file does is no dataset."""
    return None if given.exists() or is_data(given.as_posix()) else hub_id(given.as_posix())


def name_data(given: Path) -> str:
    """What to call the data where the user does not say."""
    named = named_on_hub(given)
    return named.repository.partition("/")[2] if named else spelled(given.resolve().name.split(".")[0] or given.name)


def spelled(name: str) -> str:
    """The name of a file with bytes that are no UTF-8 spelled out, since no table can hold them."""
    return fsencode(name).decode("utf-8", "backslashreplace")


def names_below(folder: Path) -> list[str]:
    """The data files below a folder by their paths, in order."""
    return [file.path.relative_to(folder).as_posix() for file in _below(folder, EVERYTHING).files]


def is_data(name: str) -> bool:
    """Whether the name, a path below a folder, is that of a data file."""
    return not _why_not(name, EVERYTHING)


def _below(folder: Path, wanted: Wanted, repository: str = "", revision: str = "") -> Found:
    """The files below a folder, in order, sorted out."""
    found = Found([])
    names = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
    saved = {file.name: file for file in _saved(folder, names)}
    for name in names:
        file = saved.get(name, SavedFile(name))
        if why := _why_not(name, wanted) or file.why_not:
            found.passed_over.append((spelled(name), why))
        else:
            found.files.append(
                DataFile(folder / name, spelled(name), repository, revision, wanted.encoding, file.split)
            )
    return found


def _saved(folder: Path, names: list[str]) -> Iterator[SavedFile]:
    """The Arrow files in folders that save_to_disk wrote, with what is written beside them."""
    for state in (name for name in names if PurePosixPath(name).name == "state.json"):
        below = PurePosixPath(state).parent
        beside = [name for name in names if PurePosixPath(name).parent == below and name.endswith(".arrow")]
        yield from saved_to_disk(folder / state, beside)


def _why_not(name: str, wanted: Wanted) -> str:
    """Why a file of that name, a path below a folder, is passed over; empty where it is not."""
    path = PurePosixPath(name.lower())
    if _fits(name, wanted.exclude):
        return "--exclude names it"
    if wanted.include:
        return "" if _fits(name, wanted.include) else "--include does not name it"
    if any(part.startswith(".") for part in path.parts):
        return "hidden"
    if path.name in NO_DATA:
        return "auxiliary file of a tool"
    bare = path.with_suffix("") if path.suffix in PACKED else path
    return "" if bare.suffix in ENDINGS else _no_ending_of_data(path)


def _no_ending_of_data(path: PurePosixPath) -> str:
    if path.name.startswith(WORDS):
        return "documentation"
    return (
        "an archive: give it by itself, or unpack it" if path.suffix in ARCHIVES else "not the extension of a data file"
    )


def _fits(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether one of the patterns fits the path, or the name of the file alone."""
    return any(fnmatchcase(each, pattern) for pattern in patterns for each in (name, PurePosixPath(name).name))


def _patterns(wanted: Wanted) -> list[str]:
    """What to fetch from the Hub, as patterns of paths."""
    if wanted.include:
        return [*wanted.include, *(f"*/{pattern}" for pattern in wanted.include), "*state.json"]
    return [f"*{end}{pack}" for end in ENDINGS for pack in ("", *PACKED)]


def _no_data(where: str, passed_over: list[tuple[str, str]]) -> MissingFileError:
    lines = "; ".join(Found([], passed_over).passed_over_lines())
    hint = f"Passed over: {lines}. --include GLOB takes a file all the same." if lines else ""
    return MissingFileError(where, "no data file below it", expected=", ".join(ENDINGS), hint=hint)
