"""infinity_preference: two answers of Gemma-2-9B-IT, mostly to English prompts, preferred by weighted attributes.

One upstream row (an invented one); both sides begin with the user's turn:

    {"prompt": "Name a fruit.", "task_category": "chat",
     "chosen": [{"role": "user", "content": "Name a fruit."}, {"role": "assistant", "content": "An apple."}],
     "rejected": [{"role": "user", "content": "Name a fruit."}, {"role": "assistant", "content": "A cabbage."}]}
"""

from dataclasses import dataclass
from typing import Literal

from sources.layouts.known import trl
from sources.layouts.layout import Row
from sources.layouts.read_row import Read
from sources.layouts.upstream.read_as import read_bare
from sources.layouts.upstream.rows import Rows, in_both
from sources.pairs.schema import SIDES
from sources.pairs.source import WHOLE_ROW, Source, UpstreamFile, on_hub
from sources.text.script import TOLD


@dataclass(frozen=True, slots=True)
class Options:
    splits: tuple[Literal["train", "test"], ...] = ("train",)


def files(options: Options) -> tuple[UpstreamFile, ...]:
    return on_hub(
        "BAAI/Infinity-Preference",
        "2a68f42d60b1a315ea6d82cf294e4ee27b41c3a3",
        *(f"{split}-00000-of-00001.parquet" for split in options.splits),
    )


def _read(options: Options, row: Row) -> Read:
    return read_bare(trl.ULTRAFEEDBACK, row, SIDES[1:])


ZH, EN = in_both(
    Source(
        name="infinity_preference",
        lang="en",
        files=files,
        layouts=(WHOLE_ROW,),
        columns=(("prompt", "chosen", "rejected"),),
        license="Apache-2.0",
        commercial_use=True,
        signal="model",
        adapt=Rows(_read, "en", langs=TOLD),
        options=Options,
    )
)
