"""What a build reads: the sources that take part, where their files are, and why others are left out."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from os.path import isdir, isfile
from pathlib import Path
from typing import Literal

from builders.caching.folder import CacheFolder
from builders.engines.this_machine import map_in_threads
from builders.inputs.files_told import tell_files
from builders.inputs.judged import JudgedFolder
from builders.inputs.recipe import ChosenSource, Recipe, choose_sources
from builders.stages.benchmarks import BenchmarkStatus, Question
from builders.stages.caps import Cap
from builders.stages.read_benchmarks import load_benchmarks
from sources.command.errors import MissingFileError, UsageError
from sources.command.progress import Progress
from sources.fetch.data_files import DataFile
from sources.fetch.fetcher import Fetcher, FileStamp, file_sha256, file_stamp, is_upstream, missing_parts, verify_hash
from sources.layouts.own_data import Described, OwnData, look_into, own_data
from sources.pairs.languages import LANGS, LANGUAGE_NAMES, TESTED, Lang
from sources.pairs.source import NoOptions, Source, UpstreamFile
from sources.registry import find_sources, sources_in

SAMPLE_REVISION = "sample"

Engine = Literal["local", "ray"]
"""Where the rows are worked on: in processes of this machine, or on a Ray cluster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call of build-prefs. `ray_tasks`: the most that run on Ray at a time; None: as many as there are processors.
    `only_added`: the recipe's sources take no part. `may_lose_languages`: a language with nothing left is left out;
    else the build fails. `cache`: where what came of each file is kept, None for nowhere."""

    langs: tuple[Lang, ...]
    recipe: Recipe
    fetcher: Fetcher
    out: Path
    benchmarks: Path | None = None
    synth: Path | None = None
    judged: JudgedFolder | None = None
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    commercial_ok: bool = False
    verify_hashes: bool = False
    added: tuple[Described, ...] = ()
    only_added: bool = False
    max_rows: int | None = None
    report: bool = True
    workers: int = 2
    engine: Engine = "local"
    ray_address: str | None = None
    ray_tasks: int | None = None
    may_lose_languages: bool = False
    cache: CacheFolder | None = None
    max_memory_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read; `sha256` is what was found, `pinned` what was expected, empty where nothing was. `revision` is
    SAMPLE_REVISION for a file of the embedded sample, empty where nobody knows. `stamp` is older than the hash."""

    name: str
    path: Path
    revision: str
    sha256: str
    pinned: str
    encoding: str = ""
    stamp: FileStamp | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """The sources that take part, in order of precedence, (name, why) of those left out, what layouts were taken for
    files of one's own, and what should be told of these files."""

    sources: list[ChosenSource]
    left_out: list[tuple[str, str]]
    layouts: list[str]
    told: list[tuple[str, str]] = field(default_factory=list)

    @property
    def caps(self) -> dict[int, Cap]:
        """The cap of each source by its place."""
        return {place: chosen.cap for place, chosen in enumerate(self.sources)}


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that a build reads, found and hashed; `files[i]` are those of source i."""

    selection: Selection
    files: list[list[InputFile]]
    questions: list[Question]
    benchmarks: list[BenchmarkStatus]

    def warnings(self, lang: Lang | None = None) -> list[str]:
        """A line for each file (of one language) that is not the pinned one, and for each part that is not there of an
        upstream table."""
        lines = []
        for chosen, files in zip(self.selection.sources, self.files, strict=True):
            if lang not in (None, chosen.source.lang):
                continue
            upstream = [file for file in files if file.revision != SAMPLE_REVISION and not chosen.local]
            missing = missing_parts(file.name for file in upstream)
            lines += [f"{name}: not there, so its rows are in no account" for name in missing]
            lines += [
                f"{file.name}: not the pinned bytes (SHA-256 {file.sha256[:12]}…, pinned {file.pinned[:12]}…)"
                for file in upstream
                if file.pinned not in ("", file.sha256)
            ]
        return lines


def select(request: Request) -> Selection:
    """The sources of the recipe that the flags leave.

    Raises:
        UsageError: a name that does not exist, or nothing is left.
    """
    recipe_sources = choose_sources(request.recipe, langs=request.langs)
    looked = [look_into(data, request.recipe.limits.reading, "--add") for data in request.added]
    added = [*zip(request.added, looked, strict=True)]
    own = [own_data(data, look.taken, lang) for lang in request.langs for data, look in added]
    own_names = names_of_own(data.name for data in request.added)
    for flag, names in (("--only", request.only), ("--without", request.without)):
        for name in (name for name in names if name not in own_names):
            find_sources(name, flag)
            if name not in request.recipe.sources:
                known = ", ".join(request.recipe.sources)
                raise UsageError(flag, f"{name} is not in recipe {request.recipe.name}", expected=f"one of {known}")
    taken, left_out = [], []
    for chosen in recipe_sources:
        if chosen.source.lang not in request.langs:
            continue
        why = _why_not(chosen, request)
        if why is None:
            taken.append(_with_synth(chosen, request))
        elif why:
            left_out.append((chosen.source.name, why))
    left_out = list(dict.fromkeys(left_out))  # a source that holds two languages is left out once
    own = [one for one in own if _takes_part(one.source, request, own_names)]
    taken += [ChosenSource(one.source, NoOptions(), Cap(), one.files) for one in own]
    _check_distinct(taken)
    if not taken:
        raise _none_left(recipe_sources, request)
    told = [line for data, look in added for line in tell_files(data, look.how)]
    return Selection(taken, left_out, list(dict.fromkeys(map(_read_as, own))), told)


def _none_left(recipe_sources: list[ChosenSource], request: Request) -> UsageError:
    """Says which sources there are: of the recipe where flags left none, else of all that have the language."""
    asked = ",".join(request.langs)
    ours = [chosen.source.name for chosen in recipe_sources if chosen.source.lang in request.langs]
    if ours or {*request.langs} & {*TESTED}:
        names = dict.fromkeys(ours or [chosen.source.name for chosen in recipe_sources])
        return UsageError("sources", f"none is left for --lang {asked}", expected=f"at least one of {', '.join(names)}")
    there = list(dict.fromkeys(name for lang in request.langs for name in sources_in(lang)))
    hint = f"These have rows in it: {', '.join(there)}; take one with --only, or add data of your own with --add."
    found = f"no source of recipe {request.recipe.name} has rows in {' or '.join(map(name_lang, request.langs))}"
    return UsageError(f"--lang {asked}", found, hint=hint if there else "Add data of your own with --add.")


def name_lang(lang: Lang) -> str:
    """The English name of a language with its code."""
    return f"{LANGUAGE_NAMES[lang]} ({lang})"


def names_of_own(names: Iterable[str]) -> set[str]:
    """What --only and --without may call data of one's own: its names, and those of its languages."""
    return {each for name in names for each in (name, *(f"{name}_{lang}" for lang in LANGS))}


