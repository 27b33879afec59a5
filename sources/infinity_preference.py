"""infinity_preference: two answers of Gemma-2-9B-IT, mostly to English prompts, preferred by weighted attributes.

One upstream row (an invented one); both sides begin with the user's turn:

    {"prompt": "Name a fruit.", "task_category": "chat",
     "chosen": [{"role": "user", "content": "Name a fruit."}, {"role": "assistant", "content": "An apple."}],
     "rejected": [{"role": "user", "content": "Name a fruit."}, {"role": "assistant", "content": "A cabbage."}]}
"""

from dataclasses import dataclass
from functools import partial
from typing import Literal

import pyarrow as pa

from sources.layouts.adapt_rows import adapt_rows, read_bare
from sources.layouts.known import trl
from sources.layouts.layout import Row
from sources.layouts.read_row import Read
from sources.pairs.schema import SIDES, Lang
from sources.pairs.source import WHOLE_ROW, Adapted, Source, UpstreamFile


@dataclass(frozen=True, slots=True)
class Options:
    splits: tuple[Literal["train", "test"], ...] = ("train",)


def files(options: Options) -> tuple[UpstreamFile, ...]:
    return tuple(
        UpstreamFile(
            host="hub",
            repository="BAAI/Infinity-Preference",
            revision="2a68f42d60b1a315ea6d82cf294e4ee27b41c3a3",
            path=f"{split}-00000-of-00001.parquet",
        )
        for split in options.splits
    )


def adapt(lang: Lang, rows: pa.Table, options: Options) -> Adapted:
    return adapt_rows(rows, _read, lang, is_mixed=True)


def _read(row: Row) -> Read:
    return read_bare(trl.ULTRAFEEDBACK, row, SIDES[1:])


def _source(lang: Lang) -> Source:
    return Source(
        name="infinity_preference",
        lang=lang,
        files=files,
        layouts=(WHOLE_ROW,),
        columns=(("prompt", "chosen", "rejected"),),
        license="Apache-2.0",
        commercial_use=True,
        signal="model",
        adapt=partial(adapt, lang),
        options=Options,
    )


ZH, EN = _source("zh"), _source("en")
