"""The command judge-prefs: verdicts on pairs or scores of answers, an audit of labels, pairs of candidates."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sources.command.console import open_console
from sources.command.run import command_parser, positive, print_json, run_command, show_any_text
from synth.job.flags import add_asking_flags, add_batch_flags

if TYPE_CHECKING:
    from synth.asking.meter import Progress
    from synth.judging.job import JudgeJob
    from synth.ranking.job import ScoreJob

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
  judge-prefs prefs/zh --mode pointwise --judge-model qwen3-32b --judge-url URL --domain code ...
                                               a score for each answer, by a rubric
  judge-prefs prefs/zh --reward-model rm --reward-url http://127.0.0.1:8001 --out judged/zh
                                               a reward model that vLLM serves
  judge-prefs synth/zh/candidates.parquet --judge-model a --judge-url URL --margin 1 --out judged/zh
                                               candidates of synth-prefs scored, and made into pairs
  build-prefs --lang zh --judged judged/zh     then: without the pairs it disagrees with

A pair is asked about twice, with chosen and with rejected first. Only a preference that both orders share counts;
all else is a tie. A verdict that cannot be read for certain is asked for once more, and then is none, with its reason.
Every answer is in OUT/journal.sqlite before it counts: run the same command again after an interruption, and nothing is
asked twice. The result is OUT/verdicts.parquet (every answer), scores.parquet (the label of each pair), report.html and
manifest.json (both with the audit); of scores also answers.parquet, of candidates pairs.parquet.
docs/judge.md says when to trust a judge.
Keys: JUDGE_API_KEY, REWARD_API_KEY (each for its first server), OPENAI_API_KEY (for OpenAI only), or key files.
Exit status: 0 done, 1 a problem with the input, the server or the machine, 2 wrong usage, 3 batches still at work,
130 interrupted.
"""

INTERRUPTED = "what was answered is kept: the same command goes on, and with --collect audits what is there"


def parse(
    arguments: list[str] | None, parser_class: type[argparse.ArgumentParser] = argparse.ArgumentParser
) -> argparse.Namespace:
    what = "Let models judge pairs or score answers: audit labels, or make pairs of candidates."
    parser = command_parser("judge-prefs", what, EXAMPLES, parser_class)
    add = parser.add_argument
    what = "what build-prefs wrote, a Parquet file of pairs, or candidates.parquet of synth-prefs"
    add("input", type=Path, metavar="FOLDER_OR_FILE", help=what)
    add("--out", type=Path, required=True, metavar="DIR", help="folder for the result and the journal")
    add("--lang", metavar="LANG", help="which language, if there are several")
    add("--sample", type=positive, metavar="N", help="judge N pairs, each source by its size; the same ones each time")
    judge = parser.add_argument_group("the judge")
    more = judge.add_argument
    more("--judge-model", action="append", metavar="NAME", help="name on the server; repeat it for several judges")
    more("--judge-url", action="append", metavar="URL", help="an OpenAI-compatible server (default: OpenAI's)")
    more("--judge-key-file", action="append", type=Path, metavar="FILE", help="a file that holds its key")
    more("--reward-model", action="append", metavar="NAME", help="a reward model that vLLM serves; may be repeated")
    more("--reward-url", action="append", metavar="URL", help="its server, such as http://127.0.0.1:8001")
    more("--reward-key-file", action="append", type=Path, metavar="FILE", help="a file that holds its key")
    rule = "rule to combine judges (default: majority; of scores: mean, or standardised if scales differ)"
    more("--together", choices=("majority", "all", "mean", "standardised"), help=rule)
    more("--mode", choices=("pairwise", "pointwise"), help="both orders of a pair (default), or a score per answer")
    more("--rubric", metavar="NAME|FILE", help="instructions to the judge (default: by language)")
    add_batch_flags(judge)
    scores = parser.add_argument_group("scores")
    more = scores.add_argument
    more("--recipe", metavar="NAME|FILE", help="rubrics by domain, scale, rules: default, coig-p")
    more("--domain", metavar="NAME", help="one rubric for all: chat, code, maths, logic, writing, role_play, safety")
    more("--domain-column", metavar="NAME", help="the column that names the domain of a row (default: domain)")
    choices = ("best_worst", "best_random", "adjacent", "above_margin", "closest_length")
    more("--choose", choices=choices, help="which candidates become pairs (default: best_worst)")
    more("--margin", type=float, metavar="N", help="by more than which their scores differ (default: 0)")
    more("--seed", type=int, metavar="N", help="of best_random (default: 0)")
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
    from synth.ranking.job import ScoreJob

    job = make_job(options)
    how: Progress = "bar" if sys.stderr.isatty() else "lines"
    return _score(options, job, how) if isinstance(job, ScoreJob) else _judge(options, job, how)


def _judge(options: argparse.Namespace, job: "JudgeJob", progress: "Progress") -> int:
    from synth.judging.pipeline import run_judging
    from synth.judging.plan import plan_judging
    from synth.judging.show import show_judgement, show_plan, summary

    if options.dry_run:
        return _print_plan(options, plan_judging(job), show_plan)
    result = run_judging(job, progress=progress)
    if options.json:
        print_json(summary(job, result))
    else:
        show_judgement(job, result, open_console())
    return 0


def _score(options: argparse.Namespace, job: "ScoreJob", progress: "Progress") -> int:
    from synth.ranking.pipeline import run_scoring
    from synth.ranking.plan import plan_scoring, show_plan
    from synth.ranking.show import show_scoring, summary

    if options.dry_run:
        return _print_plan(options, plan_scoring(job), show_plan)
    result = run_scoring(job, progress=progress)
    if options.json:
        print_json(summary(job, result))
    else:
        show_scoring(job, result, open_console())
    return 0


def _print_plan(options: argparse.Namespace, plan: Any, show: Callable[[Any, Any], None]) -> int:
    from dataclasses import asdict

    if options.json:
        print_json(asdict(plan))
    else:
        show(plan, open_console())
    return 0


def make_job(options: argparse.Namespace) -> "JudgeJob | ScoreJob":
    """The job that the options describe, checked as far as that needs no pairs.

    Raises:
        UsageError: an option, a rubric, a recipe or a price list is wrong.
    """
    from synth.ranking.options import make_job as of_options

    return of_options(options)


if __name__ == "__main__":
    sys.exit(main())
