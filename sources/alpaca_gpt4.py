"""alpaca_gpt4_zh and alpaca_gpt4_en: alpaca prompts with the answers of GPT-4.

They are no pairs until a weaker model has answered too: the synth stage reads them, a build does not.
One upstream row (an invented one):

    {"instruction": "把句子改成疑问句。", "input": "今天下雨。", "output": "今天下雨吗？"}
"""

from functools import partial

import pyarrow as pa

from sources.pairs import llama_factory
from sources.pairs.languages import Lang
from sources.pairs.schema import one_turn
from sources.pairs.source import Adapted, NoOptions, Source, UpstreamFile, skipped

LAYOUT = pa.schema([pa.field(n, pa.string(), nullable=False) for n in ("instruction", "input", "output")])


def adapt(rows: pa.Table, options: NoOptions) -> Adapted:
    """Prompts and chosen answers; there is no rejected column."""
    prompts = pa.table(
        {
            "prompt": one_turn("user", llama_factory.joined_prompt(rows)),
            "chosen": one_turn("assistant", rows["output"].combine_chunks()),
            "row": rows["row"],
        }
    )
    return Adapted(prompts, skipped([]))


def _files(pinned: UpstreamFile, options: NoOptions) -> tuple[UpstreamFile, ...]:
    return (pinned,)


def _source(lang: Lang, sha256: str, size: int) -> Source:
    pinned = llama_factory.file(f"alpaca_gpt4_data_{lang}.json", sha256, size)

    return Source(
        name=f"alpaca_gpt4_{lang}",
        lang=lang,
        files=partial(_files, pinned),
        layouts=(LAYOUT,),
        license="CC-BY-NC-4.0",
        commercial_use=False,
        license_note="re-uploads claim other licences",
        signal="synthetic",
        adapt=adapt,
        chosen_model="gpt-4",
        makes="prompts",
    )


ZH = _source("zh", "951f1331cacabc7b5de2a5d72592a103be0676daba8d92ae7c67b061639e0f46", 35_100_511)
EN = _source("en", "0bd4f62585d494b794deb043ce0baddfec02f27696857c57c9c238d6eff35a18", 43_379_276)
