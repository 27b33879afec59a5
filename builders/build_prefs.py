"""The command build-prefs: upstream datasets in, one accounted-for preference dataset out."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from sources.command import positive, print_json, run_command, show_any_text

EXAMPLES = """\
examples:
  build-prefs --lang zh --sample               try it: the embedded sample, no network, a few seconds
  build-prefs --lang zh                        download the pinned upstream files, build ./prefs/zh
  build-prefs --lang all --dry-run             show what would be read and fetched, and under which licences
  build-prefs --lang zh --mirror /data/mirror  files that are already here, as <owner>/<repository>/<path>
  build-prefs --lang zh --synth synth/zh       with the pairs that synth-prefs made
  build-prefs --lang en --only beavertails --limit 1000
  build-prefs --lang zh --commercial-ok        only sources whose licence allows commercial use
  build-prefs --lang zh --recipe my.yaml       your own mix: start from builders/recipes/ct-llm.yaml

The result is OUT/<lang>: data/train-*.parquet and data/test-*.parquet for datasets, TRL, pandas or DuckDB,
dropped.parquet with every row that is not in the dataset and why, manifest.json, README.md.
Exit status: 0 done, 1 a problem with the input or the machine, 2 wrong usage, 130 interrupted.
"""


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="build-prefs",
        description="Build a preference dataset for DPO from many upstream datasets; nothing disappears unsaid.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--lang", required=True, choices=("zh", "en", "all"), help="which pairs to build; all builds both, split alike")
    add("--out", type=Path, default=Path("prefs"), help="folder for the result (default: ./prefs)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--sample", action="store_true", help="read the embedded sample")
    where.add_argument("--mirror", type=Path, metavar="DIR", help="read files that are already in DIR")
    add("--recipe", default="ct-llm", metavar="NAME|FILE", help="what to build and how (default: ct-llm)")
    add("--only", action="append", default=[], metavar="SOURCE", help="only this source; may be repeated")
    add("--without", action="append", default=[], metavar="SOURCE", help="not this source; may be repeated")
    add("--limit", type=positive, metavar="N", help="read at most N rows of each source")
    add("--commercial-ok", action="store_true", help="only sources whose licence allows commercial use")
    add("--benchmarks", type=Path, metavar="DIR", help="look for benchmark questions of the files in DIR")
    add("--synth", type=Path, metavar="DIR", help="pairs made by synth-prefs")
    add("--add", action="append", default=[], metavar="FILE[:LAYOUT]", help="preferences of your own; may be repeated")
    add("--add-name", action="append", default=[], metavar="NAME", help="what to call them, in the order of --add")
    add("--add-licence", "--add-license", action="append", default=[], metavar="ID", help="their SPDX licences")
    add("--verify-hashes", action="store_true", help="fail when a file is not the pinned one, also in a mirror")
    add("--workers", type=positive, metavar="N", help="processes (default: one a core, at most 4)")
    add("--dry-run", action="store_true", help="show the plan and stop")
    add("--json", action="store_true", help="print the result as JSON instead of tables")
    add("--debug", action="store_true", help="show a traceback when something fails")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    show_any_text()
    return run_command(parse(arguments), _run, "build-prefs", "the output folder is as it was")


def _run(options: argparse.Namespace) -> int:
    from time import perf_counter

    from rich.console import Console

    from builders.pipeline import build
    from builders.progress import Bars, Silent

    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    request = _request(options)
    if options.dry_run:
        return _dry_run(options, request, console)
    began = perf_counter()
    progress = Bars() if sys.stderr.isatty() else Silent()
    try:
        inputs, built = build(request, progress)
    finally:
        progress.close()
    seconds = perf_counter() - began
    if options.json:
        print_json(_summary(inputs, built, seconds))
    else:
        from builders.table import show_build

        show_build(inputs, built, seconds, console)
    return 0


def _request(options: argparse.Namespace) -> Any:
    from builders.inputs import Request
    from builders.recipe import load_recipe
    from sources.download import Download
    from sources.fetch import SAMPLE, Mirror, sample

    if options.benchmarks is not None and not os.path.isdir(options.benchmarks):
        from sources.errors import UsageError

        raise UsageError("--benchmarks", f"no folder {options.benchmarks}")
    fetcher = sample() if options.sample else Mirror(options.mirror) if options.mirror else Download()
    return Request(
        langs=("zh", "en") if options.lang == "all" else (options.lang,),
        recipe=load_recipe(options.recipe),
        fetcher=fetcher,
        out=options.out,
        benchmarks=options.benchmarks or (SAMPLE / "benchmarks" if options.sample else None),
        synth=options.synth,
        only=tuple(options.only),
        without=tuple(options.without),
        commercial_ok=options.commercial_ok,
        verify_hashes=options.verify_hashes,
        added=_added(options),
        max_rows=options.limit,
        workers=options.workers or min(4, os.cpu_count() or 1),
    )


def _added(options: argparse.Namespace) -> Any:
    """The files of one's own, each with its name and licence.

    Raises:
        UsageError: a licence or a name is missing or too many.
    """
    from sources.errors import UsageError
    from sources.own_data import Described

    files, names, licences = options.add, options.add_name, options.add_licence
    if len(licences) != len(files):
        hint = "Give each --add the licence of its data (an SPDX id, or unknown)."
        raise UsageError("--add-licence", f"{len(licences)} for {len(files)} --add", expected="one for each", hint=hint)
    if names and len(names) != len(files):
        raise UsageError("--add-name", f"{len(names)} for {len(files)} --add", expected="one for each, or none")
    described = []
    for place, (given, licence) in enumerate(zip(files, licences, strict=True)):
        path, layout = _path_and_layout(given)
        name = names[place] if names else path.name.split(".")[0]
        described.append(Described(path=path, name=name, licence=licence, layout=layout))
    return tuple(described)


def _path_and_layout(given: str) -> tuple[Path, str]:
    """FILE or FILE:LAYOUT; a colon in the name of a file that exists is part of it."""
    path, colon, layout = given.rpartition(":")
    return (Path(path), layout) if colon and not Path(given).exists() else (Path(given), "")


def _dry_run(options: argparse.Namespace, request: Any, console: Any) -> int:
    from dataclasses import asdict

    from builders.plan import make_plan, show_plan

    plan = make_plan(request)
    if options.json:
        print_json(asdict(plan))
    else:
        show_plan(plan, console)
    return 0


def _summary(inputs: Any, built: Any, seconds: float) -> dict[str, object]:
    from builders.table import remarks
    from sources.account_table import peak_memory_mib
    from sources.ledger import total

    return {
        "built": [
            {
                "lang": result.lang,
                "folder": str(result.folder),
                "sources": [account.as_dict() for account in result.accounts],
                "total": total(result.accounts, result.lang).as_dict(),
            }
            for result in built
        ],
        "remarks": [line.plain for line in remarks(inputs)],
        "seconds": round(seconds, 3),
        "peak_memory_mib": peak_memory_mib(),
    }


if __name__ == "__main__":
    sys.exit(main())
