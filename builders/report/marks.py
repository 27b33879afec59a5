"""What chosen and rejected have in common, so that a reader sees at once where they differ."""

import re
from itertools import accumulate

from rapidfuzz.distance import LCSseq

from sources.pairs.languages import IS_DENSE, LANGS
from sources.text.script import script_language

WORD = re.compile(r"\w+|\s+|[^\w\s]")

LOOKED_AT = 200
"""Characters of each answer that say what they are written in."""

MIN_RUN = {"zh": 4, "en": 3}
"""A shared run of fewer characters, or in English of fewer words and marks with a space for each, is chance."""


def shared_runs(chosen: str, rejected: str) -> list[int]:
    """The runs that both texts have in the same order: (place in chosen, place in rejected, length), in one flat list.

    Texts in Chinese, Japanese and the like are compared by characters, others by words. Places and lengths are
    characters.
    """
    lang = script_language(chosen[:LOOKED_AT], rejected[:LOOKED_AT])
    if IS_DENSE[LANGS.index(lang)]:
        return _flat(_blocks(chosen, rejected, MIN_RUN["zh"]))
    left, right = WORD.findall(chosen), WORD.findall(rejected)
    at_left, at_right = (list(accumulate(map(len, words), initial=0)) for words in (left, right))
    blocks = _blocks(left, right, 2 * MIN_RUN["en"] - 1)
    return _flat([(at_left[a], at_right[b], at_left[a + size] - at_left[a]) for a, b, size in blocks])


def _blocks(left: str | list[str], right: str | list[str], least: int) -> list[tuple[int, int, int]]:
    """The runs of a longest common subsequence that are long enough; a short one counts at either end of both."""
    ends = ((0, 0), (len(left), len(right)))
    blocks = []
    for op in LCSseq.opcodes(left, right):
        size = op.src_end - op.src_start
        at_end = (op.src_start, op.dest_start) == ends[0] or (op.src_end, op.dest_end) == ends[1]
        if op.tag == "equal" and (size >= least or (at_end and size > 1)):
            blocks.append((op.src_start, op.dest_start, size))
    return blocks


def _flat(blocks: list[tuple[int, int, int]]) -> list[int]:
    return [number for block in blocks for number in block]
