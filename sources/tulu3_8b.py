"""tulu3_8b: the mixture of seven parts that Tulu 3 8B was trained on, preferred by a model.

One upstream row (an invented one); `prompt` repeats what the user says in both dialogues:

    {"id": "1", "source": "personas-if", "prompt": "Name a fruit.",
     "chosen": [{"role": "user", "content": "Name a fruit."}, {"role": "assistant", "content": "An apple."}],
     "rejected": [{"role": "user", "content": "Name a fruit."}, {"role": "assistant", "content": "A cabbage."}]}
"""

from sources.layouts.known import trl
from sources.layouts.layout import Row
from sources.layouts.read_row import Read
from sources.layouts.upstream.read_as import read_bare, tag
from sources.layouts.upstream.rows import Rows, in_both
from sources.pairs.schema import SIDES
from sources.pairs.source import WHOLE_ROW, Always, NoOptions, Source, on_hub
from sources.text.script import TOLD

TABLE = on_hub(
    "allenai/llama-3.1-tulu-3-8b-preference-mixture",
    "9a0482f3e122a0449bafaa2d65908cc095c99638",
    *(f"data/train-{part:05}-of-00004.parquet" for part in range(4)),
)


def _read(options: NoOptions, row: Row) -> Read:
    found = read_bare(trl.IMPLICIT, row, SIDES[1:], known=("prompt", "id", "source"))
    return found.tagged(*tag("part", row.get("source")))


ZH, EN = in_both(
    Source(
        name="tulu3_8b",
        lang="en",
        files=Always(TABLE),
        layouts=(WHOLE_ROW,),
        columns=(("source", "chosen", "rejected"),),
        license="ODC-By-1.0",
        commercial_use=False,
        license_note="parts of it are for non-commercial use",
        signal="model",
        adapt=Rows(_read, "en", langs=TOLD),
    )
)
