"""`python -m train.dpo`: DPO on a built dataset, by TRL, several times faster."""

import argparse
import os
import sys
from collections.abc import Sequence

INTERRUPTED = "the last checkpoint is whole; the same command with --resume goes on from it"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    from sources.command.run import run_command, show_any_text

    words = list(sys.argv[1:] if argv is None else argv)
    show_any_text()
    _quiet()
    options = argparse.Namespace(words=words, debug="--traceback" in words)
    return run_command(options, _train, "train.dpo", INTERRUPTED, extra="train")


def _quiet() -> None:
    """No telemetry, and no word of the libraries that is not a warning about the run."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")


def _train(options: argparse.Namespace) -> int:
    import warnings

    from train.training.arguments import parse_arguments

    if not options.debug:
        warnings.simplefilter("ignore")
    asked = parse_arguments(options.words)
    from train.training.devices import check_devices
    from train.training.plan import make_plan, show_plan
    from train.training.prepare import prepare
    from train.training.trainer import check_trl

    check_trl()
    check_devices(asked)
    prepared = prepare(asked)
    plan = make_plan(asked, prepared)
    if asked.dpo.process_index == 0:
        show_plan(asked, prepared, plan)
    if asked.run.dry_run:
        return 0
    from train.training.session import train

    train(asked, prepared, plan, options.words)
    return 0


if __name__ == "__main__":
    sys.exit(main())
