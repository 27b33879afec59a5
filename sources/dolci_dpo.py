"""dolci_dpo: the pairs that OLMo 3 was trained on, mostly a large model's answer against a small one's.

One upstream row (an invented one); a message has more keys, of which only role and content are read:

    {"chosen": [{"role": "user", "content": "Name a fruit."}, {"role": "assistant", "content": "An apple."}],
     "rejected": [{"role": "user", "content": "Name a fruit."}, {"role": "assistant", "content": "A cabbage."}],
     "chosen_model": "Qwen3-32B", "rejected_model": "Qwen3-0.6B", "prompt_id": "1", "preference_type": "delta_learning"}
"""

from dataclasses import dataclass
from typing import Literal

from sources.layouts.known import trl
from sources.layouts.layout import Row
from sources.layouts.read_row import Read
from sources.layouts.upstream.read_as import read_bare, tag
from sources.layouts.upstream.rows import Rows, in_both
from sources.pairs.schema import SIDES
from sources.pairs.source import WHOLE_ROW, Source, UpstreamFile, on_hub
from sources.text.script import TOLD

REPOSITORIES = {"original": "allenai/Dolci-Instruct-DPO", "fixed": "allenai/Dolci-Instruct-DPO-fixed"}


@dataclass(frozen=True, slots=True)
class Options:
    version: Literal["original", "fixed"] = "original"


def files(options: Options) -> tuple[UpstreamFile, ...]:
    return on_hub(REPOSITORIES[options.version], "main", "data/train-*.parquet")


def _read(options: Options, row: Row) -> Read:
    found = read_bare(trl.IMPLICIT, row, SIDES[1:], known=("prompt_id", "preference_type"))
    return found.tagged(*tag("preference_type", row.get("preference_type")))


ZH, EN = in_both(
    Source(
        name="dolci_dpo",
        lang="en",
        files=files,
        layouts=(WHOLE_ROW,),
        columns=(("chosen", "rejected", "preference_type"),),
        license="ODC-By-1.0",
        commercial_use=False,
        license_note="not established; the answers are under the terms of their models",
        signal="synthetic",
        adapt=Rows(_read, "en", langs=TOLD),
        options=Options,
    )
)
