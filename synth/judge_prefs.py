"""The command judge-prefs: pairs in, a judge's verdicts in both orders and an audit of the labels out."""

import argparse
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

from sources.command.console import open_console
from sources.command.run import command_parser, positive, print_json, run_command, show_any_text
from synth.job.flags import add_asking_flags, add_batch_flags, ask_settings, check_asking_flags

EXAMPLES = """\
examples:
  judge-prefs prefs/zh --judge-model qwen3-32b --judge-url http://127.0.0.1:8000/v1 --sample 2000 --out judged/zh
                                               are the labels right? 2,000 pairs, each source by its size
  judge-prefs prefs/zh ... --dry-run           how many requests, tokens and dollars; asks nothing
  judge-prefs pairs.parquet --lang en ...      a file with the columns of a build
  judge-prefs prefs/zh ... --rubric my.yaml    another rubric; copy synth/rubrics/zh.yaml and change it
  judge-prefs prefs/zh --judge-model a --judge-url URL_OF_A --judge-model b --judge-url URL_OF_B --together all ...
                                               several judges; their verdicts stand also one by one
  judge-prefs prefs/zh --judge-model gpt-4o --max-spend 20 --out judged/zh
                                               OpenAI's; stops before 20 dollars are exceeded
  build-prefs --lang zh --judged judged/zh     then: without the pairs it disagrees with

Each pair is asked about twice, with chosen and with rejected first. Only a preference that both orders share counts;
all else is a tie. A verdict that cannot be read for certain is asked for once more, and then is none, with its reason.
Every answer is in OUT/journal.sqlite before it counts: run the same command again after an interruption, and nothing is
asked twice. The result is OUT/verdicts.parquet (every answer), scores.parquet (the label of each pair), report.html and
manifest.json (both with the audit). docs/judge.md says when to trust a judge.
Keys: JUDGE_API_KEY (for the first judge's server), OPENAI_API_KEY (for OpenAI only), or --judge-key-file for each.
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
    more = partial(judge.add_argument, action="append")
    more("--judge-model", required=True, metavar="NAME", help="name on the server; repeat it for several judges")
    more("--judge-url", metavar="URL", default=[], help="an OpenAI-compatible server (default: OpenAI's)")
    more("--judge-key-file", type=Path, default=[], metavar="FILE", help="a file that holds its key")
    judge.add_argument("--together", choices=("majority", "all"), help="rule to combine judges (default: majority)")
    judge.add_argument("--rubric", metavar="NAME|FILE", help="instructions to the judge (default: by language)")
    add_batch_flags(judge)
    how = parser.add_argument_group("how")
    add_asking_flags(how, collect="ask nothing: audit what the journal holds")
    add("--json", action="store_true", help="print the result as JSON instead of tables")
    add("--debug", action="store_true", help="show a traceback when something fails")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    show_any_text()
    return run_command(parse(arguments), _run, "judge-prefs", INTERRUPTED, extra="synth")


def _run(options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from synth.judging.pipeline import run_judging
    from synth.judging.plan import plan_judging
    from synth.judging.show import show_judgement, show_plan, summary

    console = open_console()
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
    from synth.judging.job import JudgeJob
    from synth.judging.rubric import load_rubric

    check_asking_flags(options)
    if options.rubric:
        load_rubric(options.rubric)  # so that a fault shows before the pairs are read
    return JudgeJob(
        pairs=options.pairs,
        lang=options.lang,
        out=options.out,
        judges=tuple(_judges(options)),
        rule=options.together or "majority",
        rubric=options.rubric,
        sample=options.sample,
        settings=ask_settings(options),
    )


def _judges(options: argparse.Namespace) -> list[Any]:
    """The judges; where there are several, JUDGE_API_KEY is for the server of the first.

    Raises:
        UsageError: there are more URLs or key files than judges, or one judge stands twice.
    """
    from sources.command.errors import UsageError
    from synth.job.model import served_model
    from synth.job.price import load_prices

    names, prices = options.judge_model, load_prices(options.prices)
    urls, files = (_one_for_each(options, flag) for flag in ("judge_url", "judge_key_file"))
    for name in names:
        if names.count(name) > 1:
            raise UsageError("--judge-model", f"{name} is given twice", hint="Verdicts are told apart by its name.")
    if options.together and len(names) == 1:
        raise UsageError("--together", "needs at least two judges")
    others = {name: value for name, value in os.environ.items() if name != "JUDGE_API_KEY"}
    return [
        served_model(
            "judge", name, url, file, os.environ if url == urls[0] else others,
            prices=prices, limited=options.max_spend is not None, batch=options.batch,
        )
        for name, url, file in zip(names, urls, files, strict=True)
    ]  # fmt: skip


def _one_for_each(options: argparse.Namespace, name: str) -> list[Any]:
    """The values of an option, one for each judge; a single URL is for all, other options that are not given are None.

    Raises:
        UsageError: there is another number of them.
    """
    from sources.command.errors import UsageError

    given, count = getattr(options, name), len(options.judge_model)
    if not given or (len(given) == 1 and name == "judge_url"):
        return (given or [None]) * count
    if len(given) != count:
        flag = f"--{name.replace('_', '-')}"
        raise UsageError(flag, f"is given {len(given)} times for {count} judges", expected="one for each")
    return list(given)


if __name__ == "__main__":
    sys.exit(main())
