"""ultrafeedback: four answers of language models to an English prompt, rated by GPT-4, the best chosen.

One upstream row (an invented one, with two of the four answers):

    {"source": "evol_instruct", "instruction": "Name a fruit.", "models": ["gpt-4", "alpaca-7b"], "completions": [
     {"model": "gpt-4", "response": "An apple.", "overall_score": 8.5,
      "annotations": {"helpfulness": {"Rating": "5"}}},
     {"model": "alpaca-7b", "response": "A stone.", "overall_score": 2.0,
      "annotations": {"helpfulness": {"Rating": "N/A"}}}]}
"""

from dataclasses import dataclass
from typing import Literal

from sources.layouts import layout
from sources.layouts.known import scored, trl
from sources.layouts.read_row import Read
from sources.layouts.upstream.options import Margin, Pairing
from sources.layouts.upstream.rated import PreferredBy, with_scores
from sources.layouts.upstream.read_as import read_as
from sources.layouts.upstream.rows import Rows
from sources.pairs.source import WHOLE_ROW, Source, UpstreamFile, on_hub

Subset = Literal["evol_instruct", "false_qa", "flan", "sharegpt", "truthful_qa", "ultrachat"]
ALL_BUT_THE_BENCHMARK: tuple[Subset, ...] = ("evol_instruct", "false_qa", "flan", "sharegpt", "ultrachat")
OF_ALL_ANSWERS = ("source", "models", "correct_answers", "incorrect_answers")


@dataclass(frozen=True, slots=True)
class Options:
    file: Literal["openbmb", "argilla_cleaned"] = "openbmb"
    """openbmb: every answer with its ratings; argilla_cleaned: pairs that Argilla made of them."""
    subsets: tuple[Subset, ...] = ALL_BUT_THE_BENCHMARK
    preferred_by: PreferredBy = "mean"
    pairing: Pairing = "best_worst"
    min_margin: Margin = 0.0


def files(options: Options) -> tuple[UpstreamFile, ...]:
    if options.file == "argilla_cleaned":
        return on_hub("argilla/ultrafeedback-binarized-preferences-cleaned", "main", "data/train-*.parquet")
    return on_hub("openbmb/UltraFeedback", "40b4365", *(f"{subset}.jsonl" for subset in options.subsets))


def _read(options: Options, row: layout.Row) -> Read:
    if "completions" not in row:
        return read_as(trl.ULTRAFEEDBACK, row, known=("source",))
    pairs = layout.Options(options.pairing, options.min_margin)
    return read_as(scored.SCORED, with_scores(row, options.preferred_by), pairs, known=OF_ALL_ANSWERS)


SOURCE = Source(
    name="ultrafeedback",
    lang="en",
    files=files,
    layouts=(WHOLE_ROW,),
    columns=(("instruction", "completions"), ("prompt", "chosen", "rejected")),
    license="MIT",
    commercial_use=True,
    signal="model",
    adapt=Rows(_read, "en"),
    options=Options,
)
