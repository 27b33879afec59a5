"""Every format there is."""

from builders.exporting.format import NOT_ONE_ANSWER, Format
from builders.exporting.other_formats import AXOLOTL, LLAMA_FACTORY, MS_SWIFT, OPENRLHF
from builders.exporting.trl_formats import KTO, TRL, TRL_STANDARD

FORMATS: dict[str, Format] = {
    format_.name: format_ for format_ in (TRL, TRL_STANDARD, LLAMA_FACTORY, OPENRLHF, AXOLOTL, MS_SWIFT, KTO)
}


def words_of(format_: Format, reason: str) -> str:
    """What a reason of a format means."""
    return format_.reasons.get(reason) or {NOT_ONE_ANSWER: "a side that is not one turn of the assistant"}[reason]
