"""What a judge's verdicts do with pairs: those it disagrees with are dropped, tagged or swapped."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import orjson
import pyarrow as pa

from sources.pairs.extras import EXTRAS
from sources.pairs.schema import content_ids

Disagrees = Literal["drop", "tag", "flip", "off"]

STAGE = "judge"
FLIPPED = "judge_flipped"
ANSWERS = ("chosen", "rejected")
SWAPPED = (ANSWERS, ("score_chosen", "score_rejected"), ("chosen_model", "rejected_model"))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge says of a pair: `label` is chosen, rejected or tie; `margin` is how far its scores are apart."""

    label: str
    margin: float


@dataclass(frozen=True, slots=True)
class Judged:
    """Verdicts by the id of their pair, and what they do. Verdicts with a smaller margin than `min_margin` drop the
    pair."""

    judge: str
    verdicts: Mapping[str, Verdict]
    disagrees: Disagrees
    min_margin: float = 0.0

    def count(self, pairs: pa.Table) -> int:
        """How many of the pairs have a verdict."""
        return len(self._of(pairs))

    def flip(self, pairs: pa.Table) -> pa.Table:
        """The pairs, chosen and rejected swapped in those whose rejected answer the judge prefers; tagged, with a new
        id. Where this is not asked for, the pairs as they are."""
        if self.disagrees != "flip":
            return pairs
        rows = [row for row, verdict in self._of(pairs) if verdict.label == "rejected" and self._is_clear(verdict)]
        if not rows:
            return pairs
        swapped = pa.Table.from_pylist(
            [_swapped(each) for each in pairs.take(pa.array(rows)).to_pylist()], pairs.schema
        )
        sides = (swapped[name].combine_chunks() for name in ("prompt", *ANSWERS, EXTRAS.name))
        swapped = swapped.set_column(pairs.schema.get_field_index("id"), "id", content_ids(*sides))
        order = np.arange(len(pairs))
        order[rows] = len(pairs) + np.arange(len(rows))
        return pa.concat_tables([pairs, swapped]).take(pa.array(order)).combine_chunks()

    def find(self, pairs: pa.Table) -> tuple[dict[int, tuple[str, str]], dict[int, str]]:
        """Reason and evidence by row of the pairs to drop, and by row the tags of the others."""
        drops, tags = dict[int, tuple[str, str]](), dict[int, str]()
        for row, verdict in self._of(pairs):
            reason = self._reason(verdict)
            if not reason:
                continue
            if self.disagrees == "tag" and reason != "margin":
                tags[row] = reason
            else:
                drops[row] = (reason, f"{self.judge}: {verdict.label}, margin {verdict.margin:g}")
        return drops, tags

    def _reason(self, verdict: Verdict) -> str:
        if verdict.label == "tie":
            return "" if self.disagrees == "off" else "judge_tie"
        if verdict.label == "rejected" and self.disagrees in ("drop", "tag"):
            return "judge_disagrees"
        return "" if self._is_clear(verdict) else "margin"

    def _is_clear(self, verdict: Verdict) -> bool:
        return verdict.margin >= self.min_margin

    def _of(self, pairs: pa.Table) -> list[tuple[int, Verdict]]:
        """The rows that have a verdict."""
        found = ((row, self.verdicts.get(pair)) for row, pair in enumerate(pairs["id"].to_pylist()))
        return [(row, verdict) for row, verdict in found if verdict is not None]


def _swapped(pair: dict[str, Any]) -> dict[str, Any]:
    """A pair with chosen and rejected swapped, everywhere that they are told apart."""
    for one, other in SWAPPED:
        pair[one], pair[other] = pair[other], pair[one]
    path, _, rows = pair["source_row"].rpartition(":")
    pair["source_row"] = f"{path}:{','.join(reversed(rows.split(',')))}"
    pair["tags"] = [*(_other_side(tag) for tag in pair["tags"] or ()), FLIPPED]
    if pair[EXTRAS.name] is not None:
        extras = orjson.loads(pair[EXTRAS.name])
        said = extras["messages"]
        said["chosen"], said["rejected"] = said["rejected"], said["chosen"]
        pair[EXTRAS.name] = orjson.dumps(extras).decode()
    return pair


def _other_side(tag: str) -> str:
    for one, other in (ANSWERS, ANSWERS[::-1]):
        if tag.endswith(f"_{one}"):
            return f"{tag.removesuffix(one)}{other}"
    return tag
