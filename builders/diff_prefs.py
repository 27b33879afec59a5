"""The command diff-prefs: rows in and out between two builds."""

import argparse
import sys
from pathlib import Path

from sources.command.console import open_console
from sources.command.run import command_parser, print_json, run_command, show_any_text

EXAMPLES = """\
examples:
  diff-prefs prefs-old prefs-new               every language that is in either
  diff-prefs old/zh new/zh --show 5            with five examples of each kind
  diff-prefs old new --json

Pairs are the same when prompt, chosen and rejected are. Counted are, by source: pairs in A only and in B only, with
the stage and reason that the other build has for them in its dropped.parquet; pairs in another split; pairs with
other tags, scores, source or other values beside the text. The order of rows is not compared, nor is anything in
the manifests; what differs there is shown, since it may say why.
  other_text       the upstream row gave another pair
  row_not_read     the source was read, not this row of it (--limit, or another upstream file)
  source_not_read  the source takes no part in the build

Exit status, as of diff: 0 the same pairs, 1 differences, 2 trouble (wrong usage, no build), 130 interrupted.
"""


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = command_parser(
        "diff-prefs", "Tell what two built datasets have in common, and what not and why.", EXAMPLES
    )
    add = parser.add_argument
    add("a", type=Path, metavar="A", help="what build-prefs wrote: a folder, or one language of it (OUT/zh)")
    add("b", type=Path, metavar="B", help="the other one")
    add("--show", type=_count, default=0, metavar="N", help="show N examples of each kind")
    add("--json", action="store_true", help="print the result as JSON instead of tables")
    add("--debug", action="store_true", help="show a traceback when something fails")
    return parser.parse_args(arguments)


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{number} is negative")
    return number


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    show_any_text()
    told: list[int] = []

    def work(options: argparse.Namespace) -> int:
        told.append(_run(options))
        return 0

    status = run_command(parse(arguments), work, "diff-prefs", "nothing was changed")
    return told[0] if status == 0 else 2 if status == 1 else status


def _run(options: argparse.Namespace) -> int:
    from builders.diffing.compare import compare
    from builders.diffing.show import as_json, prompts_of, show_diff
    from sources.pairs.built_folder import open_built

    a, b = open_built(options.a), open_built(options.b)
    diffs = compare(a, b, options.show)
    prompts = prompts_of([example for diff in diffs for example in diff.examples], [*a, *b])
    if options.json:
        print_json([as_json(diff, prompts) for diff in diffs])
    else:
        console = open_console()
        for diff in diffs:
            show_diff(diff, prompts, console)
    return 0 if all(diff.is_same for diff in diffs) else 1


if __name__ == "__main__":
    sys.exit(main())
