"""skywork_80k: the English pairs that Skywork's reward models of 2024 were trained on, picked from other sets.

One upstream row (an invented one):

    {"source": "magpie_air",
     "chosen": [{"content": "Name a fruit.", "role": "user"}, {"content": "An apple.", "role": "assistant"}],
     "rejected": [{"content": "Name a fruit.", "role": "user"}, {"content": "A cabbage.", "role": "assistant"}]}
"""

from sources.layouts.known import trl
from sources.layouts.layout import Row
from sources.layouts.read_row import Read
from sources.layouts.upstream.read_as import read_bare, tag
from sources.layouts.upstream.rows import Rows
from sources.pairs.schema import SIDES
from sources.pairs.source import WHOLE_ROW, Always, NoOptions, Source, on_hub

TABLE = on_hub("Skywork/Skywork-Reward-Preference-80K-v0.2", "main", "data/train-*.parquet")


def _read(options: NoOptions, row: Row) -> Read:
    return read_bare(trl.IMPLICIT, row, SIDES[1:], known=("source",)).tagged(*tag("part", row.get("source")))


SOURCE = Source(
    name="skywork_80k",
    lang="en",
    files=Always(TABLE),
    layouts=(WHOLE_ROW,),
    columns=(("chosen", "rejected"),),
    license="unknown",
    commercial_use=False,
    license_note="none is stated",
    signal="model",
    adapt=Rows(_read, "en"),
)
