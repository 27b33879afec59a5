"""arena_140k: two models' answers to what a visitor of Chatbot Arena asked, and which of them the visitor preferred.

One upstream row (an invented one); a content is a list of parts, text or pictures:

    {"model_a": "model-1", "model_b": "model-2", "winner": "model_a", "language": "en", "evaluation_order": 1,
     "conversation_a": [{"role": "user", "content": [{"type": "text", "text": "Name a fruit."}]},
                        {"role": "assistant", "content": [{"type": "text", "text": "An apple."}]}],
     "conversation_b": [{"role": "user", "content": [{"type": "text", "text": "Name a fruit."}]},
                        {"role": "assistant", "content": [{"type": "text", "text": "A cabbage."}]}]}
"""

from functools import partial

import pyarrow as pa

from sources.command.printable import shown
from sources.layouts.adapt_rows import adapt_rows, check_language, read_bare
from sources.layouts.known import verdicts
from sources.layouts.layout import NoPairError, Row
from sources.layouts.read_row import Read
from sources.pairs.schema import Lang
from sources.pairs.source import WHOLE_ROW, Adapted, NoOptions, Source, UpstreamFile

TABLE = UpstreamFile(
    host="hub",
    repository="lmarena-ai/arena-human-preference-140k",
    revision="a9cb587ee0906192dc1fc5e51778282f36c6bf35",
    path="data/train-*-of-00007.parquet",
)
CONVERSATIONS = ("conversation_a", "conversation_b")


def files(options: NoOptions) -> tuple[UpstreamFile, ...]:
    return (TABLE,)


def adapt(lang: Lang, rows: pa.Table, options: NoOptions) -> Adapted:
    return adapt_rows(rows, partial(_read, lang), lang, is_mixed=True)


def _read(lang: Lang, row: Row) -> Read:
    """Before a later evaluation of a session each model has seen turns of its own: the two have no prompt in common."""
    check_language(row.get("language"), lang)
    if row.get("evaluation_order") not in (None, 1):
        raise NoPairError("later_evaluation", f"evaluation_order is {shown(row['evaluation_order'])}, expected 1")
    return read_bare(verdicts.ARENA, row, CONVERSATIONS, known=("evaluation_order",))


def _source(lang: Lang) -> Source:
    return Source(
        name="arena_140k",
        lang=lang,
        files=files,
        layouts=(WHOLE_ROW,),
        columns=(("conversation_a", "conversation_b", "winner", "language"),),
        license="CC-BY-4.0",
        commercial_use=False,
        license_note="of the prompts; the answers are under the terms of their providers",
        signal="human",
        adapt=partial(adapt, lang),
    )


ZH, EN = _source("zh"), _source("en")
