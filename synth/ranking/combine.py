"""The scores of several judges as one: the mean, that of standardised scores, or what most or all of them prefer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from synth.judging.together import label_together
from synth.judging.verdicts import Said
from synth.scoring.recipe import Combining

NEAR: Final = 1e-9
"""Scores closer than this are the same: means of whole numbers may differ in their last digit."""

SCALES: Final[dict[Combining, str]] = {
    "mean": "the mean of the judges' scores",
    "standardised": "the mean of the judges' scores, each less that judge's mean, in its standard deviations",
    "majority": "the share of judges and of other answers that an answer wins, a tie being half",
    "all": "the share of judges and of other answers that an answer wins, a tie being half",
}


@dataclass(frozen=True, slots=True)
class Values:
    """The scores of one judge: one a group and answer, in order; nan where there is none. `starts` are the places at
    which the groups begin, and the end of the last one. `finer` says of each group whether they are expected scores."""

    scores: np.ndarray
    starts: np.ndarray
    finer: np.ndarray

    def of(self, group: int) -> np.ndarray:
        """The scores of one group."""
        return self.scores[self.starts[group] : self.starts[group + 1]]

    def label(self, place: "Place") -> Said | None:
        """Which of two answers has the higher score; None where one has none."""
        one, other = self.of(place.group)[place.one], self.of(place.group)[place.other]
        if np.isnan(one) or np.isnan(other):
            return None
        if abs(one - other) <= NEAR:
            return "tie"
        return "chosen" if one > other else "rejected"


@dataclass(frozen=True, slots=True)
class Place:
    """Two answers of a group: the group's number, and which of its answers they are."""

    group: int
    one: int
    other: int


def choose_values(printed: np.ndarray, expected: np.ndarray, starts: np.ndarray) -> Values:
    """The expected scores of the groups in which every answer with a score has one, the printed ones of the others: in
    a group, scores are compared with their like."""
    lacks = np.isnan(expected) & ~np.isnan(printed)
    scored = ~np.isnan(printed)
    lacking = np.add.reduceat(lacks, starts[:-1]) if len(starts) > 1 else np.empty(0)
    having = np.add.reduceat(scored, starts[:-1]) if len(starts) > 1 else np.empty(0)
    finer = (lacking == 0) & (having > 0)
    return Values(np.where(np.repeat(finer, np.diff(starts)), expected, printed), starts, finer)


def combine(judges: Sequence[Values], rule: Combining) -> Values:
    """The scores of all judges together; nan where a judge has none."""
    starts = judges[0].starts
    if rule == "standardised":
        scores = np.mean([_standardised(each.scores) for each in judges], axis=0)
    elif rule == "mean":
        scores = np.mean([each.scores for each in judges], axis=0)
    else:
        scores = np.mean([_wins(each) for each in judges], axis=0)
    return Values(scores, starts, np.logical_and.reduce([each.finer for each in judges]))


def label_by(rule: Combining, together: Values, judges: Sequence[Values], place: Place) -> Said | None:
    """What all judges say of two answers of a group, named chosen and rejected in that order."""
    if rule in ("mean", "standardised"):
        return together.label(place)
    return label_together([each.label(place) for each in judges], "all" if rule == "all" else "majority")


def _standardised(scores: np.ndarray) -> np.ndarray:
    known = scores[~np.isnan(scores)]
    spread = float(known.std()) if len(known) else 0.0
    return (scores - (known.mean() if len(known) else 0.0)) / (spread if spread > NEAR else 1.0)


def _wins(values: Values) -> np.ndarray:
    """The share of the other answers of its group that each answer beats, a tie being half."""
    shares = np.full(len(values.scores), np.nan)
    for group in range(len(values.starts) - 1):
        start, end = values.starts[group], values.starts[group + 1]
        scores = values.scores[start:end]
        if end - start < 2:
            continue
        apart = scores[:, None] - scores[None, :]
        wins = np.where(np.isnan(apart), np.nan, np.where(np.abs(apart) <= NEAR, 0.5, apart > 0))
        known = ~np.isnan(scores)
        beaten = np.nansum(np.where(np.eye(len(scores), dtype=bool), 0.0, wins), axis=1)
        others = max(int(known.sum()) - 1, 1)
        shares[start:end] = np.where(known, beaten / others, np.nan)
    return shares
