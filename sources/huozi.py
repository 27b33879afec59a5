"""huozi: answers of the Huozi models to Chinese prompts, the one that annotators preferred chosen.

One upstream row (an invented one) of the csv; some cells spell line breaks as a backslash and an n:

    prompt,chosen,reject
    列出两种水果,1. 苹果\\n2. 香蕉,苹果
"""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sources.pairs.schema import one_turn
from sources.pairs.source import Adapted, Source, UpstreamFile, skipped

LAYOUTS = tuple(
    pa.schema(
        [
            pa.field("prompt", pa.string(), nullable=False),
            pa.field("chosen", pa.string(), nullable=True),
            pa.field(rejected, pa.string(), nullable=True),
        ]
    )
    for rejected in ("reject", "rejected")
)

LITERAL_NEWLINE = re.compile(r"\\n(?!(?:abla|atural|eq?|eg|ewline|exists|i|leq|geq|mid|ot|otin|parallel|u)(?![a-z]))")
r"""A spelled line break, and not the start of a LaTeX command such as \nabla or \neq."""

CSV = UpstreamFile(
    host="github",
    repository="HIT-SCIR/huozi",
    revision="37a3da79e4968518089398a22ec8b5d7a58c5e93",
    path="data/huozi-rlhf/huozi_rlhf_data.csv",
)
JSON = UpstreamFile(
    host="hub",
    repository="Skepsun/huozi_rlhf_data_json",
    revision="e6eea0dacccad7acf7e1b8d4d4c8dc75eccce321",
    path="huozi_rlhf_data.json",
)


@dataclass(frozen=True, slots=True)
class Options:
    file: Literal["csv", "json"] = "csv"


def files(options: Options) -> tuple[UpstreamFile, ...]:
    return (CSV if options.file == "csv" else JSON,)


def adapt(rows: pa.Table, options: Options) -> Adapted:
    names = [name for name in rows.column_names if name != "row"]
    texts, changed = zip(*(_with_line_breaks(rows[name].combine_chunks()) for name in names), strict=True)
    prompt, chosen, rejected = texts
    pairs = pa.table(
        {
            "prompt": one_turn("user", prompt),
            "chosen": one_turn("assistant", chosen),
            "rejected": one_turn("assistant", rejected),
            "row": rows["row"],
        }
    )
    return Adapted(pairs, skipped([]), {"literal_newline": sum(changed)})


def _with_line_breaks(texts: pa.Array) -> tuple[pa.Array, int]:
    """The texts with real line breaks, a null as an empty text, and how many of them changed."""
    texts = pc.fill_null(texts, "")
    suspects = np.flatnonzero(pc.match_substring(texts, "\\n").to_numpy(zero_copy_only=False))
    if not len(suspects):
        return texts, 0
    mended = [LITERAL_NEWLINE.sub("\n", text) for text in texts.take(pa.array(suspects)).to_pylist()]
    mask = np.zeros(len(texts), dtype=bool)
    mask[suspects] = True
    result = pc.replace_with_mask(texts, pa.array(mask), pa.array(mended, pa.string()))
    return result, pc.sum(pc.not_equal(texts, result)).as_py()


SOURCE = Source(
    name="huozi",
    lang="zh",
    files=files,
    layouts=LAYOUTS,
    license="Apache-2.0",
    commercial_use=True,
    signal="human",
    adapt=adapt,
    options=Options,
)
