"""Every format that export-prefs writes. A new one is a line here and a `Format` in the module that the line names."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from builders.exporting.format import Format


@dataclass(frozen=True, slots=True)
class Listed:
    """A format as --help lists it, and where its `Format` stands: module of this folder and name in it."""

    what: str
    module: str
    attribute: str


FORMATS: Mapping[str, Listed] = {
    "trl": Listed("prompt, chosen, rejected as messages (Parquet), for TRL", "trl_formats", "TRL"),
    "trl-standard": Listed(
        "the same as plain strings, without a chat template (Parquet)", "trl_formats", "TRL_STANDARD"
    ),
    "llamafactory": Listed(
        "conversations, chosen, rejected (JSON lines) and dataset_info.json", "other_formats", "LLAMA_FACTORY"
    ),
    "openrlhf": Listed(
        "prompt, chosen, rejected as messages (JSON lines) and the command", "other_formats", "OPENRLHF"
    ),
    "axolotl": Listed("messages, chosen, rejected (JSON lines) and the configuration", "other_formats", "AXOLOTL"),
    "ms-swift": Listed("messages, rejected_response (JSON lines) and the command", "other_formats", "MS_SWIFT"),
    "kto": Listed("prompt, completion, label: two rows a pair (Parquet), for TRL's KTO", "trl_formats", "KTO"),
}


def load_format(name: str) -> "Format":
    """The format of that name, which must be one of FORMATS."""
    listed = FORMATS[name]
    found: Format = getattr(import_module(f"builders.exporting.{listed.module}"), listed.attribute)
    return found
