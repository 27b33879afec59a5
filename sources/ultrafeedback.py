"""ultrafeedback: four answers of language models to an English prompt, rated by GPT-4, the best chosen.

One upstream row (an invented one, with two of the four answers):

    {"source": "evol_instruct", "instruction": "Name a fruit.", "models": ["gpt-4", "alpaca-7b"], "completions": [
     {"model": "gpt-4", "response": "An apple.", "overall_score": 8.5,
      "annotations": {"helpfulness": {"Rating": "5"}}},
     {"model": "alpaca-7b", "response": "A stone.", "overall_score": 2.0,
      "annotations": {"helpfulness": {"Rating": "N/A"}}}]}
"""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal

import pyarrow as pa
from pydantic import Field

from sources.layouts import layout
from sources.layouts.adapt_rows import ONE_BY_ONE, adapt_rows, read_as
from sources.layouts.known import scored, trl
from sources.layouts.rated import PreferredBy, with_scores
from sources.layouts.read_row import Read
from sources.pairs.source import WHOLE_ROW, Adapted, Source, UpstreamFile

Subset = Literal["evol_instruct", "false_qa", "flan", "sharegpt", "truthful_qa", "ultrachat"]
ALL_BUT_THE_BENCHMARK: tuple[Subset, ...] = ("evol_instruct", "false_qa", "flan", "sharegpt", "ultrachat")
CLEANED = UpstreamFile(
    host="hub",
    repository="argilla/ultrafeedback-binarized-preferences-cleaned",
    revision="main",
    path="data/train-*.parquet",
)
OF_ALL_ANSWERS = ("source", "models", "correct_answers", "incorrect_answers")


@dataclass(frozen=True, slots=True)
class Options:
    file: Literal["openbmb", "argilla_cleaned"] = "openbmb"
    """openbmb: every answer with its ratings; argilla_cleaned: pairs that Argilla made of them."""
    subsets: tuple[Subset, ...] = ALL_BUT_THE_BENCHMARK
    preferred_by: PreferredBy = "mean"
    pairing: Literal["best_worst", "adjacent", "all"] = "best_worst"
    min_margin: Annotated[float, Field(ge=0)] = 0.0


def files(options: Options) -> tuple[UpstreamFile, ...]:
    if options.file == "argilla_cleaned":
        return (CLEANED,)
    return tuple(
        UpstreamFile(host="hub", repository="openbmb/UltraFeedback", revision="40b4365", path=f"{subset}.jsonl")
        for subset in options.subsets
    )


def adapt(rows: pa.Table, options: Options) -> Adapted:
    return adapt_rows(rows, partial(_read, options), "en")


def _read(options: Options, row: layout.Row) -> Read:
    if "completions" not in row:
        return read_as(trl.ULTRAFEEDBACK, row, ONE_BY_ONE, known=("source",))
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
    adapt=adapt,
    options=Options,
)
