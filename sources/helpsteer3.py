"""helpsteer3: two answers to a conversation, of which professional annotators said how much one is better.

One upstream row (an invented one); below 0 the first answer is better, above 0 the second:

    {"domain": "multilingual", "language": "chinese", "context": [{"role": "user", "content": "说出一种水果。"}],
     "response1": "苹果。", "response2": "白菜。", "overall_preference": -2,
     "individual_preference": [{"score": -2, "reasoning": "..."}, {"score": 1, "reasoning": "..."}]}
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal

import pyarrow as pa
from pydantic import Field

from sources.layouts import layout
from sources.layouts.adapt_rows import adapt_rows, check_language, read_as
from sources.layouts.known import verdicts
from sources.layouts.read_row import Read
from sources.layouts.turns import number
from sources.pairs.schema import Lang
from sources.pairs.source import WHOLE_ROW, Adapted, Source, UpstreamFile

KNOWN = ("domain", "individual_preference")


@dataclass(frozen=True, slots=True)
class Options:
    splits: tuple[Literal["train", "validation"], ...] = ("train",)
    min_margin: Annotated[int, Field(ge=1, le=3)] = 1
    """How far from 0 the preference must be at least."""


def files(options: Options) -> tuple[UpstreamFile, ...]:
    return tuple(
        UpstreamFile(
            host="hub",
            repository="nvidia/HelpSteer3",
            revision="7366103",
            path=f"preference/{split}.jsonl.gz",
        )
        for split in options.splits
    )


def adapt(lang: Lang, rows: pa.Table, options: Options) -> Adapted:
    return adapt_rows(rows, partial(_read, lang, options), lang, is_mixed=True)


def _read(lang: Lang, options: Options, row: layout.Row) -> Read:
    """A row about code says which programming language it is about: the script tells in what it is written."""
    is_code = row.get("domain") == "code"
    if not is_code:
        check_language(row.get("language"), lang)
    known = (*KNOWN, "language") if is_code else KNOWN
    found = read_as(verdicts.HELP_STEER, row, layout.Options(min_margin=options.min_margin), known)
    return found.tagged("annotators_disagree") if _disagree(row.get("individual_preference")) else found


def _disagree(preferences: object) -> bool:
    """Whether one annotator prefers the first answer and another the second."""
    each = preferences if isinstance(preferences, list) else []
    scores = [number(one.get("score")) or 0.0 for one in each if isinstance(one, Mapping)]
    return min(scores, default=0.0) < 0 < max(scores, default=0.0)


def _source(lang: Lang) -> Source:
    return Source(
        name="helpsteer3",
        lang=lang,
        files=files,
        layouts=(WHOLE_ROW,),
        columns=(("language", "context", "response1", "response2", "overall_preference"),),
        license="CC-BY-4.0",
        commercial_use=True,
        signal="human",
        adapt=partial(adapt, lang),
        options=Options,
    )


ZH, EN = _source("zh"), _source("en")
