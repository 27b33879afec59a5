"""cheems: answers of language models to the queries of Chinese users, compared by people and by models.

One upstream row (an invented one) in the form that its authors' loader reads; an annotation names the better answer
first, and of ranks the lowest is best:

    {"input": "说出一种水果。", "responses": [{"id": 0, "content": "苹果。"}, {"id": 1, "content": "白菜。"}],
     "annotations": [[0, 1, "1"]], "rank": {"0": 1, "1": 2}}
"""

from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, Literal

import pyarrow as pa
from pydantic import Field

from sources.command.printable import shown
from sources.layouts import layout
from sources.layouts.adapt_rows import ONE_BY_ONE, adapt_rows, read_as
from sources.layouts.known import scored, trl, verdicts
from sources.layouts.layout import NoPairError, Row
from sources.layouts.read_row import Read
from sources.pairs.source import WHOLE_ROW, Adapted, Source, UpstreamFile

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
    pairing: Literal["best_worst", "adjacent", "all"] = "best_worst"
    """Of answers with ranks."""
    pairs_per_prompt: Annotated[int, Field(gt=0)] = 1
    """Of answers that were compared two by two."""


def files(options: Options) -> tuple[UpstreamFile, ...]:
    return (FILE,)


def adapt(rows: pa.Table, options: Options) -> Adapted:
    return adapt_rows(rows, partial(_read, options), "zh")


def _read(options: Options, row: Row) -> Read:
    if "responses" not in row:
        return read_as(verdicts.WINNER, row, ONE_BY_ONE)
    ranks = row.get("rank")
    if not ranks:
        return _compared(options, row)
    by_id = {str(key): rank for key, rank in ranks.items()}
    answers = [{"content": each["content"], "rank": by_id.get(str(each["id"]))} for each in row["responses"]]
    return read_as(scored.SCORED, _asked(row) | {"responses": answers}, layout.Options(options.pairing))


def _compared(options: Options, row: Row) -> Read:
    """The first pairs of answers that more annotations put one way round than the other."""
    contents = {str(each["id"]): each["content"] for each in row["responses"]}
    votes = Counter(map(_verdict, row.get("annotations") or ()))
    pairs = {(better, worse) for better, worse in votes if votes[better, worse] > votes[worse, better]}
    ordered = [pair for pair in votes if pair in pairs and contents.keys() >= {*pair}]
    if not ordered:
        raise NoPairError("tie", f"{votes.total()} annotations of {len(contents)} answers, none above the opposite")
    read = [
        read_as(trl.STANDARD, _asked(row) | {"chosen": contents[better], "rejected": contents[worse]}, ONE_BY_ONE)
        for better, worse in ordered[: options.pairs_per_prompt]
    ]
    beyond = ["annotations[] beyond pairs_per_prompt"] * (len(ordered) > len(read))
    return replace(read[0], drafts=[draft for each in read for draft in each.pairs], unused=[*read[0].unused, *beyond])


def _asked(row: Row) -> dict[str, Any]:
    """The row without what was judged, its prompt under one name."""
    others = {key: cell for key, cell in row.items() if key not in (*JUDGED, "input")}
    return {"prompt": row.get("input"), **others}


def _verdict(annotation: object) -> tuple[str, str]:
    """The ids of the better and the worse answer.

    Raises:
        NoPairError: the annotation says something else.
    """
    match annotation:
        case [better, worse, "1" | 1]:
            return str(better), str(worse)
        case {"answer1": first, "answer2": second, "preference": 1 | 2 | "1" | "2" as preference}:
            return (str(first), str(second)) if str(preference) == "1" else (str(second), str(first))
    raise NoPairError("unknown_verdict", f"an annotation is {shown(annotation)}, expected which answer is better")


SOURCE = Source(
    name="cheems",
    lang="zh",
    files=files,
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
    adapt=adapt,
    options=Options,
)
