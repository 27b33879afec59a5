"""TRL's formats: conversational, standard, and the unpaired one of KTO.

https://huggingface.co/docs/trl/dataset_formats; checked with TRL 1.16.
"""

import pyarrow as pa

from builders.exporting.format import Format, LeftOut, Pair, Place, Row, assistant
from builders.exporting.rich import trl_row
from sources.pairs.extras import wide_schema
from sources.pairs.schema import TURNS

MODEL = "Qwen/Qwen2.5-0.5B-Instruct"
"""A model to begin with, in every configuration."""


CONVERSATIONAL = pa.schema([("prompt", TURNS), ("chosen", TURNS), ("rejected", TURNS)])


def conversational(pair: Pair) -> list[Row]:
    """A row with an explicit prompt and one message on each side."""
    return [{"prompt": pair.prompt, "chosen": [assistant(pair.chosen)], "rejected": [assistant(pair.rejected)]}]


def _standard(pair: Pair) -> list[Row] | LeftOut:
    if len(pair.prompt) != 1:
        has_system = any(message["role"] == "system" for message in pair.prompt)
        return LeftOut("system_turn" if has_system else "several_turns")
    return [{"prompt": pair.prompt[0]["content"], "chosen": pair.chosen, "rejected": pair.rejected}]


def _kto(pair: Pair) -> list[Row]:
    return [
        {"prompt": pair.prompt, "completion": [assistant(pair.chosen)], "label": True},
        {"prompt": pair.prompt, "completion": [assistant(pair.rejected)], "label": False},
    ]


def _settings(place: Place, rate: str) -> str:
    """A configuration of TRL's command; relative to the folder that it is in."""
    lines = [
        f"model_name_or_path: {MODEL}  # put your own here",
        "dataset_name: .  # this folder; its files are its splits",
        f"output_dir: {place.name}-{rate}",
        "beta: 0.1",
        f"learning_rate: {'5.0e-7' if rate == 'dpo' else '1.0e-6'}",
        "max_length: 2048",
    ]
    evaluation = ["eval_strategy: steps", "eval_steps: 500"] if place.test else ["eval_strategy: 'no'"]
    return "\n".join([*lines, *evaluation]) + "\n"


def _dpo(place: Place) -> dict[str, str]:
    return {"dpo.yaml": _settings(place, "dpo")}


def _kto_settings(place: Place) -> dict[str, str]:
    return {"kto.yaml": _settings(place, "kto")}


TRL = Format(
    name="trl",
    trainer="TRL (DPOTrainer)",
    row='{"prompt": [messages], "chosen": [message], "rejected": [message]}',
    rows=conversational,
    configuration=_dpo,
    run="trl dpo --config dpo.yaml",
    good_to_know=(
        "The prompt is explicit: TRL guesses nothing, and applies the chat template of the model itself.",
        "The files of the build have these columns too: this export is for those who want them alone.",
    ),
    schema=CONVERSATIONAL,
    rich=trl_row,
    rich_schema=wide_schema(CONVERSATIONAL),
    rich_always=True,
)
TRL_STANDARD = Format(
    name="trl-standard",
    trainer="TRL (DPOTrainer), plain strings",
    row='{"prompt": "...", "chosen": "...", "rejected": "..."}',
    rows=_standard,
    configuration=_dpo,
    run="trl dpo --config dpo.yaml",
    good_to_know=(
        "TRL applies no chat template to plain strings: prompt and answer are joined as they are. For a chat model "
        "take the format trl.",
    ),
    reasons={
        "system_turn": "a system turn: a plain string has no place for it",
        "several_turns": "a prompt of several turns: a plain string has no place for them",
    },
    schema=pa.schema([("prompt", pa.string()), ("chosen", pa.string()), ("rejected", pa.string())]),
)
KTO = Format(
    name="kto",
    trainer="TRL (KTOTrainer)",
    row='{"prompt": [messages], "completion": [message], "label": true or false}',
    rows=_kto,
    configuration=_kto_settings,
    run="trl kto --config kto.yaml",
    good_to_know=(
        "Each pair gives two rows, chosen first: as many true labels as false ones, so both weights stay 1.",
        "An answer that stands in several pairs is there several times, and with both labels where it won one "
        "comparison and lost another.",
    ),
    rows_per_pair=2,
    schema=pa.schema([("prompt", TURNS), ("completion", TURNS), ("label", pa.bool_())]),
)
