r"""nectar: seven answers of language models to an English prompt, ranked by GPT-4, the best chosen.

One upstream row (an invented one, with two of the seven answers):

    {"prompt": "\n\nHuman: Name a fruit.\n\nAssistant: ", "source": ["sharegpt"],
     "answers": [{"answer": "An apple.", "model": "gpt-4", "rank": 1}, {"answer": "A stone.", "model": "x", "rank": 2}]}
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sources.layouts import layout
from sources.layouts.known import dialogues, scored
from sources.layouts.layout import NoPairError
from sources.layouts.read_row import Read
from sources.layouts.turns import text
from sources.layouts.upstream.options import Pairing
from sources.layouts.upstream.read_as import read_as
from sources.layouts.upstream.rows import Rows
from sources.pairs.source import WHOLE_ROW, Always, Source, on_hub

FILE = on_hub("berkeley-nest/Nectar", "3c6b4c47fa1cc38869f9f32dce1699f7abad8b06", "data/rlaif.parquet")
RUNS_ON = re.compile(r"(?:^|\n)(?:Human|Assistant):")


@dataclass(frozen=True, slots=True)
class Options:
    pairing: Pairing = "best_worst"


def _read(options: Options, row: layout.Row) -> Read:
    turns = dialogues.dialogue(text(row, "prompt"))
    if turns and turns[-1]["role"] == "assistant" and not turns[-1]["content"]:
        del turns[-1]
    if not turns:
        raise NoPairError("no_prompt", "the prompt has no turn of Human:")
    answers = [each for each in row["answers"] or () if not _runs_on(each)]
    if len(answers) < 2:
        raise NoPairError("not_two_answers", f"{len(answers)} of {len(row['answers'] or ())} answers are of one turn")
    asked = {**row, "prompt": turns, "answers": answers}
    return read_as(scored.SCORED, asked, layout.Options(options.pairing), known=("source",))


def _runs_on(answer: Any) -> bool:
    """Whether an answer goes on with turns of its own, so that it is no single one."""
    return isinstance(answer, Mapping) and RUNS_ON.search(str(answer.get("answer"))) is not None


SOURCE = Source(
    name="nectar",
    lang="en",
    files=Always(FILE),
    layouts=(WHOLE_ROW,),
    columns=(("prompt", "answers"),),
    license="Apache-2.0",
    commercial_use=False,
    license_note="as tagged today; an earlier tag forbade commercial use",
    signal="model",
    adapt=Rows(_read, "en"),
    options=Options,
)
