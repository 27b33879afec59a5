"""What the checks found, whatever a recipe does about it: counts by code, and the first examples of each."""

from dataclasses import dataclass, field
from itertools import islice

from sources.checks import Hits

EXAMPLES = 3


@dataclass(slots=True)
class Finding:
    """One code: how many pairs, and (row, evidence) of the first of them; rows are numbered by who collects."""

    count: int = 0
    examples: list[tuple[int, str]] = field(default_factory=list)

    def add(self, count: int, examples: list[tuple[int, str]], first_row: int) -> None:
        """So many more, whose rows are counted from `first_row`."""
        self.count += count
        room = EXAMPLES - len(self.examples)
        self.examples += [(first_row + row, evidence) for row, evidence in examples[:room]]


class Findings(dict[str, Finding]):
    """By code."""

    def found(self, code: str, hits: Hits) -> None:
        """What one check found in a batch."""
        if hits:
            self.setdefault(code, Finding()).add(len(hits), list(islice(hits.items(), EXAMPLES)), 0)

    def merge(self, others: "Findings", first_row: int) -> None:
        """What was found among the rows from `first_row` on."""
        for code, other in others.items():
            self.setdefault(code, Finding()).add(other.count, other.examples, first_row)
