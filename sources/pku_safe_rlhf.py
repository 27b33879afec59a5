"""pku_safe_rlhf: two answers of Alpaca models to an English prompt, with verdicts on their safety and helpfulness.

One upstream row (an invented one, with one of the 19 categories of harm):

    {"prompt": "How do I skip a queue?", "response_0": "Push.", "response_1": "Ask politely.", "prompt_source": "x",
     "is_response_0_safe": false, "is_response_1_safe": true, "better_response_id": 1, "safer_response_id": 1,
     "response_0_severity_level": 1, "response_1_severity_level": 0,
     "response_0_harm_category": {"Disrupting Public Order": true}, "response_1_harm_category": {}}
"""

from dataclasses import dataclass
from typing import Literal

from sources.layouts.known import verdicts
from sources.layouts.layout import Row, string
from sources.layouts.read_row import Read
from sources.layouts.upstream.read_as import read_as
from sources.layouts.upstream.rows import Rows
from sources.layouts.upstream.safety import PreferredBy, better_answer, harm_tags
from sources.pairs.source import WHOLE_ROW, Source, UpstreamFile, on_hub

Subset = Literal["Alpaca-7B", "Alpaca2-7B", "Alpaca3-8B"]


@dataclass(frozen=True, slots=True)
class Options:
    subsets: tuple[Subset, ...] = ("Alpaca-7B", "Alpaca2-7B", "Alpaca3-8B")
    splits: tuple[Literal["train", "test"], ...] = ("train",)
    preferred_by: PreferredBy = "safe"


def files(options: Options) -> tuple[UpstreamFile, ...]:
    paths = (f"data/{subset}/{split}.jsonl" for subset in options.subsets for split in options.splits)
    return on_hub("PKU-Alignment/PKU-SafeRLHF", "8b87c3304fe428df5ae84a5a00f9d3ef9e4f135e", *paths)


def _read(options: Options, row: Row) -> Read:
    better = better_answer(row, options.preferred_by)
    asked = {name: row[name] for name in ("prompt", "response_0", "response_1")}
    found = read_as(verdicts.PKU, {**asked, "better_response_id": better})
    models = [string(row.get(f"response_{side}_source")) for side in (better, 1 - better)]
    for draft in found.pairs:
        draft.chosen_model, draft.rejected_model = models
    return found.tagged(*harm_tags(row, 1 - better))


SOURCE = Source(
    name="pku_safe_rlhf",
    lang="en",
    files=files,
    layouts=(WHOLE_ROW,),
    columns=(("prompt", "response_0", "response_1", "is_response_0_safe", "is_response_1_safe", "better_response_id"),),
    license="CC-BY-NC-4.0",
    commercial_use=False,
    signal="safety",
    adapt=Rows(_read, "en"),
    options=Options,
)
