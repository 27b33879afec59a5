"""ultrafeedback_zh: four answers of language models to a Chinese prompt, rated by DeepSeek-V3, the best chosen.

One upstream row (an invented one, with two of the four answers) of the main file:

    {"source": "smoltalk", "instruction": "说出一种水果。", "completions": [
     {"model": "glm-4-9b-chat", "response": "苹果。", "overall_score": 4.6,
      "annotations": {"helpfulness": {"Rating": "5"}}},
     {"model": "qwen2.5-1.5b", "response": "白菜。", "overall_score": 1.2,
      "annotations": {"helpfulness": {"Rating": "1"}}}]}
"""

from dataclasses import dataclass
from typing import Literal

from sources.layouts import layout
from sources.layouts.known import others, scored
from sources.layouts.read_row import Read
from sources.layouts.upstream.options import Margin, Pairing
from sources.layouts.upstream.rated import PreferredBy, is_truthful_qa, overall, with_scores
from sources.layouts.upstream.read_as import read_as
from sources.layouts.upstream.rows import Rows
from sources.pairs.source import WHOLE_ROW, Source, UpstreamFile, on_hub

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
    pairing: Pairing = "best_worst"
    min_margin: Margin = 0.0
    truthful_qa: bool = False


def files(options: Options) -> tuple[UpstreamFile, ...]:
    return on_hub("opencsg/UltraFeedback-chinese", "3aa96deec7b86670559026ee9aea5dae328edc71", FILES[options.file])


def _read(options: Options, row: layout.Row) -> Read:
    if is_truthful_qa(row.get("source")) and not options.truthful_qa:
        raise layout.NoPairError("benchmark_part", f"source is {row['source']}")
    pairs = layout.Options(options.pairing, options.min_margin)
    if "completions" in row:
        return read_as(scored.SCORED, with_scores(row, options.preferred_by), pairs, known=("source",))
    told = {column: overall(row[column]) for column in RATINGS if column in row}
    return read_as(others.NAMED_SIDES, {**row, **told}, pairs, known=("source",))


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
    adapt=Rows(_read, "zh"),
    options=Options,
)
