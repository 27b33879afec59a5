"""The command lint-prefs: what is wrong with anybody's preference data."""

import argparse
import sys
from pathlib import Path
from typing import Any

from sources.command.console import open_console
from sources.command.run import command_parser, complain, positive, print_json, run_command, show_any_text

NAME = "lint-prefs"
EXAMPLES = """\
examples:
  lint-prefs data.jsonl                        any of the layouts below
  lint-prefs prefs/zh                          a folder: its files, their splits told by their names
  lint-prefs owner/name@main                   a dataset of the Hugging Face Hub
  lint-prefs data.json --layout 'keys(prompt=question,chosen=good,rejected=bad)'
  lint-prefs data.jsonl --tokenizer MODEL --max-tokens 2048
                                               also what a trainer would cut
  lint-prefs data.jsonl --benchmarks DIR       also questions of benchmarks in the prompts
  lint-prefs data.jsonl --fail-on contradiction,identical_sides
  lint-prefs data.jsonl --fix clean            the clean set, as build-prefs writes it, with every dropped row and why
  lint-prefs --explain near_duplicate

Layouts: those of TRL, LLaMA-Factory, ms-swift, MedicalGPT, axolotl, OpenAI, HH-RLHF and KTO, scored and ranked answers,
verdicts (arena, HelpSteer, PKU and others), found out row by row; docs/add-your-data.md has them all.
Files: JSON of any form, CSV, Parquet, Arrow or xlsx, packed (gz, xz, bz2, zst, zip) or not.
Exit status: 0 nothing that --fail-on names was found, 1 it was, or the data cannot be read, 2 wrong usage.
"""

LEVELS = {"error": ("error",), "warning": ("error", "warning"), "info": ("error", "warning", "info"), "never": ()}


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = command_parser(NAME, "Look for what is wrong with preference data; nothing is changed.", EXAMPLES)
    add = parser.add_argument
    add(
        "data",
        nargs="?",
        type=Path,
        metavar="PATH|HUB_ID",
        help="a file, a folder of files, or owner/name[@revision] on the Hub",
    )
    add("--layout", default="", metavar="NAME", help="layout of the rows (default: detected)")
    add("--encoding", default="", metavar="NAME", help="encoding of non-UTF-8 text (default: detected if certain)")
    add("--include", action="append", default=[], metavar="GLOB", help="folders: only matching files (may be repeated)")
    add("--exclude", action="append", default=[], metavar="GLOB", help="folders: skip matching files (may be repeated)")
    add("--fail-on", default="error", metavar="WHAT", help="error, warning, info, never, or comma-separated codes")
    add("--tokenizer", type=Path, metavar="FILE", help="a tokenizer.json, or the folder of a model")
    add("--max-tokens", type=positive, default=2048, metavar="N", help="with --tokenizer (default: 2048)")
    add("--benchmarks", type=Path, metavar="DIR", help="look for benchmark questions of the files in DIR")
    add("--limit", type=positive, metavar="N", help="read at most N rows of each file")
    add("--fix", type=Path, metavar="OUT", help="write the cleaned data and the dropped rows to OUT")
    add("--licence", "--license", default="unknown", metavar="ID", help="with --fix: the licence of the data")
    add("--explain", metavar="CODE", help="say what a rule means, and what to do")
    add("--workers", type=positive, metavar="N", help="processes (default: one a core, at most 4)")
    add("--json", action="store_true", help="print the result as JSON")
    add("--debug", action="store_true", help="show a traceback when something fails")
    options = parser.parse_args(arguments)
    if options.data is None and options.explain is None:
        parser.error("give the PATH of a file or folder, a HUB_ID, or --explain CODE")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    show_any_text()
    return run_command(parse(arguments), _run, NAME, "nothing was written")


def _run(options: argparse.Namespace) -> int:
    from time import perf_counter

    from rich.markdown import Markdown

    from builders.linting.rules import explain, find_rule

    console = open_console()
    if options.explain is not None:
        console.print(Markdown(explain(find_rule(options.explain, "--explain"))))
        return 0
    from builders.gathering.workers import load_workers_early

    if options.workers != 1 and not options.limit:
        load_workers_early(Path(options.data))
    from builders.inputs.added import want_files
    from builders.linting.show import as_json, by_rule, show_findings
    from builders.linting.splits import find_files

    began, fails = perf_counter(), _failing(options.fail_on)
    found = find_files(options.data, "PATH", want_files(options.include, options.exclude, options.encoding))
    examined = _examine(options, found)
    seconds = perf_counter() - began
    if not options.json:
        show_findings(examined, seconds, console)
    built = _fix(options, found.files, examined, console) if options.fix else None
    if options.json:
        print_json(as_json(examined, seconds) | ({"fixed": built} if built else {}))
    return int(any(rule.code in fails for rule, _ in by_rule(examined)))


def _failing(fail_on: str) -> set[str]:
    """The codes of the rules that make the command fail."""
    from builders.linting.rules import RULES, find_rule

    if fail_on in LEVELS:
        return {rule.code for rule in RULES if rule.severity in LEVELS[fail_on]}
    return {find_rule(code.strip(), "--fail-on").code for code in fail_on.split(",")}


def _examine(options: argparse.Namespace, found: Any) -> Any:
    from builders.python.lint import examine_files

    same = ("layout", "tokenizer", "max_tokens", "benchmarks", "limit", "workers")
    given = {name: getattr(options, name) for name in same}
    return examine_files(found, progress=sys.stderr.isatty(), **given)


def _fix(options: argparse.Namespace, files: Any, examined: Any, console: Any) -> Any:
    """Write the clean set and say so; what was written, for JSON."""
    from time import perf_counter

    from builders.building.pipeline import build
    from builders.building.table import show_build
    from builders.linting.fix import as_json, describe_data, recipe_for
    from builders.python.lint import make_request
    from sources.command.progress import Silent
    from sources.fetch.data_files import name_data

    began = perf_counter()
    added = describe_data(files, name_data(options.data), options.licence, options.layout)
    langs = tuple(examined.pairs_by_lang)
    request = make_request(
        options.fix,
        benchmarks=options.benchmarks,
        limit=options.limit,
        workers=options.workers,
        recipe=recipe_for(examined),
        added=added,
        langs=langs,
        may_lose_languages=True,
    )
    inputs, built = build(request, Silent())
    for lang in set(langs) - {each.lang for each in built}:
        complain(NAME, f"--fix: none of {examined.pairs_by_lang[lang]:,} pairs in {lang} is left, so it has no folder")
    if not options.json:
        show_build(inputs, built, perf_counter() - began, console)
    return as_json(built)


if __name__ == "__main__":
    sys.exit(main())
