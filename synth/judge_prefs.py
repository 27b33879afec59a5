"""The command judge-prefs: pairs in, a judge's verdicts in both orders and an audit of the labels out."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from sources.command.run import command_parser, positive, print_json, run_command, show_any_text
from synth.job.flags import add_asking_flags, check_unicode

EXAMPLES = """\
examples:
  judge-prefs prefs/zh --judge-model qwen3-32b --judge-url http://127.0.0.1:8000/v1 --sample 2000 --out judged/zh
                                               are the labels right? 2,000 pairs, each source by its size
  judge-prefs prefs/zh ... --dry-run           how many requests, tokens and dollars; asks nothing
  judge-prefs pairs.parquet --lang en ...      a file with the columns of a build
  judge-prefs prefs/zh ... --rubric my.yaml    another rubric; copy synth/rubrics/zh.yaml and change it
  judge-prefs prefs/zh --judge-model gpt-4o --max-spend 20 --out judged/zh
                                               OpenAI's; stops before 20 dollars are exceeded

Each pair is asked about twice, with chosen and with rejected first. Only a preference that both orders share counts;
all else is a tie. A verdict that cannot be read for certain is asked for once more, and then is none, with its reason.
Every answer is in OUT/journal.sqlite before it counts: run the same command again after an interruption, and nothing is
asked twice. The result is OUT/verdicts.parquet (every answer), scores.parquet (the label of each pair), report.html and
manifest.json (both with the audit). docs/judge.md says when to trust a judge.
Keys: JUDGE_API_KEY, OPENAI_API_KEY (for OpenAI only), or --judge-key-file.
Exit status: 0 done, 1 a problem with the input, the server or the machine, 2 wrong usage, 3 batches still at work,
130 interrupted.
"""

INTERRUPTED = "what was answered is kept: the same command goes on, and with --collect audits what is there"


def parse(
    arguments: list[str] | None, parser_class: type[argparse.ArgumentParser] = argparse.ArgumentParser
) -> argparse.Namespace:
    what = "Let a model judge pairs in both orders, and audit their labels."
    parser = command_parser("judge-prefs", what, EXAMPLES, parser_class)
    add = parser.add_argument
    add("pairs", type=Path, metavar="FOLDER_OR_FILE", help="what build-prefs wrote, or a Parquet file of pairs")
    add("--out", type=Path, required=True, metavar="DIR", help="folder for the result and the journal")
    add("--lang", choices=("zh", "en"), help="which language, if there are both")
    add("--sample", type=positive, metavar="N", help="judge N pairs, each source by its size; the same ones each time")
    judge = parser.add_argument_group("the judge")
    judge.add_argument("--judge-model", required=True, metavar="NAME", help="as the server calls it")
    judge.add_argument("--judge-url", metavar="URL", help="an OpenAI-compatible server (default: OpenAI's)")
    judge.add_argument("--judge-key-file", type=Path, metavar="FILE", help="a file that holds its key")
    judge.add_argument("--rubric", metavar="NAME|FILE", help="what it is told (default: that of the language)")
    judge.add_argument("--batch", action="store_true", help="ask it through the Batch API")
    judge.add_argument("--no-wait", action="store_true", help="with --batch: submit and leave, collect another time")
    how = parser.add_argument_group("how")
    add_asking_flags(how)
    how.add_argument("--collect", action="store_true", help="ask nothing: audit what the journal holds")
    how.add_argument("--dry-run", action="store_true", help="say what would be asked, and stop")
    add("--json", action="store_true", help="print the result as JSON instead of tables")
    add("--debug", action="store_true", help="show a traceback when something fails")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    show_any_text()
    return run_command(parse(arguments), _run, "judge-prefs", INTERRUPTED, extra="synth")


def _run(options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from rich.console import Console

    from synth.judging.pipeline import run_judging
    from synth.judging.plan import plan_judging
    from synth.judging.show import show_judgement, show_plan, summary

    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    job = make_job(options)
    if options.dry_run:
        plan = plan_judging(job)
        if options.json:
            print_json(asdict(plan))
        else:
            show_plan(plan, console)
        return 0
    result = run_judging(job, progress="bar" if sys.stderr.isatty() else "lines")
    if options.json:
        print_json(summary(job, result))
    else:
        show_judgement(job, result, console)
    return 0


def make_job(options: argparse.Namespace) -> Any:
    """The job that the options describe, checked as far as that needs no pairs.

    Raises:
        UsageError: an option, a rubric or a price list is wrong.
    """
    from sources.command.errors import UsageError
    from synth.job.model import served_model
    from synth.job.pace import Pace
    from synth.job.price import load_prices
    from synth.judging.job import JudgeJob
    from synth.judging.rubric import load_rubric

    check_unicode(options)
    if options.no_wait and not options.batch:
        raise UsageError("--no-wait", "says nothing without --batch")
    if options.rubric:
        load_rubric(options.rubric)  # so that a fault shows before the pairs are read
    judge = served_model(
        "judge", options.judge_model, options.judge_url, options.judge_key_file, os.environ,
        prices=load_prices(options.prices), limited=options.max_spend is not None, batch=options.batch,
    )  # fmt: skip
    return JudgeJob(
        pairs=options.pairs,
        lang=options.lang,
        out=options.out,
        judge=judge,
        rubric=options.rubric,
        sample=options.sample,
        pace=Pace(concurrency=options.concurrency, patience_s=options.patience),
        timeout_s=options.timeout,
        max_spend=options.max_spend,
        wait=not options.no_wait,
        collect=options.collect,
        retry_refused=options.retry_refused,
        forget_batches=options.forget_batches,
    )


if __name__ == "__main__":
    sys.exit(main())
