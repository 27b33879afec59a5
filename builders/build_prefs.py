"""The command build-prefs: upstream datasets in, one accounted-for preference dataset out."""

import argparse
import sys
from pathlib import Path
from typing import Any

from sources.command.console import open_console
from sources.command.run import command_parser, complain, positive, print_json, run_command, show_any_text

EXAMPLES = """\
examples:
  build-prefs --lang zh --sample               try it: the embedded sample, no network, a few seconds
  build-prefs --lang zh                        download the pinned upstream files, build ./prefs/zh
  build-prefs --lang ja --only arena_140k      another language that a source has (docs/languages.md)
  build-prefs --lang all --dry-run             show what would be read and fetched, and under which licences
  build-prefs --lang zh --mirror /data/mirror  files that are already here, as <owner>/<repository>/<path>
  build-prefs --lang zh --synth synth/zh       with the pairs that synth-prefs made
  build-prefs --lang en --only beavertails --limit 1000
  build-prefs --lang zh --commercial-ok        only sources whose licence allows commercial use
  build-prefs --lang zh --push-to-hub NAME/x   and publish it on the Hub, as publish-prefs does
  build-prefs --lang zh --add my.jsonl --add-licence MIT --only-added
                                               your own data alone
  build-prefs --lang zh --recipe my.yaml       your own mix: start from builders/recipes/ct-llm.yaml

The result is OUT/<lang>: data/train-*.parquet and data/test-*.parquet for datasets, TRL, pandas or DuckDB,
dropped.parquet with every row that is not in the dataset and why, manifest.json, README.md,
report.html to look at.
Exit status: 0 done, 1 a problem with the input or the machine, 2 wrong usage, 130 interrupted.
"""


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = command_parser(
        "build-prefs",
        "Build a preference dataset for DPO from many upstream datasets; every row is accounted for.",
        EXAMPLES,
    )
    add = parser.add_argument
    langs = "languages to build, with a common split: zh, en, all (both), or any code of ISO 639-1 that a source has"
    add("--lang", metavar="LANG[,LANG]", help=langs)
    add("--out", type=Path, default=Path("prefs"), help="folder for the result (default: ./prefs)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--sample", action="store_true", help="read the embedded sample")
    where.add_argument("--mirror", type=Path, metavar="DIR", help="read files that are already in DIR")
    add("--recipe", default="ct-llm", metavar="NAME|FILE", help="what to build and how (default: ct-llm)")
    add(
        "--only",
        action="append",
        default=[],
        metavar="SOURCE",
        help="only this source, even if it is not in the recipe (may be repeated)",
    )
    add("--without", action="append", default=[], metavar="SOURCE", help="not this source (may be repeated)")
    add("--limit", type=positive, metavar="N", help="read at most N rows of each source")
    add("--commercial-ok", action="store_true", help="only sources whose licence allows commercial use")
    add("--benchmarks", type=Path, metavar="DIR", help="look for benchmark questions of the files in DIR")
    add("--synth", type=Path, metavar="DIR", help="pairs made by synth-prefs")
    add("--judged", type=Path, metavar="DIR", help="verdicts by judge-prefs on these pairs")
    disagrees = "with --judged, pairs whose label the judge disagrees with: drop (default), tag, flip or off"
    add("--judge-disagrees", choices=("drop", "tag", "flip", "off"), help=disagrees)
    add("--min-margin", type=float, metavar="N", help="with --judged: drop pairs whose judged scores are closer")
    own = "preferences of your own: a file, a folder or owner/name[@revision] on the Hub; may be repeated"
    add("--add", action="append", default=[], metavar="DATA[:LAYOUT]", help=own)
    add("--add-name", action="append", default=[], metavar="NAME", help="what to call them, in the order of --add")
    add("--add-licence", "--add-license", action="append", default=[], metavar="ID", help="their SPDX licences")
    add(
        "--add-signal",
        action="append",
        default=[],
        metavar="WHO",
        help="who preferred: human, votes, safety, model, synthetic (default: unknown)",
    )
    add(
        "--encoding", default="", metavar="NAME", help="encoding of added non-UTF-8 text (default: detected if certain)"
    )
    add(
        "--include", action="append", default=[], metavar="GLOB", help="added folders: only matching files (repeatable)"
    )
    add(
        "--exclude", action="append", default=[], metavar="GLOB", help="added folders: skip matching files (repeatable)"
    )
    add("--only-added", action="store_true", help="build only what --add names")
    add("--verify-hashes", action="store_true", help="fail when a file is not the pinned one, also in a mirror")
    add("--workers", type=positive, metavar="N", help="processes (default: one a core, at most 4)")
    add("--engine", choices=("local", "ray"), default="local", help="where: this machine (default), or a Ray cluster")
    add(
        "--ray-address", metavar="auto|HOST:PORT", help="with --engine ray: a running cluster (default: one of its own)"
    )
    add("--memory", metavar="SIZE", help="refuse what needs more memory than this, such as 2GiB")
    add("--no-cache", dest="cache", action="store_false", help="read and check every file, also those as before")
    add("--cache-info", action="store_true", help="show what earlier builds left in the cache, and stop")
    add("--cache-clear", action="store_true", help="empty the cache, and stop")
    add("--no-report", action="store_true", help="do not write report.html")
    add("--push-to-hub", metavar="NAME/x", help="publish the result there, as publish-prefs does (private)")
    add("--public", action="store_true", help="with --push-to-hub: for everybody to see")
    add("--replace", action="store_true", help="with --push-to-hub: remove there what publish-prefs did not write")
    add("--dry-run", action="store_true", help="show the plan and stop")
    add(
        "--overlap", action="store_true", help="with --dry-run: count the prompts that sources share (reads their rows)"
    )
    add("--json", action="store_true", help="print the result as JSON instead of tables")
    add("--debug", action="store_true", help="show a traceback when something fails")
    options = parser.parse_args(arguments)
    if options.overlap and not options.dry_run:
        parser.error("argument --overlap: needs --dry-run (a build counts them by itself)")
    if options.lang is None and not (options.cache_info or options.cache_clear):
        parser.error("the following arguments are required: --lang")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    show_any_text()
    options = parse(arguments)
    where = "the output folder is as it was"
    if options.push_to_hub:
        where = "output folder and repository are as they were, or whole; run the command again"
    return run_command(options, _run, "build-prefs", where)


