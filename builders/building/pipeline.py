"""A build, from upstream files to the finished folder, as one page of prose."""

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from builders.building.decide import decide
from builders.building.find_giveaways import find_giveaways, rows_by_source
from builders.building.find_overlaps import find_overlaps
from builders.building.manifest import Outcome, Output, render_manifest
from builders.building.write_pairs import DecidedPairs, WrittenFile, plan_files, write_file
from builders.caching.folder import OpenCache
from builders.card.facts import read_facts
from builders.card.header import LICENSE_FILE, needs_license_file
from builders.card.render import render_card, render_license
from builders.engines.this_machine import map_in_threads, without_collector
from builders.gathering.gather import Gathered, gather
from builders.gathering.gather_here import gather_here
from builders.gathering.unit import Reuse, UnitRunner
from builders.gathering.workers import draws_aside
from builders.inputs.inputs import Inputs, Request, find_inputs, select
from builders.measures.giveaways import Giveaways
from builders.measures.overlap import Overlap
from builders.measures.statistics import together
from builders.report.facts import Build
from builders.report.sample import find_twins
from builders.report.write import write_report
from builders.stages.caps import Cap
from builders.stages.decisions import Decisions
from sources.command.errors import NoPairsError
from sources.command.progress import Progress
from sources.files.folder import check_replaceable, put_in_place, scratch_folder
from sources.pairs.languages import LANGUAGE_NAMES, Lang
from sources.pairs.ledger import Account


@dataclass(frozen=True, slots=True)
class Run:
    """One build while it runs: what was asked for, where to work, who is told, and what draws charts meanwhile."""

    request: Request
    scratch: Path
    progress: Progress
    aside: Executor


@dataclass(frozen=True, slots=True)
class Built:
    """One language of a finished build; `reuse` counts the units of all languages."""

    lang: Lang
    folder: Path
    accounts: list[Account]
    files: list[WrittenFile]
    giveaways: list[Giveaways]
    overlaps: list[Overlap]
    reuse: Counter[Reuse] = field(default_factory=Counter)


def build(request: Request, progress: Progress) -> tuple[Inputs, list[Built]]:
    """Build every language of the request and put the results in place together.

    Raises:
        PrefsError: says where, what and what to do; whatever was in the output folder is still there.
    """
    selection = select(request)
    for lang in request.langs:
        check_replaceable(request.out / lang)
    with scratch_folder(request.out) as scratch, ExitStack() as in_use:
        inputs = find_inputs(selection, request, progress)
        with run_units(request, in_use) as gather_units:
            gathered = gather(inputs, request, scratch, progress, gather_units)
        progress.start("compare", None, "pairs")
        with draws_aside(request, len(gathered.keys)) as aside, without_collector():
            built = make(inputs, gathered, selection.caps, Run(request, scratch, progress, aside))
        for result in built:
            put_in_place(scratch / result.lang, result.folder)
    progress.close()
    return inputs, built


@contextmanager
def run_units(request: Request, in_use: ExitStack) -> Iterator[UnitRunner]:
    """What gathers units on the engine of the request; what it takes from the cache is in use there until the end.

    Raises:
        PrefsError: there is no such cluster.
    """
    if request.engine == "ray":
        from builders.engines.connect_ray import ray_cluster
        from builders.gathering.gather_on_ray import gather_on_ray

        with ray_cluster(request.ray_address, request.ray_tasks) as cluster:
            yield partial(gather_on_ray, cluster=cluster)
    else:
        cache = OpenCache(request.cache, in_use) if request.cache else None
        yield partial(gather_here, workers=request.workers, cache=cache)


