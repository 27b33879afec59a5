"""The command synth-prefs: prompts in, pairs of a stronger and a weaker model's answers out."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from sources.command.console import open_console
from sources.command.run import command_parser, positive, print_json, run_command, show_any_text
from synth.job.flags import add_asking_flags, add_batch_flags, ask_settings, check_asking_flags

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
  build-prefs --lang zh --synth synth/zh       then: a dataset with these pairs in it

Every answer is in OUT/journal.sqlite before it counts: run the same command again after an interruption, and
nothing is asked twice. The result is OUT/pairs.parquet, candidates.parquet (every answer), dropped.parquet
(every prompt and answer without a pair, and why) and manifest.json.
Keys: REJECTED_API_KEY, CHOSEN_API_KEY, OPENAI_API_KEY (for OpenAI only), or --rejected-key-file, --chosen-key-file.
Exit status: 0 done, 1 a problem with the input, the server or the machine, 2 wrong usage, 3 batches still at work,
130 interrupted.
"""

MAX_SEED_BITS = 63
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
    rejected = parser.add_argument_group("the weaker model")
    rejected.add_argument("--rejected-model", required=True, metavar="NAME", help="as the server calls it, or a folder")
    rejected.add_argument("--rejected-url", metavar="URL", help="an OpenAI-compatible server, ending with /v1")
    rejected.add_argument("--rejected-key-file", type=Path, metavar="FILE", help="a file that holds its key")
    rejected.add_argument("--engine", choices=("server", "vllm"), default="server", help="vllm: in this process")
    rejected.add_argument("--num-rejected", type=positive, default=1, metavar="N", help="answers for each prompt")
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
    from synth.run.pipeline import run_job
    from synth.run.table import show_run, summary

    result = run_job(job, progress="bar" if sys.stderr.isatty() else "lines")
    if options.json:
        print_json(summary(job, result))
    else:
        show_run(job, result, console)
    return 0


def make_job(options: argparse.Namespace) -> Any:
    """The job that the options describe, checked as far as that needs no prompts.

    Raises:
        UsageError: an option, a recipe, a template or a price list is wrong.
    """
    from sources.fetch.download import Download
    from sources.fetch.fetcher import Mirror, sample
    from synth.job.job import Job
    from synth.job.recipe import load_recipe

    recipe = load_recipe(options.recipe)
    if options.pairing:
        recipe = recipe.model_copy(update={"pairing": options.pairing})
    if options.thinking:
        told = {"thinking": options.thinking}
        sides = {side: getattr(recipe, side).model_copy(update=told) for side in ("rejected", "chosen")}
        recipe = recipe.model_copy(update=sides)
    if options.template:
        writing = recipe.rejected.model_copy(update={"templates": {options.lang: options.template}})
        recipe = recipe.model_copy(update={"rejected": writing})
    _check_flags(options)
    rejected, chosen = _models(options)
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
        prompts_file=options.prompts,
        licence=options.licence,
        limit=options.limit,
        seed=options.seed,
        answers=options.num_rejected,
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
    if options.licence != UNKNOWN and not options.prompts:
        raise UsageError("--licence", "says nothing without --prompts")
    if options.engine == "vllm" and options.rejected_url:
        raise UsageError(
            "--engine vllm", "cannot be combined with --rejected-url", hint="Leave out --rejected-url or --engine."
        )
    if options.engine == "server" and not options.rejected_url:
        raise UsageError("--rejected-url", "is missing", expected="http://127.0.0.1:8000/v1 or the like")


def _models(options: argparse.Namespace) -> tuple[Any, Any]:
    """The weaker and, if one is asked, the stronger model."""
    from synth.job.model import Model, served_model
    from synth.job.price import find_price, load_prices

    prices, limited = load_prices(options.prices), options.max_spend is not None
    chosen = options.chosen_model and served_model(
        "chosen", options.chosen_model, options.chosen_url, options.chosen_key_file, os.environ,
        prices=prices, limited=limited, batch=options.batch,
    )  # fmt: skip
    name = options.rejected_model
    if options.engine == "vllm":
        price = find_price(prices, name, is_own=True, limited=limited)
        shown = Path(name).name  # the path stays out of the outputs
        return Model(side="rejected", name=shown, endpoint=None, checkpoint=name, price=price), chosen
    rejected = served_model(
        "rejected", name, options.rejected_url, options.rejected_key_file, os.environ, prices=prices, limited=limited
    )
    return rejected, chosen


if __name__ == "__main__":
    sys.exit(main())
