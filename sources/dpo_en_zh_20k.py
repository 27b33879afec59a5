"""dpo_en_zh_20k: the small set of LLaMA-Factory's tutorials, a Chinese and an English file.

One upstream row (an invented one), in the layout of today and in that of April 2024:

    {"conversations": [{"from": "human", "value": "Name a fruit."}],
     "chosen": {"from": "gpt", "value": "An apple."}, "rejected": {"from": "gpt", "value": "A cabbage."}}
    {"system": "", "prompt": "Name a fruit.", "answer": ["An apple.", "A cabbage."], "history": []}
"""

from sources.layouts.known import llama_factory
from sources.layouts.layout import Row
from sources.layouts.read_row import Read
from sources.layouts.upstream.read_as import read_as
from sources.layouts.upstream.rows import Rows
from sources.pairs.languages import Lang
from sources.pairs.source import WHOLE_ROW, Always, NoOptions, Source, on_hub


def _read(options: NoOptions, row: Row) -> Read:
    if "answer" not in row:
        return read_as(llama_factory.SHAREGPT, row)
    others = {column: cell for column, cell in row.items() if column not in ("prompt", "answer")}
    return read_as(llama_factory.OLD, {"instruction": row["prompt"], "output": row["answer"], **others})


def _source(lang: Lang) -> Source:
    file = on_hub("llamafactory/DPO-En-Zh-20k", "21ff425", f"dpo_{lang}.json")
    return Source(
        name="dpo_en_zh_20k",
        lang=lang,
        files=Always(file),
        layouts=(WHOLE_ROW,),
        columns=(("conversations", "chosen", "rejected"), ("prompt", "answer")),
        license="Apache-2.0",
        commercial_use=False,
        license_note="as the uploader says; its parts come from other publishers",
        signal="model",
        adapt=Rows(_read, lang),
    )


ZH, EN = _source("zh"), _source("en")
