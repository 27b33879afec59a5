"""The strongest disagreements of a judge with the labels, to be read side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from synth.job.completion import Completion
from synth.judging.verdicts import Judged, Said

MOST = 20


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A pair of which the judge, or all judges together, prefer rejected, with what was `said`. `margin` is how sure
    the labels are: score_chosen - score_rejected, 0 where the source gives no scores."""

    id: str
    source: str
    source_row: str
    margin: float
    prompt: str
    chosen: str
    rejected: str
    said: list[str]

    @property
    def order(self) -> tuple[float, str]:
        """The surest labels first; of equally sure ones in order of their ids."""
        return -self.margin, self.id

    def as_dict(self) -> dict[str, object]:
        """The disagreement for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Strongest:
    """Takes judged pairs, and keeps the MOST strongest disagreements in `found`."""

    found: list[Disagreement] = field(default_factory=list)

    def add(self, labels: Sequence[Said | None], judges: Sequence[list[Judged]]) -> None:
        """Some more pairs: what is said of each, and what each judge was asked about them."""
        pairs = zip(labels, zip(*judges, strict=True), strict=True)
        self.keep([_disagreement(ones) for label, ones in pairs if label == "rejected"])

    def keep(self, more: Sequence[Disagreement]) -> None:
        """Some more disagreements."""
        self.found = sorted([*self.found, *more], key=lambda each: each.order)[:MOST]


def _disagreement(ones: tuple[Judged, ...]) -> Disagreement:
    pair: dict[str, Any] = ones[0].pair
    asked = [each for one in ones for each in one.asked]
    scores = pair["score_chosen"], pair["score_rejected"]
    return Disagreement(
        id=pair["id"],
        source=pair["source"],
        source_row=pair["source_row"],
        margin=0.0 if None in scores else scores[0] - scores[1],
        prompt="\n\n".join(turn["content"] for turn in pair["prompt"]),
        chosen=pair["chosen"],
        rejected=pair["rejected"],
        said=[each.outcome.text for each in asked if isinstance(each.outcome, Completion) and each.better],
    )
