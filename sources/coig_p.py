"""coig_p: answers of fifteen language models to Chinese queries, the one that eight models scored higher chosen.

One upstream row (an invented one); about eleven rows share a query:

    {"conversations": [{"from": "human", "value": "说出一种水果。"}],
     "chosen": {"from": "gpt", "value": "苹果。"}, "rejected": {"from": "gpt", "value": "白菜。"}}
"""

import pyarrow as pa

from sources.layouts.adapt_rows import ONE_BY_ONE, adapt_rows, read_as
from sources.layouts.known import llama_factory
from sources.layouts.layout import Row
from sources.layouts.read_row import Read
from sources.pairs.source import WHOLE_ROW, Adapted, NoOptions, Source, UpstreamFile

TABLE = UpstreamFile(host="hub", repository="m-a-p/COIG-P", revision="main", path="data/*.parquet")
"""The benchmark of its authors lies in a repository of its own, m-a-p/COIG-CRBench, and is no training data."""


def files(options: NoOptions) -> tuple[UpstreamFile, ...]:
    return (TABLE,)


def adapt(rows: pa.Table, options: NoOptions) -> Adapted:
    return adapt_rows(rows, _read, "zh")


def _read(row: Row) -> Read:
    return read_as(llama_factory.SHAREGPT, row, ONE_BY_ONE)


SOURCE = Source(
    name="coig_p",
    lang="zh",
    files=files,
    layouts=(WHOLE_ROW,),
    columns=(("conversations", "chosen", "rejected"),),
    license="unknown",
    commercial_use=False,
    license_note="none is stated; answers of closed models",
    signal="model",
    adapt=adapt,
)
