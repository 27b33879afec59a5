"""Cheap signs that tell chosen from rejected across a whole file: length, and formats that one side has."""

import re
from collections.abc import Mapping

import numpy as np

from builders.linting.splits import SplitFile
from builders.measures.findings import EXAMPLES, Finding
from builders.measures.giveaways import sign_difference
from builders.measures.statistics import length_auc, told_rightly
from builders.measures.surface import Sign
from builders.stages.keys import Keys

MIN_BIAS, MIN_BIAS_PAIRS = 0.15, 100
"""So far from 0.5 a sign alone tells too much; with fewer pairs it may be chance."""

ONE_SIDED, MIN_SHARE = 0.95, 0.05
"""Where so large a part of the pairs that differ in a sign differ the same way, and they are so large a part of all, it
is a giveaway however often the sides are alike in it."""

FORMATS = {
    Sign.MARKDOWN: "Markdown",
    Sign.LIST: "lists",
    Sign.EMOJI: "emoji",
    Sign.OTHER_LANGUAGE: "another language than the prompt's",
}
SHARD = re.compile(r"\d+-of-\d+")


def find_length_bias(auc: float, pairs: int) -> Finding:
    """One finding about all pairs together, if length tells too much."""
    if pairs < MIN_BIAS_PAIRS or abs(auc - 0.5) < MIN_BIAS:
        return Finding()
    which = "longer" if auc > 0.5 else "shorter"
    share = max(auc, 1 - auc)
    return Finding(pairs, [(-1, f"taking the {which} answer for chosen is right {share:.0%} of the time")])


def find_format_giveaways(sources: Mapping[str, np.ndarray], keys: Keys) -> Finding:
    """The pairs that a format tells apart in sources where it tells too much, the plainest told first; `sources` are
    the rows of each by name."""
    telling: list[tuple[float, str]] = []
    count = 0
    for name, rows in sources.items():
        surface = keys.surface(rows)
        told = np.zeros(len(rows), dtype=bool)
        for sign, words in FORMATS.items():
            difference = sign_difference(surface, sign)
            if _tells_too_much(difference):
                told |= difference != 0
                auc = float(told_rightly(difference).mean())
                having = (surface.signs & sign > 0).mean(axis=0)
                evidence = f"{name}: {_evidence(words, auc, having)}, length alone {length_auc(*surface.chars.T):.2f}"
                telling.append((abs(auc - 0.5), evidence))
        count += int(told.sum())
    plainest = sorted(telling, key=lambda one: (-one[0], one[1]))[:EXAMPLES]
    return Finding(count, [(-1, evidence) for _, evidence in plainest])


def _tells_too_much(difference: np.ndarray) -> bool:
    chosen, rejected = int((difference > 0).sum()), int((difference < 0).sum())
    differ, pairs = chosen + rejected, len(difference)
    if pairs < MIN_BIAS_PAIRS:
        return False
    if abs(chosen - rejected) >= 2 * MIN_BIAS * pairs:
        return True
    return differ >= max(MIN_SHARE * pairs, MIN_BIAS_PAIRS / 2) and max(chosen, rejected) >= ONE_SIDED * differ


def _evidence(words: str, auc: float, having: np.ndarray) -> str:
    chosen, rejected = having
    return f"{words} in {chosen:.0%} of chosen and {rejected:.0%} of rejected answers; that alone has AUC {auc:.2f}"


def rows_by_file(files: list[SplitFile], keys: Keys) -> dict[str, np.ndarray]:
    """The pairs by the name of their file; the shards of one file are one."""
    names = [SHARD.sub("*", each.file.name) for each in files]
    places = np.array([names.index(name) for name in names])[keys.source]
    return {names[place]: np.flatnonzero(places == place) for place in np.unique(places).tolist()}
