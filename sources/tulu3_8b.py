"""tulu3_8b: the mixture of seven parts that Tulu 3 8B was trained on, preferred by a model.

One upstream row (an invented one); `prompt` repeats what the user says in both dialogues:

    {"id": "1", "source": "personas-if", "prompt": "Name a fruit.",
     "chosen": [{"role": "user", "content": "Name a fruit."}, {"role": "assistant", "content": "An apple."}],
     "rejected": [{"role": "user", "content": "Name a fruit."}, {"role": "assistant", "content": "A cabbage."}]}
"""

from functools import partial

import pyarrow as pa

from sources.layouts.adapt_rows import adapt_rows, read_bare, tag
from sources.layouts.known import trl
from sources.layouts.layout import Row
from sources.layouts.read_row import Read
from sources.pairs.schema import SIDES, Lang
from sources.pairs.source import WHOLE_ROW, Adapted, NoOptions, Source, UpstreamFile

PARTS = 4


def files(options: NoOptions) -> tuple[UpstreamFile, ...]:
    return tuple(
        UpstreamFile(
            host="hub",
            repository="allenai/llama-3.1-tulu-3-8b-preference-mixture",
            revision="9a0482f3e122a0449bafaa2d65908cc095c99638",
            path=f"data/train-{part:05}-of-{PARTS:05}.parquet",
        )
        for part in range(PARTS)
    )


def adapt(lang: Lang, rows: pa.Table, options: NoOptions) -> Adapted:
    return adapt_rows(rows, _read, lang, is_mixed=True)


def _read(row: Row) -> Read:
    found = read_bare(trl.IMPLICIT, row, SIDES[1:], known=("prompt", "id", "source"))
    return found.tagged(*tag("part", row.get("source")))


def _source(lang: Lang) -> Source:
    return Source(
        name="tulu3_8b",
        lang=lang,
        files=files,
        layouts=(WHOLE_ROW,),
        columns=(("source", "chosen", "rejected"),),
        license="ODC-By-1.0",
        commercial_use=False,
        license_note="parts of it are for non-commercial use",
        signal="model",
        adapt=partial(adapt, lang),
    )


ZH, EN = _source("zh"), _source("en")
