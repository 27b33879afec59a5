"""What verdicts say of the labels, and of the judge itself, by source. All figures come from the rows of SCORES."""

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synth.judging.share import Share

NAMES = np.array(["chosen", "rejected", "tie"])
CHOSEN, REJECTED, TIE, NONE = range(4)

SHARES = {
    "agrees with the labels": "agreement",
    "no preference": "ties",
    "same in both orders": "consistency",
    "first place, if they differ": "first_preferred",
    "longer preferred by judge": "length_judge",
    "longer preferred by labels": "length_labels",
}
"""The lines of the audit, and the figure in each."""

OF_ORDERS = ("consistency", "first_preferred")
"""Figures that only verdicts in both orders have."""


@dataclass(frozen=True, slots=True)
class Audit:
    """One source, or all together. Only pairs with a verdict in both orders count (`judged`).

    agreement        of the pairs with a preference: the judge prefers chosen
    ties             of all judged: no preference, said or because the orders differ
    consistency      of all judged: both orders say the same
    first_preferred  of the pairs in which both orders prefer the same place: it is the first one
    length_judge     of the pairs with a preference: the judge prefers the longer answer (equal lengths count half)
    length_labels    of the same pairs: chosen is the longer one
    """

    source: str
    pairs: int
    judged: int
    agreement: Share
    ties: Share
    consistency: Share
    first_preferred: Share
    length_judge: Share
    length_labels: Share

    def as_dict(self) -> dict[str, object]:
        """The audit for JSON."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value.as_dict() if isinstance(value, Share) else value for name, value in values.items()}


def audit(scores: pa.Table) -> list[Audit]:
    """The audit of each source, in order of their names, and where there are several that of all, named total."""
    sources = scores["source"].to_numpy(zero_copy_only=False)
    columns = _Columns.of(scores)
    names = sorted(set(sources.tolist()))
    found = [columns.audit(name, sources == name) for name in names]
    return [*found, columns.audit("total", np.ones(len(sources), bool))] if len(names) > 1 else found


@dataclass(frozen=True, slots=True)
class _Columns:
    """Of each pair: its label, what each order says (numbers of NAMES, or NONE), and how much longer chosen is."""

    label: np.ndarray
    chosen_first: np.ndarray
    rejected_first: np.ndarray
    longer: np.ndarray

    @classmethod
    def of(cls, scores: pa.Table) -> "_Columns":
        return cls(
            label=_numbers(scores["label"]),
            chosen_first=_numbers(scores["chosen_first"]),
            rejected_first=_numbers(scores["rejected_first"]),
            longer=pc.subtract(scores["chosen_chars"], scores["rejected_chars"]).to_numpy(),
        )

    def audit(self, source: str, here: np.ndarray) -> Audit:
        label, longer = self.label[here], self.longer[here]
        one, other = self.chosen_first[here], self.rejected_first[here]
        judged = label != NONE
        asked = (one != NONE) & (other != NONE)  # several judges together have no orders
        decided = (label == CHOSEN) | (label == REJECTED)
        first, second = (one == CHOSEN) & (other == REJECTED), (one == REJECTED) & (other == CHOSEN)
        return Audit(
            source=source,
            pairs=len(label),
            judged=_count(judged),
            agreement=Share(_count(label == CHOSEN), _count(decided)),
            ties=Share(_count(label == TIE), _count(judged)),
            consistency=Share(_count(asked & (one == other)), _count(asked)),
            first_preferred=Share(_count(first), _count(first | second)),
            length_judge=_longer(np.where(label == CHOSEN, longer, -longer)[decided]),
            length_labels=_longer(longer[decided]),
        )


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    places = pc.fill_null(pc.index_in(column, pa.array(NAMES)), NONE)
    return np.asarray(places.to_numpy())


def _longer(difference: np.ndarray) -> Share:
    """How often the preferred answer is the longer one."""
    return Share(float(((difference > 0) + 0.5 * (difference == 0)).sum()), len(difference))


def _count(rows: np.ndarray) -> int:
    return int(np.count_nonzero(rows))
