"""skywork_80k: the English pairs that Skywork's reward models of 2024 were trained on, picked from other sets.

One upstream row (an invented one):

    {"source": "magpie_air",
     "chosen": [{"content": "Name a fruit.", "role": "user"}, {"content": "An apple.", "role": "assistant"}],
     "rejected": [{"content": "Name a fruit.", "role": "user"}, {"content": "A cabbage.", "role": "assistant"}]}
"""

import pyarrow as pa

from sources.layouts.adapt_rows import adapt_rows, read_bare, tag
from sources.layouts.known import trl
from sources.layouts.layout import Row
from sources.layouts.read_row import Read
from sources.pairs.schema import SIDES
from sources.pairs.source import WHOLE_ROW, Adapted, NoOptions, Source, UpstreamFile

TABLE = UpstreamFile(
    host="hub", repository="Skywork/Skywork-Reward-Preference-80K-v0.2", revision="main", path="data/train-*.parquet"
)


def files(options: NoOptions) -> tuple[UpstreamFile, ...]:
    return (TABLE,)


def adapt(rows: pa.Table, options: NoOptions) -> Adapted:
    return adapt_rows(rows, _read, "en")


def _read(row: Row) -> Read:
    return read_bare(trl.IMPLICIT, row, SIDES[1:], known=("source",)).tagged(*tag("part", row.get("source")))


SOURCE = Source(
    name="skywork_80k",
    lang="en",
    files=files,
    layouts=(WHOLE_ROW,),
    columns=(("chosen", "rejected"),),
    license="unknown",
    commercial_use=False,
    license_note="none is stated",
    signal="model",
    adapt=adapt,
)
