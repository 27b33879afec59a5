"""ultrafeedback_zh: four answers of language models to a Chinese prompt, rated by DeepSeek-V3, the best chosen.

One upstream row (an invented one, with two of the four answers) of the main file:

    {"source": "smoltalk", "instruction": "说出一种水果。", "completions": [
     {"model": "glm-4-9b-chat", "response": "苹果。", "overall_score": 4.6,
      "annotations": {"helpfulness": {"Rating": "5"}}},
     {"model": "qwen2.5-1.5b", "response": "白菜。", "overall_score": 1.2,
      "annotations": {"helpfulness": {"Rating": "1"}}}]}
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal

import pyarrow as pa
from pydantic import Field

from sources.layouts import layout
from sources.layouts.adapt_rows import adapt_rows, read_as
from sources.layouts.known import others, scored
from sources.layouts.rated import PreferredBy, is_truthful_qa, with_scores
from sources.layouts.read_row import Read
from sources.pairs.source import WHOLE_ROW, Adapted, Source, UpstreamFile

FILES = {
    "main": "ultrafeedback_zh.parquet",
    "lowest": "ultrafeedback_zh_binarized_lowest.parquet",
    "random": "ultrafeedback_zh_binarized_random.parquet",
}
RATINGS = ("chosen_rating", "rejected_rating")


@dataclass(frozen=True, slots=True)
class Options:
    file: Literal["main", "lowest", "random"] = "main"
    """main: every answer with its ratings; the others: the publisher's pairs."""
    preferred_by: PreferredBy = "weighted"
    pairing: Literal["best_worst", "adjacent", "all"] = "best_worst"
    min_margin: Annotated[float, Field(ge=0)] = 0.0
    truthful_qa: bool = False


def files(options: Options) -> tuple[UpstreamFile, ...]:
    return (
        UpstreamFile(
            host="hub",
            repository="opencsg/UltraFeedback-chinese",
            revision="3aa96deec7b86670559026ee9aea5dae328edc71",
            path=FILES[options.file],
        ),
    )


def adapt(rows: pa.Table, options: Options) -> Adapted:
    return adapt_rows(rows, partial(_read, options), "zh")


def _read(options: Options, row: layout.Row) -> Read:
    if is_truthful_qa(row.get("source")) and not options.truthful_qa:
        raise layout.NoPairError("benchmark_part", f"source is {row['source']}")
    pairs = layout.Options(options.pairing, options.min_margin)
    if "completions" in row:
        return read_as(scored.SCORED, with_scores(row, options.preferred_by), pairs, known=("source",))
    told = {column: _overall(row[column]) for column in RATINGS if column in row}
    return read_as(others.NAMED_SIDES, {**row, **told}, pairs, known=("source",))


def _overall(rating: object) -> object:
    """The overall score of a dict of ratings, which one publication writes as the text of a Python dict."""
    if isinstance(rating, str) and rating.lstrip().startswith("{"):
        try:
            rating = ast.literal_eval(rating.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return rating
    return rating.get("overall_score") if isinstance(rating, Mapping) else rating


SOURCE = Source(
    name="ultrafeedback_zh",
    lang="zh",
    files=files,
    layouts=(WHOLE_ROW,),
    columns=(("instruction", "completions"), ("instruction", "chosen_response", "rejected_response")),
    license="Apache-2.0",
    commercial_use=False,
    license_note="as tagged; a licence of the publisher's own lies beside the files",
    signal="model",
    adapt=adapt,
    options=Options,
)
