"""The command synth-prefs: prompts in, pairs of a stronger and a weaker model's answers out."""

import argparse
import sys
from pathlib import Path
from typing import Any

from sources.command.console import open_console
from sources.command.run import command_parser, positive, print_json, run_command, show_any_text
from synth.job.flags import add_asking_flags, add_batch_flags, ask_settings, check_asking_flags
from synth.job.rejected_from import WAYS

EXAMPLES = """\
examples:
  synth-prefs --lang zh --rejected-model baichuan-7b --rejected-url http://127.0.0.1:8000/v1 --out synth/zh
                                               GPT-4's published answers against those of a model that vLLM serves
  synth-prefs --lang zh --sample --rejected-model m --rejected-url http://127.0.0.1:8000/v1 --out synth/try
                                               try it: the embedded sample
  synth-prefs --lang zh ... --dry-run          how many requests, tokens and dollars; asks nothing
  synth-prefs --lang en ... --prompts my.jsonl --licence MIT
                                               prompts of your own: {"prompt": "...", "chosen": "..."} in each line
  synth-prefs --lang zh ... --chosen-model gpt-4o --max-spend 20
                                               chosen answers written anew; stops before 20 dollars are exceeded
  synth-prefs --lang zh ... --chosen-model gpt-4o --batch
                                               the same through the Batch API: come back later with the same command
  synth-prefs --lang zh --engine vllm --rejected-model ./baichuan-7b-llama --out synth/zh
                                               vLLM in this process, no server
  synth-prefs --lang zh --candidate-model a=http://127.0.0.1:8000/v1 --candidate-model b=http://127.0.0.1:8001/v1 \\
    --answers 4 --out cand/zh                  four answers of each of two models, for judge-prefs to choose from
  synth-prefs --lang zh --candidate-model my-sft=http://127.0.0.1:8000/v1 --on-policy --answers 8 --out cand/zh
                                               all of the model that is to be trained
  synth-prefs --lang zh ... --chosen-model m --chosen-url URL --rejected-from hotter --rejected-temperature 1.6
                                               the same model, hotter; also truncated, off-topic, smaller, checkpoint
  build-prefs --lang zh --synth synth/zh       then: a dataset with these pairs in it

Every answer is in OUT/journal.sqlite before it counts: run the same command again after an interruption, and
nothing is asked twice. The result is OUT/pairs.parquet, candidates.parquet (every answer), dropped.parquet
(every prompt and answer without a pair, and why) and manifest.json.
Keys: REJECTED_API_KEY, CHOSEN_API_KEY, CANDIDATE_API_KEY (for the first candidate's server), OPENAI_API_KEY (for OpenAI
only), or --rejected-key-file, --chosen-key-file, --candidate-key-file.
Exit status: 0 done, 1 a problem with the input, the server or the machine, 2 wrong usage, 3 batches still at work,
130 interrupted.
"""

MAX_SEED_BITS = 63
OF_CANDIDATES = ("answers", "on_policy", "candidate_key_file")
OF_PAIRS = (
    "rejected_url",
    "rejected_key_file",
    "num_rejected",
    "rejected_from",
    "rejected_temperature",
    "pairing",
)
ALONE = (*OF_CANDIDATES, *OF_PAIRS)
"""Options that have a meaning only with candidates, or only without."""

UNKNOWN = "unknown"
"""The licence of prompts if --licence is not given."""

INTERRUPTED = "what was answered is kept: the same command goes on, and with --collect makes pairs of what is there"