def _run(options: argparse.Namespace) -> int:
    from time import perf_counter

    _load_workers_early(options)

    from builders.building.pipeline import build
    from sources.command.progress import Bars, Silent

    if options.cache_info or options.cache_clear:
        from builders.caching.show import cache_info, clear_cache

        open_console().print(clear_cache() if options.cache_clear else cache_info(), soft_wrap=True, highlight=False)
        return 0
    console = open_console()
    request = _request(options)
    order = _order(options, request.langs)
    if options.dry_run:
        return _dry_run(options, request, console)
    began = perf_counter()
    progress = Bars() if sys.stderr.isatty() else Silent()
    try:
        inputs, built = build(request, progress)
    finally:
        progress.close()
    seconds = perf_counter() - began
    if not options.json:
        from builders.building.table import show_build

        show_build(inputs, built, seconds, console)
    published = _publish(order, [result.folder for result in built], options) if order else {}
    if options.json:
        print_json(_summary(inputs, built, seconds) | published)
    return 0


def _load_workers_early(options: argparse.Namespace) -> None:
    """Start to load what worker processes need, where there is likely to be enough for several."""
    few = options.sample or options.dry_run or options.limit or options.only_added
    if not few and options.workers != 1 and options.engine != "ray":
        from builders.gathering.workers import load_workers_early

        load_workers_early(options.mirror)


