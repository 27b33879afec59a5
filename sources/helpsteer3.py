"""helpsteer3: two answers to a conversation, of which professional annotators said how much one is better.

One upstream row (an invented one); below 0 the first answer is better, above 0 the second:

    {"domain": "multilingual", "language": "chinese", "context": [{"role": "user", "content": "说出一种水果。"}],
     "response1": "苹果。", "response2": "白菜。", "overall_preference": -2,
     "individual_preference": [{"score": -2, "reasoning": "..."}, {"score": 1, "reasoning": "..."}]}
"""

from dataclasses import dataclass
from typing import Literal

from sources.layouts import layout
from sources.layouts.known import verdicts
from sources.layouts.layout import Row
from sources.layouts.read_row import Read
from sources.layouts.upstream.compared import annotators_disagree
from sources.layouts.upstream.options import Strength
from sources.layouts.upstream.read_as import read_as
from sources.layouts.upstream.rows import Rows, in_both
from sources.pairs.languages import LANGS
from sources.pairs.source import WHOLE_ROW, Source, UpstreamFile, on_hub

KNOWN = ("domain", "individual_preference", "language")


@dataclass(frozen=True, slots=True)
class Options:
    splits: tuple[Literal["train", "validation"], ...] = ("train",)
    min_margin: Strength = 1


def files(options: Options) -> tuple[UpstreamFile, ...]:
    return on_hub("nvidia/HelpSteer3", "7366103", *(f"preference/{split}.jsonl.gz" for split in options.splits))


def _read(options: Options, row: Row) -> Read:
    found = read_as(verdicts.HELP_STEER, row, layout.Options(min_margin=options.min_margin), KNOWN)
    return found.tagged("annotators_disagree") if annotators_disagree(row.get("individual_preference")) else found


def _is_about_code(row: Row) -> bool:
    """Whether the language of the row is one of programming."""
    return row.get("domain") == "code"


ZH, EN = in_both(
    Source(
        name="helpsteer3",
        lang="en",
        files=files,
        layouts=(WHOLE_ROW,),
        columns=(("language", "context", "response1", "response2", "overall_preference"),),
        license="CC-BY-4.0",
        commercial_use=True,
        signal="human",
        adapt=Rows(_read, "en", langs=LANGS, says="language", says_nothing=_is_about_code),
        options=Options,
    )
)