def parse(
    arguments: list[str] | None, parser_class: type[argparse.ArgumentParser] = argparse.ArgumentParser
) -> argparse.Namespace:
    what = "Make preference pairs of a stronger and a weaker model's answers; no answer is paid for twice."
    parser = command_parser("synth-prefs", what, EXAMPLES, parser_class)
    add = parser.add_argument
    add("--lang", required=True, choices=("zh", "en"), help="language of the prompts")
    add("--out", type=Path, metavar="DIR", help="folder for the result and the journal (default: ./synth-out/LANG)")
    prompts = parser.add_argument_group("prompts (default: alpaca_gpt4, downloaded)").add_mutually_exclusive_group()
    prompts.add_argument("--sample", action="store_true", help="those of the embedded sample")
    prompts.add_argument("--mirror", type=Path, metavar="DIR", help="alpaca_gpt4 out of files that are already in DIR")
    prompts.add_argument("--prompts", type=Path, metavar="FILE", help="JSON lines: prompt or messages, maybe chosen")
    add("--licence", "--license", default=UNKNOWN, metavar="ID", help="SPDX licence of --prompts (default: unknown)")
    add("--limit", type=positive, metavar="N", help="take the first N rows only")
    rejected = parser.add_argument_group("the weaker model, or the models whose answers are candidates for a judge")
    asked = rejected.add_mutually_exclusive_group(required=True)
    asked.add_argument("--rejected-model", metavar="NAME", help="as the server calls it, or a folder")
    asked.add_argument(
        "--candidate-model", action="append", metavar="NAME=URL", help="repeat it; its answers become no pairs here"
    )
    rejected.add_argument("--rejected-url", metavar="URL", help="an OpenAI-compatible server, ending with /v1")
    rejected.add_argument("--rejected-key-file", type=Path, metavar="FILE", help="a file that holds its key")
    rejected.add_argument("--engine", choices=("server", "vllm"), default="server", help="vllm: in this process")
    rejected.add_argument("--num-rejected", type=positive, metavar="N", help="answers for each prompt (default: 1)")
    rejected.add_argument("--rejected-from", choices=WAYS, default="weaker", help="how its answer comes to be worse")
    rejected.add_argument("--rejected-temperature", type=float, metavar="T", help="of --rejected-from hotter")
    rejected.add_argument("--answers", type=positive, metavar="N", help="of each candidate to each prompt (default: 1)")
    rejected.add_argument("--on-policy", action="store_true", help="the one candidate is the model to be trained")
    rejected.add_argument(
        "--candidate-key-file", type=Path, action="append", default=[], metavar="FILE", help="one for each candidate"
    )
    rejected.add_argument("--template", metavar="NAME|FILE", help="instruction template, in place of the recipe's")
    chosen = parser.add_argument_group("the stronger model (default: the answers that the prompts come with)")
    chosen.add_argument("--chosen-model", metavar="NAME", help="write chosen anew with this model")
    chosen.add_argument("--chosen-url", metavar="URL", help="its server (default: OpenAI's)")
    chosen.add_argument("--chosen-key-file", type=Path, metavar="FILE", help="a file that holds its key")
    add_batch_flags(chosen)
    how = parser.add_argument_group("how")
    how.add_argument("--recipe", default="ct-llm", metavar="NAME|FILE", help="sampling, checks, pairing")
    how.add_argument("--pairing", choices=("first", "all", "closest_length"), help="in place of the recipe's")
    how.add_argument("--thinking", choices=("on", "off"), help="set the switch of the models' chat templates")
    how.add_argument("--seed", type=_seed, default=0, metavar="N", help="of the sampling (default: 0)")
    add_asking_flags(how, collect="ask nothing: make pairs of what the journal holds")
    add("--json", action="store_true", help="print the result as JSON instead of tables")
    add("--debug", action="store_true", help="show a traceback when something fails")
    return parser.parse_args(arguments)


def _seed(text: str) -> int:
    number = int(text)
    if number.bit_length() > MAX_SEED_BITS:
        raise argparse.ArgumentTypeError(f"a seed has at most {MAX_SEED_BITS} bits")
    return number


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    show_any_text()
    return run_command(parse(arguments), _run, "synth-prefs", INTERRUPTED, extra="synth")