def make(inputs: Inputs, gathered: Gathered, caps: Mapping[int, Cap], run: Run) -> list[Built]:
    """Every language of the request, from the pairs of all of them, in the folder where the build works.

    Raises:
        NoPairsError: nothing is left to train on.
    """
    request = run.request
    decisions = decide(gathered.keys, gathered.contaminated, gathered.pairs, request, caps)
    twins = find_twins(gathered.keys, decisions) if request.report else None
    decided = DecidedPairs(gathered.pairs, gathered.lost, gathered.keys, decisions, twins, gathered.wide)
    built: list[Built] = []
    for lang in request.langs:
        accounts = [account for account in gathered.accounts if account.lang == lang]
        try:
            files = write(lang, decided, accounts, run)
        except NoPairsError:
            if not request.may_lose_languages or (lang == request.langs[-1] and not built):
                raise
            continue  # of a file read for both, its rows are other_language_file in the ledger of the other
        told = give_away(lang, gathered, decisions, run)
        overlaps = find_overlaps(lang, gathered.accounts, gathered.keys, decisions)
        result = Built(lang, request.out / lang, accounts, files, told, overlaps, gathered.reuse)
        describe(result, inputs, run)
        built.append(result)
    return built


def write(lang: Lang, decided: DecidedPairs, accounts: list[Account], run: Run) -> list[WrittenFile]:
    """The Parquet files of one language, the accounts closed with what was counted while writing.

    Raises:
        NoPairsError: nothing is left to train on.
        AccountingError: a row is unaccounted for.
    """
    jobs = plan_files(decided, lang)
    if not len(jobs[0].rows):
        made = sum(account.pairs_made for account in accounts)
        found = (
            f"none of {made:,} pairs is left to train on" if made else f"no row gave a pair in {LANGUAGE_NAMES[lang]}"
        )
        others = " or ".join(f"--lang {other}" for other in run.request.langs if other != lang)
        hint = f"Relax the recipe{f', or give {others}' * bool(others)}." if made or not others else f"Give {others}."
        raise NoPairsError(f"--lang {lang}", found, hint=hint)
    folder = run.scratch / lang
    (folder / "data").mkdir(parents=True)
    run.progress.start(f"write {lang}", len(jobs), "files")
    files = []
    for written in map_in_threads(partial(write_file, decided=decided, folder=folder), jobs, run.request.workers):
        files.append(written)
        run.progress.advance(1)
    for account in accounts:
        _close(account, files)
    return files


def _close(account: Account, files: list[WrittenFile]) -> None:
    """Enter in the account of one source what stands in the files, and check that it adds up."""
    for written in files:
        rows = written.by_source[account.source]
        if written.file.path.startswith("data/train"):
            account.train += rows
        elif written.file.path.startswith("data/test"):
            account.test += rows
        account.tags.update({tag: count for (source, tag), count in written.by_tag.items() if source == account.source})
        for (source, reason), count in written.by_reason.items():
            if source == account.source and reason in account.skipped:
                account.expect(f"rows skipped ({reason[1]})", account.skipped[reason], count)
            elif source == account.source:
                account.dropped[reason] += count
    account.check()


def give_away(lang: Lang, gathered: Gathered, decisions: Decisions, run: Run) -> list[Giveaways]:
    """What gives the preferences of each source away, in one language."""
    run.progress.start(f"measure {lang}", None, "sources")
    sources = rows_by_source(lang, gathered.accounts, gathered.keys, decisions.kept)
    return find_giveaways(sources, gathered.keys, decisions.groups, gathered.pairs, run.request.workers)


def describe(built: Built, inputs: Inputs, run: Run) -> None:
    """report.html, manifest.json, README.md and LICENSE.md of one language."""
    folder = run.scratch / built.lang
    statistics = together(written.measured for written in built.files)
    outputs: list[Output] = [written.file for written in built.files]
    if run.request.report:
        measured = (statistics, built.giveaways, built.overlaps)
        facts = Build(built.lang, built.accounts, *measured, inputs, run.request)
        run.progress.start(f"report {built.lang}", None, "rows")
        draws = [file.drawn for file in built.files if file.drawn]
        outputs.append(write_report(folder, facts, draws, run.aside))
    outcome = Outcome(built.lang, built.accounts, built.giveaways, built.overlaps, outputs)
    manifest = render_manifest(outcome, inputs, run.request)
    (folder / "manifest.json").write_text(manifest, encoding="utf-8")
    card = [read_facts(folder, statistics)]
    (folder / "README.md").write_text(render_card(card), encoding="utf-8")
    if needs_license_file(card):
        (folder / LICENSE_FILE).write_text(render_license(card), encoding="utf-8")