def _takes_part(source: Source, request: Request, own_names: set[str]) -> bool:
    """Whether data of one's own takes part: it does unless --without names it, or --only names other such data."""
    names = {source.name, source.name.removesuffix(f"_{source.lang}")}
    only = own_names & {*request.only}
    return not names & {*request.without} and (not only or bool(names & only))


def _check_distinct(taken: list[ChosenSource]) -> None:
    """Nothing, if no two sources of a language have one name: their rows could not be told apart.

    Raises:
        UsageError: two have.
    """
    for (name, _), count in Counter((chosen.source.name, chosen.source.lang) for chosen in taken).items():
        if count > 1:
            hint = "Give each --add a name of its own with --add-name."
            raise UsageError("--add-name", f"{count} sources are called {name}", hint=hint)


def _read_as(own: OwnData) -> str:
    """What layout was taken for files of one's own, and why."""
    more = f" and {len(own.files) - 1} more" * (len(own.files) > 1)
    return f"{own.files[0].mirror_path}{more} read as {own.taken.name}: {own.taken.why}"


def _with_synth(chosen: ChosenSource, request: Request) -> ChosenSource:
    """The source with the files that synth-prefs wrote, if it is one of those."""
    if not chosen.source.name.startswith("synth_"):
        return chosen
    files = synth_files(request.synth, chosen.source.lang)
    return replace(chosen, local=tuple(DataFile(path, path.name) for path in files))


