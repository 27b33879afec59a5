"""What a build would read and fetch, without doing it: the answer to --dry-run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from rich.console import Console
from rich.table import Table
from rich.text import Text

from builders.caching.size import shown_bytes
from builders.inputs.disk import DiskNeeded, needed_disk, unpacked_bytes
from builders.inputs.inputs import Request, select, source_files
from sources.checks.tested import not_tested_in
from sources.command.errors import MissingFileError
from sources.command.printable import printable
from sources.fetch.fetcher import Fetcher, Mirror
from sources.fetch.hub_data import HubFile
from sources.pairs.languages import LANGUAGE_NAMES, Lang
from sources.pairs.source import UpstreamFile


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One file of the plan; `bytes` is None where nobody knows."""

    source: str
    lang: str
    license: str
    commercial_use: bool
    file: str
    bytes: int | None
    where: str


@dataclass(frozen=True, slots=True)
class Listed:
    """Data of the user's own on the Hub, of which only the list of files was asked for."""

    name: str
    licence: str
    files: list[HubFile]


@dataclass(frozen=True, slots=True)
class Plan:
    """The files of a build, the sources that it leaves out, what is not known to work in its languages, and the disk
    that it needs where nothing is in the cache; None where that cannot be known."""

    files: list[PlannedFile]
    left_out: list[tuple[str, str]]
    not_tested: list[str]
    disk: DiskNeeded | None = None


def make_plan(request: Request, listed: Sequence[Listed] = ()) -> Plan:
    """What the request would read, and what would be fetched for --add.

    Raises:
        UsageError: a name does not exist.
        MissingFileError: --synth names no files.
    """
    selection = select(request)
    planned = []
    for chosen in selection.sources:
        source = chosen.source
        known = (source.name, source.lang, source.license, source.commercial_use)
        planned += [PlannedFile(*known, file.mirror_path, file.path.stat().st_size, "given") for file in chosen.local]
        planned += [
            PlannedFile(*known, file.mirror_path, _bytes(file, request.fetcher), _where(file, request.fetcher))
            for named in source_files(chosen)
            for file in _name_all(named, request.fetcher)
        ]
    planned += _plan_listed(listed, request.langs)
    return Plan(planned, selection.left_out, not_tested_in(request.langs), _plan_disk(planned, request))


def _plan_disk(files: Sequence[PlannedFile], request: Request) -> DiskNeeded | None:
    """What the build needs; nobody knows that of a few rows of each file, or of files of unknown sizes."""
    if request.max_rows is not None or any(file.bytes is None for file in files):
        return None
    sizes = {file.file: unpacked_bytes(PurePath(file.file), file.bytes or 0) for file in files}
    return needed_disk(sizes, sizes, request.cache)


def _name_all(file: UpstreamFile, fetcher: Fetcher) -> tuple[UpstreamFile, ...]:
    """The files of a mirror that the path names; what a download would find is not asked."""
    try:
        return fetcher.name_all(file) if isinstance(fetcher, Mirror) else (file,)
    except MissingFileError:
        return (file,)


def _where(file: UpstreamFile, fetcher: Fetcher) -> str:
    """Where the file would come from; of a branch that its commit is found out then."""
    where = fetcher.describe(file)
    return where if file.is_pinned or where != "download" else f"download ({file.revision} as it is then)"


def _bytes(file: UpstreamFile, fetcher: Fetcher) -> int | None:
    """The size of the file that is here, else of the pinned one; None where nobody knows."""
    try:
        return fetcher.locate(file).path.stat().st_size if isinstance(fetcher, Mirror) else file.size
    except MissingFileError:
        return file.size


def _plan_listed(listed: Sequence[Listed], langs: Sequence[Lang]) -> Iterator[PlannedFile]:
    """The files of the user's own that are still on the Hub, once a language: nobody knows yet which a row is in."""
    for data in listed:
        for lang in langs:
            known = (f"{data.name}_{lang}", lang, data.licence, False)
            yield from (PlannedFile(*known, file.path, file.bytes, "download") for file in data.files)


def show_plan(plan: Plan, console: Console, done: str = "nothing was read") -> None:
    """The plan as a table; `done` says what has been done for it."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("source", "language", "licence", "commercial use"):
        table.add_column(name)
    table.add_column("file", overflow="fold")
    table.add_column("MB", justify="right")
    table.add_column("from")
    for file in plan.files:
        size = f"{file.bytes / 1e6:,.1f}" if file.bytes else "?"
        allowed = "yes" if file.commercial_use else "no"
        style = {"missing": "red", "download": "yellow"}.get(file.where.partition(" ")[0], "green")
        table.add_row(
            file.source,
            LANGUAGE_NAMES[file.lang],
            file.license,
            allowed,
            Text(printable(file.file, max_chars=200)),
            size,
            Text(file.where, style=style),
        )
    console.print(table)
    for name, why in plan.left_out:
        console.print(Text.assemble(("left out", "yellow"), f"  {name}: {why}"))
    for line in plan.not_tested:
        console.print(Text.assemble(("not tested", "yellow"), f"  {line}"))
    if plan.disk is not None:
        cached = f", at most {shown_bytes(plan.disk.cache)} in the cache (--no-cache)" if plan.disk.cache else ""
        console.print(Text(f"disk: about {plan.disk}{cached}", style="dim"))
    files = {file.file: file for file in plan.files}  # one that is read for two languages is fetched once
    to_fetch = [file for file in files.values() if file.where.startswith("download")]
    mb = sum(file.bytes or 0 for file in to_fetch) / 1e6
    console.print(
        Text(
            f"{len(files)} files, {len(to_fetch)} to download (at least {mb:,.1f} MB); {done}.",
            style="dim",
        )
    )
