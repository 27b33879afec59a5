"""orca_dpo: answers of GPT-4 to English tasks of OpenOrca against those of a smaller model.

One upstream row (an invented one):

    {"system": "You are an assistant.", "question": "Name a fruit.", "chosen": "An apple.", "rejected": "A cabbage."}
"""

from sources.layouts.known import others
from sources.layouts.layout import Row
from sources.layouts.read_row import Read
from sources.layouts.upstream.read_as import read_as
from sources.layouts.upstream.rows import Rows
from sources.pairs.source import WHOLE_ROW, Always, NoOptions, Source, on_hub

FILE = on_hub("Intel/orca_dpo_pairs", "6ccacf6d3ab601b17cc05a971c94749057f77fa4", "orca_rlhf.jsonl")


def _read(options: NoOptions, row: Row) -> Read:
    return read_as(others.AXOLOTL, row)


SOURCE = Source(
    name="orca_dpo",
    lang="en",
    files=Always(FILE),
    layouts=(WHOLE_ROW,),
    columns=(("system", "question", "chosen", "rejected"),),
    license="Apache-2.0",
    commercial_use=True,
    signal="synthetic",
    adapt=Rows(_read, "en"),
)