def _order(options: argparse.Namespace, langs: tuple[str, ...]) -> Any:
    """What to publish where, found to be possible before anything is built; None without --push-to-hub.

    Raises:
        UsageError: a flag that needs it stands alone.
        PublishError: it is not possible.
    """
    if not options.push_to_hub:
        for flag in ("public", "replace"):
            if getattr(options, flag):
                from sources.command.errors import UsageError

                raise UsageError(f"--{flag}", "needs --push-to-hub NAME/x")
        return None
    from builders.publishing.hub_access import checked_name
    from builders.publishing.publish import Order, check_target

    repo = checked_name(options.push_to_hub, "--push-to-hub")
    order = Order(folders=(), repo=repo, public=options.public, replace=options.replace, dry_run=options.dry_run)
    check_target(order, langs)
    return order


def _publish(order: Any, folders: list[Path], options: argparse.Namespace) -> dict[str, object]:
    """What was published, for --json; else it is shown."""
    from dataclasses import replace

    from builders.publish_prefs import show, summarise
    from builders.publishing.publish import publish

    order = replace(order, folders=folders)
    result = publish(order, _tell)
    if not options.json:
        show(order, result)
    return {"published": summarise(order, result)}


def _tell(line: str) -> None:
    complain("build-prefs", line)


def _request(options: argparse.Namespace) -> Any:
    from inspect import signature

    from builders.python.build import make_request

    same = {name: getattr(options, name) for name in signature(make_request).parameters if hasattr(options, name)}
    given = {"added": _added(options), "wanted": _wanted(options)}
    return make_request(**given, report=not options.no_report, download=not options.dry_run, **same)


def _added(options: argparse.Namespace) -> Any:
    from builders.inputs.added import parse_added

    return parse_added(options.add, options.add_name, options.add_licence, options.add_signal)


def _wanted(options: argparse.Namespace) -> Any:
    from builders.inputs.added import want_files

    return want_files(options.include, options.exclude, options.encoding)


def _dry_run(options: argparse.Namespace, request: Any, console: Any) -> int:
    from dataclasses import asdict

    from builders.inputs.added import list_added
    from builders.inputs.plan import make_plan, show_plan

    plan = make_plan(request, list_added(_added(options), _wanted(options)))
    told = {}
    if options.push_to_hub:
        from builders.publishing.hub_access import find_token
        from builders.publishing.publish import NOT_CHECKED

        not_checked = {} if find_token(options.push_to_hub) else {"not_checked": NOT_CHECKED}
        told = {"publish_to": options.push_to_hub, **not_checked}
    overlaps = _overlaps(request) if options.overlap else None
    if options.json:
        print_json(asdict(plan) | told | (overlaps.as_dict() if overlaps else {}))
        return 0
    show_plan(plan, console, "only prompts were read" if overlaps else "nothing was read")
    if overlaps:
        from builders.building.plan_overlaps import show_overlaps

        show_overlaps(overlaps, console)
    if told:
        how = "for everybody to see" if options.public else "private"
        asked = told.get("not_checked", "the Hub was asked, and nothing forbids it.")
        console.print(f"It would be published as {options.push_to_hub}, {how}; {asked}")
    return 0


def _overlaps(request: Any) -> Any:
    from builders.building.plan_overlaps import plan_overlaps
    from sources.command.progress import Bars, Silent

    progress = Bars() if sys.stderr.isatty() else Silent()
    try:
        return plan_overlaps(request, progress)
    finally:
        progress.close()


def _summary(inputs: Any, built: Any, seconds: float) -> dict[str, object]:
    from builders.building.table import remarks, reuse_counts
    from sources.command.memory import peak_memory_mib
    from sources.pairs.ledger import total

    return {
        "built": [
            {
                "lang": result.lang,
                "folder": str(result.folder),
                "sources": [account.as_dict() for account in result.accounts],
                "total": total(result.accounts, result.lang).as_dict(),
                "overlaps": [overlap.as_dict() for overlap in result.overlaps],
            }
            for result in built
        ],
        "remarks": [line.plain for line in remarks(inputs, built)],
        "cache": reuse_counts(built),
        "seconds": round(seconds, 3),
        "peak_memory_mib": peak_memory_mib(),
    }


if __name__ == "__main__":
    sys.exit(main())
