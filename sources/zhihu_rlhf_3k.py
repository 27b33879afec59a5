"""zhihu_rlhf_3k: two answers to a question on Zhihu, the one with more votes chosen.

One upstream row (an invented one), tab-separated:

    prompt  question_id  chosen  upvotes_chosen  rejected  upvotes_rejected
    猫为什么怕黄瓜？  20000001  <p>因为突然出现。</p>  310.0  不知道  2.0
"""

import html
import re
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from sources.pairs.schema import one_turn
from sources.pairs.source import Adapted, Source, UpstreamFile, skipped

LAYOUT = pa.schema(
    [
        pa.field("prompt", pa.string(), nullable=False),
        pa.field("question_id", pa.string(), nullable=False),
        pa.field("chosen", pa.string(), nullable=False),
        pa.field("upvotes_chosen", pa.float64(), nullable=True),
        pa.field("rejected", pa.string(), nullable=False),
        pa.field("upvotes_rejected", pa.float64(), nullable=True),
    ]
)

FILE = UpstreamFile(
    host="hub",
    repository="liyucheng/zhihu_rlhf_3k",
    revision="97c801e016265144750cb6cae8e4a31156ff43a1",
    path="zhihu_3k_rlfh.tsv",
)

BLOCK_TAG = re.compile(
    r"(?:(?<!\s)\s+)?</?(?:p|br|div|li|ul|ol|h[1-6]|hr|blockquote|figure|pre|tr|table)(?:\s[^<>]*)?/?>\s*", re.I
)
INLINE_TAG = re.compile(
    r"</?(?:a|b|i|u|em|strong|span|sup|sub|code|img|figcaption|noscript|td|th|tbody)(?:\s[^<>]*)?/?>", re.I
)
ENTITY = re.compile(r"&(?:[a-z][a-z0-9]{1,31}|#[0-9]{1,7}|#x[0-9a-f]{1,6});", re.I)


@dataclass(frozen=True, slots=True)
class Options:
    min_vote_ratio: Annotated[float, Field(ge=0.0)] = 1.0
    """The least ratio of chosen's votes to rejected's."""


def files(options: Options) -> tuple[UpstreamFile, ...]:
    return (FILE,)


def adapt(rows: pa.Table, options: Options) -> Adapted:
    faults = [
        _fault(chosen, rejected, options.min_vote_ratio)
        for chosen, rejected in zip(
            rows["upvotes_chosen"].to_pylist(), rows["upvotes_rejected"].to_pylist(), strict=True
        )
    ]
    numbers = rows["row"].to_pylist()
    lost = [(number, *fault) for number, fault in zip(numbers, faults, strict=True) if fault]
    rows = rows.filter(pa.array([fault is None for fault in faults], pa.bool_()))
    (prompt, c0), (chosen, c1), (rejected, c2) = (
        strip_html(rows[name].combine_chunks()) for name in ("prompt", "chosen", "rejected")
    )
    pairs = pa.table(
        {
            "prompt": one_turn("user", prompt),
            "chosen": one_turn("assistant", chosen),
            "rejected": one_turn("assistant", rejected),
            "row": rows["row"],
            "score_chosen": rows["upvotes_chosen"],
            "score_rejected": rows["upvotes_rejected"],
            "item": pc.binary_join_element_wise("zhihu", rows["question_id"], ":"),
        }
    )
    return Adapted(pairs, skipped(lost), {"html": c0 + c1 + c2})


def _fault(chosen: float | None, rejected: float | None, min_ratio: float) -> tuple[str, str] | None:
    """The reason and evidence why the votes make no pair."""
    if chosen is None or rejected is None:
        return "no_votes", f"upvotes_chosen {chosen}, upvotes_rejected {rejected}"
    votes = f"{chosen:g} votes against {rejected:g}"
    if chosen <= rejected:
        return "votes_not_higher", votes
    return ("vote_ratio", f"{votes}, ratio below {min_ratio:g}") if chosen < min_ratio * rejected else None


def strip_html(texts: pa.Array) -> tuple[pa.Array, int]:
    """The texts without known tags and entities, and how many of them changed; `a < b` and `List<int>` stay."""
    suspects = np.flatnonzero(pc.match_substring_regex(texts, "[<&]").to_numpy(zero_copy_only=False))
    if not len(suspects):
        return texts, 0
    mask = np.zeros(len(texts), dtype=bool)
    mask[suspects] = True
    plain = [_plain(text) for text in texts.take(pa.array(suspects)).to_pylist()]
    result = pc.replace_with_mask(texts, pa.array(mask), pa.array(plain, pa.string()))
    return result, pc.sum(pc.not_equal(texts, result)).as_py()


def _plain(text: str) -> str:
    without_tags = INLINE_TAG.sub("", BLOCK_TAG.sub("\n", text))
    plain = ENTITY.sub(lambda entity: html.unescape(entity[0]), without_tags)
    return plain.replace("\xa0", " ").strip() if plain != text else text


SOURCE = Source(
    name="zhihu_rlhf_3k",
    lang="zh",
    files=files,
    layouts=(LAYOUT,),
    license="CC-BY-2.0",
    commercial_use=False,
    license_note="claimed by the uploader; the answers belong to Zhihu's users",
    signal="votes",
    adapt=adapt,
    options=Options,
)
