"""coig_p: answers of fifteen language models to Chinese queries, the one that eight models scored higher chosen.

One upstream row (an invented one); about eleven rows share a query:

    {"conversations": [{"from": "human", "value": "说出一种水果。"}],
     "chosen": {"from": "gpt", "value": "苹果。"}, "rejected": {"from": "gpt", "value": "白菜。"}}
"""

from sources.layouts.known import llama_factory
from sources.layouts.layout import Row
from sources.layouts.read_row import Read
from sources.layouts.upstream.read_as import read_as
from sources.layouts.upstream.rows import Rows
from sources.pairs.source import WHOLE_ROW, Always, NoOptions, Source, on_hub

TABLE = on_hub("m-a-p/COIG-P", "main", "data/*.parquet")
"""The benchmark of its authors lies in a repository of its own, m-a-p/COIG-CRBench, and is no training data."""


def _read(options: NoOptions, row: Row) -> Read:
    return read_as(llama_factory.SHAREGPT, row)


SOURCE = Source(
    name="coig_p",
    lang="zh",
    files=Always(TABLE),
    layouts=(WHOLE_ROW,),
    columns=(("conversations", "chosen", "rejected"),),
    license="unknown",
    commercial_use=False,
    license_note="none is stated; answers of closed models",
    signal="model",
    adapt=Rows(_read, "zh"),
)