def _why_not(chosen: ChosenSource, request: Request) -> str | None:
    """None if the source takes part, else why not; empty if the user said so."""
    source = chosen.source
    if request.only_added or (request.only and source.name not in request.only) or source.name in request.without:
        return ""
    if request.commercial_ok and not source.commercial_use:
        return f"--commercial-ok: {source.license}" + f" ({source.license_note})" * bool(source.license_note)
    if source.name.startswith("synth_") and request.synth is None:
        return "made by synth-prefs; give its folder with --synth"
    return None


def find_inputs(selection: Selection, request: Request, progress: Progress) -> Inputs:
    """The files of all sources and the questions of all benchmarks, fetched if need be."""
    progress.start("fetch", len(selection.sources), "sources")
    files = []
    local = list(dict.fromkeys(file.path for chosen in selection.sources for file in chosen.local))
    hashes = dict(zip(local, map_in_threads(_hashed, local, request.workers, abandon=True), strict=True))
    wanted = partial(locate, request=request, hashes=hashes)
    for found in map_in_threads(wanted, selection.sources, request.workers, abandon=True):
        files.append(found)
        progress.advance(1)
    names = request.recipe.contamination.benchmarks if "contamination" in request.recipe.stages else ()
    questions, statuses = load_benchmarks(names, request.benchmarks, request.fetcher)
    return Inputs(selection, files, questions, statuses)


def source_files(chosen: ChosenSource) -> tuple[UpstreamFile, ...]:
    """The upstream files of a source under the options of the recipe."""
    return chosen.source.files(chosen.options)


def _hashed(path: Path) -> tuple[str, FileStamp]:
    """The SHA-256 of a file, and its stamp before it was read for that."""
    stamp = file_stamp(path)
    return file_sha256(path), stamp


def locate(chosen: ChosenSource, request: Request, hashes: Mapping[Path, tuple[str, FileStamp]]) -> list[InputFile]:
    """The files of one source, fetched if need be and hashed; `hashes` are those of the user's own files.

    Raises:
        FetchError: one cannot be had, or has other bytes than the pinned ones where that matters.
    """
    files = []
    for own in chosen.local:
        sha256, stamp = hashes[own.path]
        files.append(InputFile(own.mirror_path, own.path, own.revision, sha256, "", own.encoding, stamp))
    for file in (each for named in source_files(chosen) for each in request.fetcher.name_all(named)):
        located = request.fetcher.locate(file)
        sha256, stamp = _hashed(located.path)
        if request.verify_hashes:
            verify_hash(located, sha256)
        pinned, revision = (file.sha256 or "", located.revision)
        if not is_upstream(request.fetcher):
            pinned, revision = "", SAMPLE_REVISION
        files.append(InputFile(file.mirror_path, located.path, revision, sha256, pinned, stamp=stamp))
    return files


def synth_files(folder: Path | None, lang: Lang) -> list[Path]:
    """What synth-prefs wrote into a folder, or into `folder/<lang>`, or the one file given: its pairs, and the rows
    that it dropped.

    Raises:
        MissingFileError: there is none.
    """
    if folder is None:
        return []
    if isfile(folder):
        return [folder]
    for place in (folder / lang, folder):
        pairs = sorted(place.glob("pairs*.parquet")) if isdir(place) else []
        if pairs:
            return [*pairs, *sorted(place.glob("dropped.parquet"))]
    there = ", ".join(sorted(path.name for path in folder.iterdir())[:12]) if isdir(folder) else "no such folder"
    raise MissingFileError(
        f"--synth {folder}",
        f"no pairs*.parquet there; found {there or 'nothing'}",
        hint="Make it with synth-prefs.",
    )
