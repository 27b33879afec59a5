"""The command export-prefs: a built dataset as the trainers read it."""

import argparse
import sys
from pathlib import Path

from builders.exporting.formats import FORMATS, load_format
from sources.command.console import open_console, result_line
from sources.command.run import command_parser, print_json, run_command, show_any_text

EXAMPLES = """\
examples:
  export-prefs prefs --format llamafactory --to lf      every language that is in ./prefs, to lf/<lang>
  export-prefs prefs/zh --format ms-swift --to swift
  export-prefs prefs --format kto --to kto --json

formats:
{formats}

The result is DIR/<lang>: train and test, the configuration of the trainer, README.md, exported.json with the
account of every pair, and left_out.jsonl with those that the format cannot hold, if there are any. A second run
replaces its own result only. Text is never changed.
Exit status: 0 done, 1 a problem with the input or the machine, 2 wrong usage, 130 interrupted.
"""


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = command_parser(
        "export-prefs",
        "Write a built dataset as a trainer reads it, with the snippet of its configuration.",
        EXAMPLES.format(formats="\n".join(f"  {name:<14} {listed.what}" for name, listed in FORMATS.items())),
    )
    add = parser.add_argument
    add("dataset", type=Path, metavar="OUT", help="what build-prefs wrote: OUT, or one language of it (OUT/zh)")
    add("--format", required=True, choices=tuple(FORMATS), help="what to write")
    add("--to", required=True, type=Path, metavar="DIR", help="folder for the result")
    add("--json", action="store_true", help="print the account as JSON instead of a table")
    add("--debug", action="store_true", help="show a traceback when something fails")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    show_any_text()
    return run_command(parse(arguments), _run, "export-prefs", "the output folder is as it was")


def _run(options: argparse.Namespace) -> int:
    from rich.text import Text

    from builders.exporting.describe import EXPORTED, export_table, summary
    from builders.exporting.export import export
    from builders.exporting.format import words_of
    from sources.pairs.built_folder import open_built

    done = export(open_built(options.dataset), load_format(options.format), options.to)
    if options.json:
        print_json(
            [
                {"lang": one.built.lang, "folder": str(one.folder), "format": options.format, **summary(one)}
                for one in done
            ]
        )
        return 0
    console = open_console()
    for one in done:
        console.print(export_table(one))
        for reason in sorted({reason for count in one.counts.values() for reason in count.left_out}):
            console.print(Text.assemble((reason, "yellow"), f"  {words_of(one.format, reason)}"))
    console.print()
    for one in done:
        size = sum(file.bytes for file in one.files) / 1e6
        console.print(result_line(one.folder, f"{size:,.1f} MB, {EXPORTED}"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
