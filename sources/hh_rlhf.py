r"""hh_rlhf: English dialogues between a person and an assistant, of two last answers the one that the person preferred.

One upstream row (an invented one); both texts are whole dialogues:

    {"chosen": "\n\nHuman: Name a fruit.\n\nAssistant: An apple.",
     "rejected": "\n\nHuman: Name a fruit.\n\nAssistant: A cabbage."}
"""

from dataclasses import dataclass
from typing import Any, Literal

from sources.layouts.known import dialogues
from sources.layouts.layout import Row
from sources.layouts.read_row import Read
from sources.layouts.upstream.read_as import read_as
from sources.layouts.upstream.rows import Rows
from sources.pairs.schema import SIDES
from sources.pairs.source import WHOLE_ROW, Source, UpstreamFile, on_hub

Subset = Literal["harmless-base", "helpful-base", "helpful-online", "helpful-rejection-sampled"]


@dataclass(frozen=True, slots=True)
class Options:
    subsets: tuple[Subset, ...] = ("harmless-base", "helpful-base", "helpful-online", "helpful-rejection-sampled")
    splits: tuple[Literal["train", "test"], ...] = ("train",)


def files(options: Options) -> tuple[UpstreamFile, ...]:
    paths = (f"{subset}/{split}.jsonl.gz" for subset in options.subsets for split in options.splits)
    return on_hub("Anthropic/hh-rlhf", "d8d97fe9e96fcd19cc8fc31bd04ee393422abfbb", *paths)


def _read(options: Options, row: Row) -> Read:
    return read_as(dialogues.HH, {**row, **{side: _marked(row[side]) for side in SIDES[1:] if side in row}})


def _marked(said: Any) -> Any:
    """The dialogue with one spelling of the person's mark: a few turns begin with "Hum:"."""
    return said.replace("\n\nHum:", "\n\nHuman:") if isinstance(said, str) else said


SOURCE = Source(
    name="hh_rlhf",
    lang="en",
    files=files,
    layouts=(WHOLE_ROW,),
    columns=(("chosen", "rejected"),),
    license="MIT",
    commercial_use=True,
    signal="human",
    adapt=Rows(_read, "en"),
    options=Options,
)
