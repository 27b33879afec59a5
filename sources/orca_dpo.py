"""orca_dpo: answers of GPT-4 to English tasks of OpenOrca against those of a smaller model.

One upstream row (an invented one):

    {"system": "You are an assistant.", "question": "Name a fruit.", "chosen": "An apple.", "rejected": "A cabbage."}
"""

import pyarrow as pa

from sources.layouts.adapt_rows import ONE_BY_ONE, adapt_rows, read_as
from sources.layouts.known import others
from sources.layouts.layout import Row
from sources.layouts.read_row import Read
from sources.pairs.source import WHOLE_ROW, Adapted, NoOptions, Source, UpstreamFile

FILE = UpstreamFile(
    host="hub",
    repository="Intel/orca_dpo_pairs",
    revision="6ccacf6d3ab601b17cc05a971c94749057f77fa4",
    path="orca_rlhf.jsonl",
)


def files(options: NoOptions) -> tuple[UpstreamFile, ...]:
    return (FILE,)


def adapt(rows: pa.Table, options: NoOptions) -> Adapted:
    return adapt_rows(rows, _read, "en")


def _read(row: Row) -> Read:
    return read_as(others.AXOLOTL, row, ONE_BY_ONE)


SOURCE = Source(
    name="orca_dpo",
    lang="en",
    files=files,
    layouts=(WHOLE_ROW,),
    columns=(("system", "question", "chosen", "rejected"),),
    license="Apache-2.0",
    commercial_use=True,
    signal="synthetic",
    adapt=adapt,
)
