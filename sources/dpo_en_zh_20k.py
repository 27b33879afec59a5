"""dpo_en_zh_20k: the small set of LLaMA-Factory's tutorials, a Chinese and an English file.

One upstream row (an invented one), in the layout of today and in that of April 2024:

    {"conversations": [{"from": "human", "value": "Name a fruit."}],
     "chosen": {"from": "gpt", "value": "An apple."}, "rejected": {"from": "gpt", "value": "A cabbage."}}
    {"system": "", "prompt": "Name a fruit.", "answer": ["An apple.", "A cabbage."], "history": []}
"""

from functools import partial

import pyarrow as pa

from sources.layouts.adapt_rows import ONE_BY_ONE, adapt_rows, read_as
from sources.layouts.known import llama_factory
from sources.layouts.layout import Row
from sources.layouts.read_row import Read
from sources.pairs.schema import Lang
from sources.pairs.source import WHOLE_ROW, Adapted, NoOptions, Source, UpstreamFile


def files(lang: Lang, options: NoOptions) -> tuple[UpstreamFile, ...]:
    return (
        UpstreamFile(host="hub", repository="llamafactory/DPO-En-Zh-20k", revision="21ff425", path=f"dpo_{lang}.json"),
    )


def adapt(lang: Lang, rows: pa.Table, options: NoOptions) -> Adapted:
    return adapt_rows(rows, _read, lang)


def _read(row: Row) -> Read:
    if "answer" not in row:
        return read_as(llama_factory.SHAREGPT, row, ONE_BY_ONE)
    others = {column: cell for column, cell in row.items() if column not in ("prompt", "answer")}
    return read_as(llama_factory.OLD, {"instruction": row["prompt"], "output": row["answer"], **others}, ONE_BY_ONE)


def _source(lang: Lang) -> Source:
    return Source(
        name="dpo_en_zh_20k",
        lang=lang,
        files=partial(files, lang),
        layouts=(WHOLE_ROW,),
        columns=(("conversations", "chosen", "rejected"), ("prompt", "answer")),
        license="Apache-2.0",
        commercial_use=False,
        license_note="as the uploader says; its parts come from other publishers",
        signal="model",
        adapt=partial(adapt, lang),
    )


ZH, EN = _source("zh"), _source("en")