def _run(options: argparse.Namespace) -> int:
    console = open_console()
    job = make_job(options)
    if options.dry_run:
        from dataclasses import asdict

        from synth.run.plan import make_plan, show_plan

        plan = make_plan(job)
        if options.json:
            print_json(asdict(plan))
        else:
            show_plan(plan, console)
        return 0
    from synth.asking.meter import Progress
    from synth.run.collect import collect
    from synth.run.pipeline import run_job
    from synth.run.table import show_collected, show_run, summary

    progress: Progress = "bar" if sys.stderr.isatty() else "lines"
    if job.candidates:
        collected = collect(job, progress=progress)
        print_json(summary(job, collected)) if options.json else show_collected(job, collected, console)
    else:
        result = run_job(job, progress=progress)
        print_json(summary(job, result)) if options.json else show_run(job, result, console)
    return 0


def make_job(options: argparse.Namespace) -> Any:
    """The job that the options describe, checked as far as that needs no prompts.

    Raises:
        UsageError: an option, a recipe, a template or a price list is wrong.
    """
    from sources.fetch.download import Download
    from sources.fetch.fetcher import Mirror, sample
    from synth.job.job import Job
    from synth.job.models_of import candidates_of, check_hotter, models_of
    from synth.job.recipe import SIDES, load_recipe
    from synth.job.rejected_from import RejectedFrom

    recipe = load_recipe(options.recipe)
    if options.pairing:
        recipe = recipe.model_copy(update={"pairing": options.pairing})
    if options.thinking:
        told = {"thinking": options.thinking}
        sides = {side: getattr(recipe, side).model_copy(update=told) for side in SIDES}
        recipe = recipe.model_copy(update=sides)
    if options.template:
        told = {"templates": {options.lang: options.template}}
        sides = {side: getattr(recipe, side).model_copy(update=told) for side in ("rejected", "candidate")}
        recipe = recipe.model_copy(update=sides)
    _check_flags(options)
    candidates = tuple(candidates_of(options))
    rejected, chosen = (None, None) if candidates else models_of(options)
    worse = RejectedFrom(options.rejected_from, options.rejected_temperature)
    check_hotter(worse, recipe, rejected, chosen)
    return Job(
        lang=options.lang,
        out=options.out or Path("synth-out") / options.lang,
        recipe=recipe,
        fetcher=None
        if options.prompts
        else sample()
        if options.sample
        else Mirror(options.mirror)
        if options.mirror
        else Download(),
        rejected=rejected,
        chosen=chosen,
        candidates=candidates,
        on_policy=options.on_policy,
        rejected_from=worse,
        prompts_file=options.prompts,
        licence=options.licence,
        limit=options.limit,
        seed=options.seed,
        answers=options.num_rejected or options.answers or 1,
        settings=ask_settings(options),
    )


def _check_flags(options: argparse.Namespace) -> None:
    """Check that the options fit each other.

    Raises:
        UsageError: two do not.
    """
    from sources.command.errors import UsageError

    check_asking_flags(options)
    chosen = ("chosen_url", "chosen_key_file", "batch")
    for name in chosen:
        if getattr(options, name) and not options.chosen_model:
            raise UsageError(f"--{name.replace('_', '-')}", "has no effect without --chosen-model")
    given = {name for name in ALONE if getattr(options, name) not in (None, False, [], "weaker")}
    wrong = given & set(OF_PAIRS if options.candidate_model else OF_CANDIDATES)
    for name in sorted(wrong):
        other = "says nothing with" if options.candidate_model else "needs"
        raise UsageError(f"--{name.replace('_', '-')}", f"{other} --candidate-model")
    if options.chosen_model and options.candidate_model:
        raise UsageError("--chosen-model", "says nothing with --candidate-model")
    if options.on_policy and len(options.candidate_model) > 1:
        raise UsageError(
            "--on-policy", f"{len(options.candidate_model)} candidates", expected="the model to be trained"
        )
    if options.licence != UNKNOWN and not options.prompts:
        raise UsageError("--licence", "says nothing without --prompts")
    if options.candidate_model:
        return
    if options.engine == "vllm" and options.rejected_url:
        raise UsageError(
            "--engine vllm", "cannot be combined with --rejected-url", hint="Leave out --rejected-url or --engine."
        )
    if options.engine == "server" and not options.rejected_url:
        raise UsageError("--rejected-url", "is missing", expected="http://127.0.0.1:8000/v1 or the like")


if __name__ == "__main__":
    sys.exit(main())
