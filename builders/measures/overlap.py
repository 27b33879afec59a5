"""How much of a source others have too: its prompts, and its pairs that went as duplicates of theirs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Overlap:
    """One source with `prompts` different prompts: how many of them each other source has too (`shared`), and how many
    pairs went since another source has them (`duplicates`). Sources that have none are not there."""

    source: str
    prompts: int
    shared: Mapping[str, int]
    duplicates: Mapping[str, int]

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {
            "source": self.source,
            "prompts": self.prompts,
            "shared": dict(self.shared),
            "duplicates": dict(self.duplicates),
        }


def count_overlaps(prompts: Mapping[str, np.ndarray], twins: Mapping[str, Mapping[str, int]]) -> list[Overlap]:
    """One for each source that has anything in common with another; `prompts` are the hashes of each source's prompts,
    `twins` counts the pairs of each that went as a duplicate of another's."""
    different = {source: np.unique(hashes) for source, hashes in prompts.items()}
    overlaps = []
    for source, mine in different.items():
        others = {other: _in_common(mine, theirs) for other, theirs in different.items() if other != source}
        shared = {other: count for other, count in others.items() if count}
        if shared or twins.get(source):
            overlaps.append(Overlap(source, len(mine), shared, twins.get(source, {})))
    return overlaps


def _in_common(mine: np.ndarray, theirs: np.ndarray) -> int:
    """How many values of two sorted arrays without repetitions stand in both."""
    small, large = sorted((mine, theirs), key=len)
    places = np.searchsorted(large, small)
    within = places < len(large)
    return int((large[places[within]] == small[within]).sum())
