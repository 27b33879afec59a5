"""The command synth.convert_baichuan: a Baichuan-7B checkpoint in, the same model for any server out."""

import argparse
import sys
from pathlib import Path

from sources.command.run import command_parser, run_command, show_any_text

NAME = "convert_baichuan"
ABOUT = """\
Write a Baichuan-7B checkpoint as a LlamaForCausalLM checkpoint with a fast tokenizer, which vLLM and transformers
serve without remote code. The numbers stay the same: the fused attention matrix is split, nothing is rounded.
"""
EXAMPLE = """\
example:
  python -m synth.convert_baichuan ./Baichuan-7B ./Baichuan-7B-llama
  vllm serve ./Baichuan-7B-llama

It is a base model without a chat template: ask it over /v1/completions.
Baichuan-13B and Baichuan2 are refused: they compute what a Llama does not.
Needs: pip install 'build-prefs[convert]'
Exit status: 0 done, 1 a problem with the checkpoint or the machine, 2 wrong usage, 130 interrupted.
"""


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = command_parser(f"python -m synth.{NAME}", ABOUT, EXAMPLE)
    parser.add_argument("source", type=Path, metavar="SRC", help="folder with config.json, weights and tokenizer.model")
    parser.add_argument("target", type=Path, metavar="DST", help="folder to write, which must be new or empty")
    parser.add_argument("--debug", action="store_true", help="show a traceback when something fails")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    show_any_text()
    return run_command(parse(arguments), _run, NAME, "nothing was written", extra="convert")


def _run(options: argparse.Namespace) -> int:
    from functools import partial

    from tqdm import tqdm

    from synth.baichuan.convert import convert

    made = convert(options.source, options.target, watch=partial(tqdm, desc="weights", unit="file", disable=None))
    sys.stdout.write(
        f"{options.target}: LlamaForCausalLM, {made.tensors} tensors, {made.weight_bytes / 1e9:.2f} GB; "
        f"the tokenizer agrees with sentencepiece on {made.texts_compared} texts\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
