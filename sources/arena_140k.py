"""arena_140k: two models' answers to what a visitor of Chatbot Arena asked, and which of them the visitor preferred.

One upstream row (an invented one); a content is a list of parts, text or pictures:

    {"model_a": "model-1", "model_b": "model-2", "winner": "model_a", "language": "en", "evaluation_order": 1,
     "conversation_a": [{"role": "user", "content": [{"type": "text", "text": "Name a fruit."}]},
                        {"role": "assistant", "content": [{"type": "text", "text": "An apple."}]}],
     "conversation_b": [{"role": "user", "content": [{"type": "text", "text": "Name a fruit."}]},
                        {"role": "assistant", "content": [{"type": "text", "text": "A cabbage."}]}]}
"""

from sources.command.printable import shown
from sources.layouts.known import verdicts
from sources.layouts.layout import NoPairError, Row
from sources.layouts.read_row import Read
from sources.layouts.upstream.read_as import read_bare
from sources.layouts.upstream.rows import Rows, in_both
from sources.pairs.languages import LANGS
from sources.pairs.source import WHOLE_ROW, Always, NoOptions, Source, on_hub

TABLE = on_hub(
    "lmarena-ai/arena-human-preference-140k",
    "a9cb587ee0906192dc1fc5e51778282f36c6bf35",
    "data/train-*-of-00007.parquet",
)
CONVERSATIONS = ("conversation_a", "conversation_b")


def _read(options: NoOptions, row: Row) -> Read:
    """Before a later evaluation of a session each model has seen turns of its own: the two have no prompt in common."""
    if row.get("evaluation_order") not in (None, 1):
        raise NoPairError("later_evaluation", f"evaluation_order is {shown(row['evaluation_order'])}, expected 1")
    return read_bare(verdicts.ARENA, row, CONVERSATIONS, known=("evaluation_order", "language"))


ZH, EN = in_both(
    Source(
        name="arena_140k",
        lang="en",
        files=Always(TABLE),
        layouts=(WHOLE_ROW,),
        columns=(("conversation_a", "conversation_b", "winner", "language"),),
        license="CC-BY-4.0",
        commercial_use=False,
        license_note="of the prompts; the answers are under the terms of their providers",
        signal="human",
        adapt=Rows(_read, "en", langs=LANGS, says="language"),
    )
)
