"""The options of `python -m train.dpo`: ours, every one of TRL's DPOConfig, and those of its ModelConfig."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

from sources.command.errors import MissingFileError, UsageError
from sources.command.settings import did_you_mean

CT_LLM: dict[str, Any] = {
    "learning_rate": 1e-6,
    "per_device_train_batch_size": 4,
    "num_train_epochs": 2.0,
    "weight_decay": 0.1,
    "warmup_steps": 0.03,
    "beta": 0.5,
}
"""The published settings of CT-LLM-SFT-DPO, which are our defaults."""

OURS: dict[str, Any] = {
    "output_dir": "dpo-output",
    "save_total_limit": 2,
    "eval_strategy": "epoch",
    "precompute_ref_batch_size": 16,
}
"""Where our defaults are others than TRL's for another reason: a disk holds few checkpoints, there is a test split, and
scoring needs less memory than training."""

LOSSES = (
    *("sigmoid", "hinge", "ipo", "exo_pair", "nca_pair", "robust", "bco_pair", "sppo_hard", "aot", "aot_unpaired"),
    *("apo_zero", "apo_down", "discopop", "sft", "sigmoid_norm"),
)
"""Those of TRL 1.16, which would find a wrong one at the first step only."""


@dataclass
class RunArguments:
    """What to train, on what."""

    model: str = field(default="", metadata={"help": "the model to train: a folder or a Hub id"})
    data: list[str] = field(
        default_factory=list,
        metadata={"help": "a folder of build-prefs, a Parquet file or a Hub dataset; several are mixed"},
    )
    ref_model: str = field(default="", metadata={"help": "the reference, where it is not the model before training"})
    chat_template: str = field(default="", metadata={"help": "for a model without one: a name, or a .jinja file"})
    too_long: Literal["drop", "cut"] = field(
        default="drop", metadata={"help": "pairs longer than --max_length: leave them out, or cut completions"}
    )
    pairs_per_step: int = field(default=32, metadata={"help": "pairs of an optimiser step, over all devices"})
    limit: int = field(default=0, metadata={"help": "train on the first N pairs only"})
    devices: int = field(default=0, metadata={"help": "number of devices required; any other is an error"})
    sharding: Literal["", "none", "fsdp2"] = field(
        default="", metadata={"help": "how the model must be divided over them; anything else is an error"}
    )
    resume: bool = field(default=False, metadata={"help": "continue from the last complete checkpoint in --output_dir"})
    dry_run: bool = field(default=False, metadata={"help": "say what would be done, and stop"})
    traceback: bool = field(default=False, metadata={"help": "show where an error came from"})
    plain: bool = field(default=False, metadata={"help": "plain TRL: none of the switches below"})
    pack: bool = field(default=True, metadata={"help": "compute nothing for padding; on unless --no_pack"})
    share_prompts: bool = field(default=False, metadata={"help": "compute a prompt once for both completions"})
    balance: bool = field(
        default=True, metadata={"help": "even out the micro-batches of a step; on unless --no_balance"}
    )
    reference_cache: str = field(
        default="",
        metadata={"help": "folder that caches reference log-probabilities for all runs; none: no cache"},
    )
    token_cache: str = field(default="", metadata={"help": "folder that caches tokens for all runs; none: no cache"})


@dataclass(frozen=True, slots=True)
class Arguments:
    """A command line, understood. `given` are the names that it or its --config sets."""

    run: RunArguments
    dpo: Any
    model: Any
    given: frozenset[str]


NAME = "python -m train.dpo"
ABOUT = "DPO on a set of build-prefs, by TRL. Without options: the published settings of CT-LLM-SFT-DPO."
MORE = """Every option of TRL's DPOConfig and ModelConfig can be given too, here or in a YAML file (--config FILE):
--learning_rate, --beta, --num_train_epochs, --max_length, --output_dir, --use_peft, ... --help_all lists them.
What a run does and leaves: docs/train.md."""


def parse_arguments(argv: Sequence[str]) -> Arguments:
    """What a command line asks for; raises SystemExit(0) for --help, which is about our options, and --help_all.

    Raises:
        UsageError: it cannot be understood.
        MissingFileError: there is no such --config.
    """
    from trl import DPOConfig, ModelConfig, TrlParser

    if {"-h", "--help"} & set(argv):
        _short_help()
        raise SystemExit(0)

    class Parser(TrlParser):
        def error(self, message: str) -> NoReturn:
            raise UsageError("options", message, hint="python -m train.dpo --help_all lists every option.")

    parser = Parser((RunArguments, DPOConfig, ModelConfig), prog=NAME, allow_abbrev=False)
    parser.set_defaults_with_config(**CT_LLM, **OURS, bf16=_has_bf16())
    if "--help_all" in argv:
        parser.print_help()
        raise SystemExit(0)
    argv = _with_equals_split(argv)
    config = _config_keys(argv)
    try:
        run, dpo, model = parser.parse_args_and_config(argv)
    except (ValueError, TypeError, ImportError) as error:
        raise _explain(error, [action.dest for action in parser._actions]) from error
    given = config | {_name(word) for word in argv if word.startswith("--")}
    run.model = run.model or model.model_name_or_path or ""
    arguments = Arguments(run, dpo, model, frozenset(given))
    _check(arguments)
    return arguments


def _short_help() -> None:
    """The options of RunArguments, on stdout."""
    from argparse import RawDescriptionHelpFormatter

    from transformers import HfArgumentParser

    parser = HfArgumentParser(
        RunArguments, prog=NAME, usage=f"{NAME} --model MODEL --data DATA [DATA ...] [options]", description=ABOUT,
        epilog=MORE, formatter_class=RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.print_help()


def _explain(error: Exception, names: list[str]) -> UsageError:
    """What the parser says, and what was meant."""
    unknown = re.search(r"(?:not used by the HfArgumentParser|from config file): \['(-*[^']*)'", str(error))
    if unknown is None:
        return UsageError("options", str(error))
    return UsageError("options", f"unknown option {unknown[1]}", hint=did_you_mean(_name(unknown[1]), names))


def _check(asked: Arguments) -> None:
    """Nothing, if the options go together."""
    run, dpo = asked.run, asked.dpo
    unknown = [loss for loss in dpo.loss_type if loss not in LOSSES]
    faults = {
        "--model is missing": not run.model,
        "--data is missing": not run.data,
        "--trust_remote_code: code that comes with a model is not run; convert the model": dpo.trust_remote_code,
        "--push_to_hub: look at the model first, then upload its folder with `hf upload`": dpo.push_to_hub,
        "--precompute_ref_log_probs: that is what --reference_cache does": "precompute_ref_log_probs" in asked.given,
        "--resume_from_checkpoint: --resume finds the checkpoint": dpo.resume_from_checkpoint is not None,
        "--truncation_mode keep_end: pairs that are too long are left out or cut at the end (--too_long)": (
            dpo.truncation_mode != "keep_start"
        ),
        f"--loss_type {' '.join(unknown)}: TRL has {', '.join(LOSSES)}": bool(unknown),
        "--pairs_per_step must be positive": run.pairs_per_step < 1,
        "--limit must not be negative": run.limit < 0,
        "--padding_free does nothing in TRL 1.16; --pack is on": dpo.padding_free,
        "--label_smoothing does nothing with the sigmoid loss": dpo.label_smoothing and dpo.loss_type == ["sigmoid"],
        "--train_sampling_strategy group_by_length does not work with pairs": dpo.train_sampling_strategy != "random",
        "--ld_alpha weighs tokens, so it needs --reference_cache none": (
            dpo.ld_alpha is not None and run.reference_cache != "none" and not run.plain
        ),
        "--sync_ref_model changes the reference, so it needs --reference_cache none": (
            dpo.sync_ref_model and run.reference_cache != "none" and not run.plain
        ),
        "--share_prompts needs the packed forward": run.share_prompts and (run.plain or not run.pack),
    }
    fault = next((what for what, holds in faults.items() if holds), None)
    if fault:
        raise UsageError("options", fault)


def accumulation(asked: Arguments, world_size: int) -> int:
    """Micro-batches of an optimiser step that give --pairs_per_step on so many devices.

    Raises:
        UsageError: no number does.
    """
    if "gradient_accumulation_steps" in asked.given:
        return int(asked.dpo.gradient_accumulation_steps)
    at_once = asked.dpo.per_device_train_batch_size * world_size
    if asked.run.pairs_per_step % at_once:
        raise UsageError(
            "--pairs_per_step",
            f"{asked.run.pairs_per_step} is no multiple of the {at_once} pairs that {world_size} devices take at once",
            hint="Change --per_device_train_batch_size or --pairs_per_step, or give --gradient_accumulation_steps.",
        )
    return int(asked.run.pairs_per_step // at_once)


def _has_bf16() -> bool:
    """Whether mixed precision in bf16 is worth having: on a GPU that computes with it."""
    import torch

    return bool(torch.cuda.is_available() and torch.cuda.is_bf16_supported())


def _with_equals_split(argv: Sequence[str]) -> list[str]:
    """The words of a command line, `--name=value` as two: TRL's parser looks for the word `--config`."""
    words: list[str] = []
    for word in argv:
        name, equals, value = word.partition("=")
        words += [name, value] if equals and name.startswith("--") else [word]
    return words


def _config_keys(argv: Sequence[str]) -> set[str]:
    """The names that the file of --config sets."""
    import yaml

    if "--config" not in argv:
        return set()
    path = argv[argv.index("--config") + 1] if argv[-1] != "--config" else ""
    try:
        with open(path, encoding="utf-8") as file:
            content = yaml.safe_load(file)
    except OSError as error:
        raise MissingFileError(f"--config {path}", f"cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"--config {path}", f"is not YAML ({error})") from error
    if not isinstance(content, dict):
        raise UsageError(f"--config {path}", f"holds {type(content).__name__}", expected="a mapping of options")
    if "env" in content:
        raise UsageError(f"--config {path}", "sets environment variables (env)", hint="Set them in the shell.")
    return set(content)


def _name(word: str) -> str:
    return word.removeprefix("--").replace("-", "_").removeprefix("no_")
