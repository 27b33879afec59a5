"""comparison_gpt4_zh and comparison_gpt4_en: answers to alpaca prompts, the one that GPT-4 scored higher chosen.

One upstream row (an invented one), in the old and in the new layout:

    {"instruction": "Name a prime.", "input": "", "output": ["7 is a prime number.", "8"]}
    {"instruction": "说出一个质数。", "input": "", "chosen": "7 是质数。", "rejected": "8"}

The zh file is a machine translation of the en file, row by row: the same row is the same item.
"""

from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sources.pairs import llama_factory
from sources.pairs.languages import Lang
from sources.pairs.schema import one_turn
from sources.pairs.source import Adapted, NoOptions, Source, UpstreamFile, skipped

OLD_LAYOUT = pa.schema(
    [
        pa.field("instruction", pa.string(), nullable=False),
        pa.field("input", pa.string(), nullable=False),
        pa.field("output", pa.list_(pa.string()), nullable=False),
    ]
)
NEW_LAYOUT = pa.schema(
    [pa.field(n, pa.string(), nullable=False) for n in ("instruction", "input", "chosen", "rejected")]
)


def adapt(rows: pa.Table, options: NoOptions) -> Adapted:
    lost = pa.table({"row": pa.array([], pa.int64()), "count": pa.array([], pa.int64())})
    if "output" in rows.column_names:
        count = pc.list_value_length(rows["output"]).cast(pa.int64())
        rows = rows.append_column("count", count)
        lost = rows.filter(pc.not_equal(count, 2)).select(["row", "count"])
        rows = rows.filter(pc.equal(count, 2))
        answers = rows["output"].combine_chunks().flatten()
        chosen, rejected = answers.take(_every_second(answers, 0)), answers.take(_every_second(answers, 1))
    else:
        chosen, rejected = rows["chosen"].combine_chunks(), rows["rejected"].combine_chunks()
    pairs = pa.table(
        {
            "prompt": one_turn("user", llama_factory.joined_prompt(rows)),
            "chosen": one_turn("assistant", chosen),
            "rejected": one_turn("assistant", rejected),
            "row": rows["row"],
            "item": pc.binary_join_element_wise("comparison_gpt4", rows["row"].cast(pa.string()), ":"),
        }
    )
    return Adapted(
        pairs, skipped([(r["row"], "not_two_answers", f"output has {r['count']}") for r in lost.to_pylist()])
    )


def _every_second(answers: pa.Array, first: int) -> pa.Array:
    return pa.array(np.arange(first, len(answers), 2))


def _files(pinned: UpstreamFile, options: NoOptions) -> tuple[UpstreamFile, ...]:
    return (pinned,)


def _source(lang: Lang, sha256: str, size: int) -> Source:
    name = f"comparison_gpt4_data_{lang}.json"
    pinned = llama_factory.file(name, sha256, size)

    return Source(
        name=f"comparison_gpt4_{lang}",
        lang=lang,
        files=partial(_files, pinned),
        layouts=(NEW_LAYOUT, OLD_LAYOUT),
        license="CC-BY-NC-4.0",
        commercial_use=False,
        signal="model",
        adapt=adapt,
    )


ZH = _source("zh", "a3aad6fc445822b3ffd6144032c3447c6c56322c8a160af0e8b25b2e111c8255", 24_461_287)
EN = _source("en", "e7452f625bb311095e3c908ff6654031b12737e36f042d335e5ff958cad0c5ea", 28_308_457)
