"""cheems: answers of language models to the queries of Chinese users, compared by people and by models.

One upstream row (an invented one) in the form that its authors' loader reads; an annotation names the better answer
first, and of ranks the lowest is best:

    {"input": "说出一种水果。", "responses": [{"id": 0, "content": "苹果。"}, {"id": 1, "content": "白菜。"}],
     "annotations": [[0, 1, "1"]], "rank": {"0": 1, "1": 2}}
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from sources.layouts import layout
from sources.layouts.known import verdicts
from sources.layouts.layout import Row
from sources.layouts.read_row import Read
from sources.layouts.upstream.compared import compared, ranked
from sources.layouts.upstream.options import Pairing
from sources.layouts.upstream.read_as import read_as
from sources.layouts.upstream.rows import Rows
from sources.pairs.source import WHOLE_ROW, Always, Source, UpstreamFile

FILE = UpstreamFile(
    host="github",
    repository="AlignRM/CheemsRM",
    revision="d0203e107b10fd1e4d26f4f643e7ace3dfa522c9",
    path="data/cheems_preference.jsonl",
    sha256="21e9155e51686193dd33804985eb559c55affe1f141e39b6559367c7a91d0f89",
    size=365_514_502,
)
"""Git LFS keeps it. The benchmark in data/cheems_bench/ is no training data."""

JUDGED = ("responses", "annotations", "rank")


@dataclass(frozen=True, slots=True)
class Options:
    pairing: Pairing = "best_worst"
    """Of answers with ranks."""
    pairs_per_prompt: Annotated[int, Field(gt=0)] = 1
    """Of answers that were compared two by two."""


def _read(options: Options, row: Row) -> Read:
    if "responses" not in row:
        return read_as(verdicts.WINNER, row)
    asked = {"prompt": row.get("input"), **{key: row[key] for key in row if key not in (*JUDGED, "input")}}
    if ranks := row.get("rank"):
        return ranked(asked, row["responses"], ranks, layout.Options(options.pairing))
    return compared(asked, row["responses"], row.get("annotations") or (), options.pairs_per_prompt)


SOURCE = Source(
    name="cheems",
    lang="zh",
    files=Always((FILE,)),
    layouts=(WHOLE_ROW,),
    columns=(
        ("input", "responses"),
        ("prompt", "responses"),
        ("input", "answer1", "answer2", "preference"),
        ("prompt", "answer1", "answer2", "preference"),
    ),
    license="Apache-2.0",
    commercial_use=True,
    signal="model",
    adapt=Rows(_read, "zh"),
    options=Options,
)
