"""Which sources of a plan have prompts in common, from the files that are already here: --dry-run --overlap.

Each row is read and adapted, since only its adapter knows what the prompt is; nothing is checked, compared or written,
which is most of a build. What would first have to be downloaded is named and not counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from rich.console import Console
from rich.text import Text

from builders.engines.this_machine import Tally, map_in_processes
from builders.gathering.prepare import read_source
from builders.inputs.inputs import InputFile, Request, select, source_files
from builders.inputs.recipe import ChosenSource
from builders.measures.overlap import Overlap, count_overlaps
from sources.command.errors import MissingFileError
from sources.command.progress import Progress
from sources.fetch.fetcher import Fetcher
from sources.files.rows import Limits
from sources.pairs.languages import LANGUAGE_NAMES, Lang
from sources.text.texts import prompt_keys


@dataclass(frozen=True, slots=True)
class PlannedOverlaps:
    """By language, what each source has in common with others; how many rows were read; which files were not here."""

    overlaps: dict[Lang, list[Overlap]]
    rows: int
    not_here: list[str]

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        found = {lang: [overlap.as_dict() for overlap in overlaps] for lang, overlaps in self.overlaps.items()}
        return {"overlaps": found, "overlaps_rows_read": self.rows, "overlaps_not_here": self.not_here}


@dataclass(frozen=True, slots=True)
class _Prompts:
    """The hashes of the different prompts of one source, uint64[n]."""

    keys: np.ndarray
    rows: int


def plan_overlaps(request: Request, progress: Progress) -> PlannedOverlaps:
    """What the sources of the request have in common, as far as their files are here.

    Raises:
        UsageError: a name does not exist.
        ReadError: a file cannot be read.
    """
    here, not_here = [], list[str]()
    for chosen in select(request).sources:
        files, missing = _files_here(chosen, request.fetcher)
        here += [(chosen, files)] if files else []
        not_here += missing
    progress.start("read prompts", None, "rows")
    limits, most = request.recipe.limits.reading, request.max_rows
    reading = partial(_read_prompts, limits=limits, max_rows=most, simplify=request.recipe.simplifies)
    read = map_in_processes(reading, here, request.workers, progress.advance)
    overlaps = {}
    for lang in request.langs:
        prompts = {
            chosen.source.name: found.keys
            for (chosen, _), found in zip(here, read, strict=True)
            if chosen.source.lang == lang
        }
        overlaps[lang] = count_overlaps(prompts, {})
    return PlannedOverlaps(overlaps, sum(found.rows for found in read), list(dict.fromkeys(not_here)))


def _files_here(chosen: ChosenSource, fetcher: Fetcher) -> tuple[list[InputFile], list[str]]:
    """The files of a source that are on this machine, and the paths of those that are not."""
    files = [InputFile(file.mirror_path, file.path, "", "", "", file.encoding) for file in chosen.local]
    missing = []
    for named in source_files(chosen):
        try:
            for file in fetcher.name_all(named) if fetcher.describe(named) != "download" else (named,):
                if fetcher.describe(file) in ("download", "missing"):
                    missing.append(file.mirror_path)
                else:
                    files.append(InputFile(file.mirror_path, fetcher.locate(file).path, "", "", ""))
        except MissingFileError:
            missing.append(named.mirror_path)
    return files, missing


def _read_prompts(
    here: tuple[ChosenSource, list[InputFile]], tally: Tally, limits: Limits, max_rows: int | None, simplify: bool
) -> _Prompts:
    """The prompts of one source; runs in a process of its own where there are several workers."""
    chosen, files = here
    keys, rows = [np.empty(0, np.uint64)], 0
    for batch in read_source(chosen, 0, files, limits, max_rows):
        adapted = chosen.source.adapt(batch.batch.rows, chosen.options)
        keys.append(np.unique(prompt_keys(adapted.pairs["prompt"].combine_chunks(), simplify=simplify)))
        rows += len(batch.batch)
        tally.add(len(batch.batch))
    return _Prompts(np.unique(np.concatenate(keys)), rows)


def show_overlaps(planned: PlannedOverlaps, console: Console) -> None:
    """A line for each source that shares prompts with others, those it shares most with first."""
    for lang, overlaps in planned.overlaps.items():
        for overlap in overlaps:
            shared = ", ".join(_shared(overlap))
            which = f"  {LANGUAGE_NAMES[lang]}, {overlap.source}: of {overlap.prompts:,} prompts {shared}"
            console.print(Text.assemble(("overlap", "green"), which))
        if not overlaps:
            console.print(Text.assemble(("overlap", "green"), f"  {LANGUAGE_NAMES[lang]}: no source shares a prompt"))
    for path in planned.not_here:
        console.print(Text.assemble(("not counted", "yellow"), f"  {path}: not on this machine"))
    console.print(Text(f"{planned.rows:,} rows were read for their prompts.", style="dim"))


def _shared(overlap: Overlap) -> Iterator[str]:
    for other, count in sorted(overlap.shared.items(), key=lambda each: (-each[1], each[0])):
        yield f"{count:,} in {other} ({count / overlap.prompts:.0%})"
