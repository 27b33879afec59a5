"""The command python -m train.evaluate: a model on the benchmarks of the card, before and after DPO side by side."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sources.command.console import open_console, result_line
from sources.command.run import command_parser, positive, print_json, run_command, show_any_text

if TYPE_CHECKING:
    from train.evaluation.measure import Job

EXAMPLES = """\
examples:
  python -m train.evaluate --model out --sample
                                               try it: a few questions of each benchmark that come with this program
  python -m train.evaluate --model out --before SFT_MODEL --mirror DIR
                                               all benchmarks of the card before and after DPO, files from DIR
  python -m train.evaluate --model out --tasks copa,hellaswag
                                               questions from the Hugging Face Hub
  python -m train.evaluate --model out --tasks cvalues,cvalues_loglikelihood --mirror DIR --apply-chat-template

The result is FOLDER/results.json, scores.svg, scores.png and questions.jsonl (every answer). What DIR holds:
docs/evaluate.md. No model's own code is ever run.
Exit status: 0 done, 1 a problem with the data, the model or the machine, 2 wrong usage, 130 interrupted.
"""

INTERRUPTED = "nothing was written"
MAX_SEED_BITS = 32


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = command_parser(
        "python -m train.evaluate",
        "Measure a model on CValues, CMMLU, COPA, HellaSwag and TriviaQA, with confidence intervals.",
        EXAMPLES,
    )
    add = parser.add_argument
    add("--model", required=True, metavar="MODEL", help="a model folder, an adapter folder, or OWNER/NAME on the Hub")
    add("--before", metavar="MODEL", help="the model before DPO: both are measured, and the difference")
    add("--tasks", metavar="A,B", help="which benchmarks (default: cvalues,cmmlu,copa,hellaswag,triviaqa)")
    add(
        "--out", type=Path, default=Path("evaluation"), metavar="FOLDER", help="for the results (default: ./evaluation)"
    )
    where = parser.add_argument_group("questions (default: downloaded)").add_mutually_exclusive_group()
    where.add_argument("--mirror", type=Path, metavar="DIR", help="out of files that are already in DIR")
    where.add_argument("--sample", action="store_true", help="the few that come with this program")
    how = parser.add_argument_group("how")
    how.add_argument("--limit", type=positive, metavar="N", help="only the first N questions (of each cmmlu subject)")
    how.add_argument(
        "--num-fewshot",
        type=_shots,
        default=0,
        metavar="N",
        help="examples before a question (default: 0; cvalues: none)",
    )
    how.add_argument("--batch-size", type=_batch_size, default=8, metavar="N|auto", help="(default: 8)")
    how.add_argument("--device", metavar="DEVICE", help="cpu, cuda, cuda:1, mps (default: cuda if there is one)")
    how.add_argument(
        "--dtype", choices=("auto", "float32", "bfloat16", "float16"), default="auto", help="(default: as it is saved)"
    )
    how.add_argument("--apply-chat-template", action="store_true", help="ask in the chat template of the tokenizer")
    how.add_argument("--seed", type=_seed, default=0, metavar="N", help="for the choice of examples (default: 0)")
    add("--json", action="store_true", help="print the result as JSON instead of a table")
    add("--debug", action="store_true", help="show a traceback when something fails")
    return parser.parse_args(arguments)


def _shots(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError(f"{number} is not from 0 to 100")
    return number


def _batch_size(text: str) -> int | str:
    return text if text == "auto" else positive(text)


def _seed(text: str) -> int:
    number = int(text)
    if number < 0 or number.bit_length() > MAX_SEED_BITS:
        raise argparse.ArgumentTypeError(f"a seed is from 0 to 2^{MAX_SEED_BITS} - 1")
    return number


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    show_any_text()
    return run_command(parse(arguments), _run, "train.evaluate", INTERRUPTED, extra="evaluate")


def _run(options: argparse.Namespace) -> int:
    from contextlib import redirect_stdout

    from train.evaluation.measure import measure

    with redirect_stdout(sys.stderr):  # the libraries' remarks are no part of the result
        report = measure(make_job(options))
    if options.json:
        from train.evaluation.report import as_data

        print_json(as_data(report))
        return 0
    from train.evaluation.table import show_report

    console = open_console()
    show_report(report, console)
    console.print()
    console.print(result_line(options.out, "results.json, scores.svg, scores.png"))
    return 0


def make_job(options: argparse.Namespace) -> "Job":
    """The options as a job, everything checked that can be without a library.

    Raises:
        UsageError: a benchmark is unknown, or this is one of several processes.
    """
    import os

    from sources.command.errors import UsageError
    from train.evaluation.benchmarks import BY_NAME, OF_THE_CARD
    from train.evaluation.measure import Job

    names = list(OF_THE_CARD) if options.tasks is None else [name.strip() for name in options.tasks.split(",")]
    for name in names:
        if name not in BY_NAME:
            raise UsageError(f"--tasks {options.tasks}", f"no benchmark {name!r}", expected=", ".join(BY_NAME))
    if int(os.environ.get("WORLD_SIZE") or 1) > 1:
        raise UsageError("evaluation", "runs in one process", hint="Start it with python -m, not with torchrun.")
    given = {name: value for name, value in vars(options).items() if name not in ("tasks", "json", "debug")}
    return Job(benchmarks=tuple(BY_NAME[name] for name in dict.fromkeys(names)), **given)


if __name__ == "__main__":
    sys.exit(main())
