"""Labels of pairs by scores: what each judge says of a pair, and all together, as rows of SCORES."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from synth.judging.together import name_of
from synth.judging.verdicts import SCORES, Said
from synth.ranking.combine import Place, Values, combine, label_by
from synth.scoring.groups import Group
from synth.scoring.recipe import Combining


@dataclass(frozen=True, slots=True)
class Bench:
    """All judges with their scores; `together` are those of all, where there are several."""

    names: list[str]
    judges: list[Values]
    rule: Combining
    together: Values | None

    @classmethod
    def of(cls, names: Sequence[str], judges: Sequence[Values], rule: Combining) -> "Bench":
        return cls(list(names), list(judges), rule, combine(judges, rule) if len(judges) > 1 else None)

    @property
    def each(self) -> list[tuple[str, Values]]:
        """Every judge, then all together, by name."""
        last = [] if self.together is None else [(name_of(self.rule), self.together)]
        return [*zip(self.names, self.judges, strict=True), *last]

    @property
    def last(self) -> Values:
        """The scores of the only judge, or of all together."""
        return self.each[-1][1]

    def label(self, values: Values, place: Place) -> Said | None:
        """What a judge, or all together, say of two answers, named chosen and rejected in that order."""
        if values is self.together:
            return label_by(self.rule, values, self.judges, place)
        return values.label(place)

    def rows(self, pair: str, group: Group, place: Place) -> list[dict[str, object]]:
        """What each judge, and all together, say of a pair of answers, as rows of SCORES."""
        rows: list[dict[str, object]] = []
        chosen, rejected = (group.answers[at] for at in (place.one, place.other))
        for name, values in self.each:
            label, scores = self.label(values, place), values.of(place.group)
            rows.append(
                {
                    "id": pair,
                    "source": group.source,
                    "source_row": group.source_row,
                    "judge": name,
                    "label": label,
                    "score_chosen": None if label is None else float(scores[place.one]),
                    "score_rejected": None if label is None else float(scores[place.other]),
                    "chosen_chars": len(chosen.text),
                    "rejected_chars": len(rejected.text),
                }
            )
        return rows


def score_table(rows: Sequence[dict[str, object]]) -> pa.Table:
    """Rows of SCORES as a table."""
    return pa.Table.from_pylist(list(rows), schema=SCORES)
