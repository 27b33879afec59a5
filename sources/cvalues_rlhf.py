"""cvalues_rlhf: three kinds of answer to a risky Chinese prompt, the better kind chosen.

One upstream row (an invented one):

    {"prompt": "捡到钱包要还吗？", "pos_resp": "要还，可以交给失主或派出所。", "neg_resp": " 不用还。",
     "pos_type": "拒绝为主", "neg_type": "风险回复"}

Which two kinds make "harmless" and which "helpful" is not documented, so the order is taken from the kinds.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sources.pairs.schema import one_turn
from sources.pairs.source import Adapted, Source, UpstreamFile, skipped

KINDS = ("风险回复", "拒绝为主", "拒绝&正向建议")
"""Kinds of answer, worst first."""

KIND_TAGS = pa.array([[f"kinds:{better}>{worse}"] for better in KINDS for worse in KINDS])
"""The tag of a pair of kinds, at (place of the better) * 3 + (place of the worse)."""

LAYOUT = pa.schema(
    [pa.field(n, pa.string(), nullable=False) for n in ("prompt", "pos_resp", "neg_resp", "pos_type", "neg_type")]
)


@dataclass(frozen=True, slots=True)
class Options:
    sections: tuple[Literal["harmless", "helpful"], ...] = ("harmless", "helpful")
    splits: tuple[Literal["train", "test"], ...] = ("train",)


def files(options: Options) -> tuple[UpstreamFile, ...]:
    return tuple(
        UpstreamFile(
            host="hub",
            repository="Skepsun/cvalues_rlhf",
            revision="130d6cc61440",
            path=f"{section}_{split}.json",
        )
        for split in options.splits
        for section in options.sections
    )


def adapt(rows: pa.Table, options: Options) -> Adapted:
    ranks = np.stack([_rank(rows["pos_type"]), _rank(rows["neg_type"])])
    ordered = (ranks >= 0).all(axis=0) & (ranks[0] != ranks[1])
    lost = _unordered(rows, ranks, np.flatnonzero(~ordered))
    if lost:
        rows, ranks = rows.filter(pa.array(ordered)), ranks[:, ordered]
    chosen, rejected = (rows[name].combine_chunks() for name in ("pos_resp", "neg_resp"))
    indented = sum(pc.sum(pc.starts_with(texts, " ")).as_py() or 0 for texts in (chosen, rejected))
    if indented:
        chosen, rejected = (pc.utf8_ltrim(texts, " ") for texts in (chosen, rejected))
    swapped = ranks[1] > ranks[0]
    if swapped.any():
        swap = pa.array(swapped)
        chosen, rejected = pc.if_else(swap, rejected, chosen), pc.if_else(swap, chosen, rejected)
    better, worse = ranks.max(axis=0), ranks.min(axis=0)
    pairs = pa.table(
        {
            "prompt": one_turn("user", rows["prompt"].combine_chunks()),
            "chosen": one_turn("assistant", chosen),
            "rejected": one_turn("assistant", rejected),
            "row": rows["row"],
            "score_chosen": pa.array(better, pa.float64()),
            "score_rejected": pa.array(worse, pa.float64()),
            "tags": KIND_TAGS.take(pa.array(better * len(KINDS) + worse)),
        }
    )
    repairs = {"leading_space": indented, "sides_ordered_by_kind": int(swapped.sum())}
    return Adapted(pairs, skipped(lost), repairs)


def _rank(kinds: pa.ChunkedArray) -> np.ndarray:
    """The place of each kind in KINDS, -1 for one that is not there."""
    coded = kinds.combine_chunks().dictionary_encode()
    plain = pc.utf8_trim_whitespace(pc.utf8_normalize(coded.dictionary, form="NFKC"))
    rank = pc.fill_null(pc.index_in(plain, value_set=pa.array(KINDS)), -1).to_numpy(zero_copy_only=False)
    return np.asarray(rank[coded.indices.to_numpy()], dtype=np.int64)


def _unordered(rows: pa.Table, ranks: np.ndarray, places: np.ndarray) -> list[tuple[int, str, str]]:
    """Row, reason and evidence of the rows whose kinds give no order."""
    kinds = rows.select(["row", "pos_type", "neg_type"]).take(pa.array(places)).to_pylist()
    equal = (ranks[0] == ranks[1]) & (ranks[0] >= 0)
    return [
        (
            row["row"],
            "equal_kinds" if equal[place] or row["pos_type"] == row["neg_type"] else "unknown_kind",
            f"pos_type {row['pos_type']!r}, neg_type {row['neg_type']!r}; known: {', '.join(KINDS)}",
        )
        for place, row in zip(places.tolist(), kinds, strict=True)
    ]


SOURCE = Source(
    name="cvalues_rlhf",
    lang="zh",
    files=files,
    layouts=(LAYOUT,),
    license="Apache-2.0",
    commercial_use=True,
    signal="safety",
    adapt=adapt,
    options=Options,
)
