"""Preferences of a judge that go round in a circle: A over B, B over C, C over A, among answers to one prompt."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cycles:
    """Of the judge's preferences about prompts of which it compared several pairs (`of`), how many are in a circle."""

    judge: str
    pairs: int
    of: int
    prompts: int

    @property
    def line(self) -> str:
        """The finding in words."""
        return (
            f"{self.pairs:,} of {self.of:,} preferences of {self.judge} about prompts with several pairs go in a "
            f"circle (A over B over C over A), at {self.prompts:,} prompts"
        )

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {"judge": self.judge, "pairs_in_cycles": self.pairs, "of": self.of, "prompts": self.prompts}


def find_cycles(judge: str, preferences: Iterable[tuple[int, int, int]]) -> Cycles:
    """The circles in preferences, each a prompt, the answer that is preferred and the other one."""
    by_prompt: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for prompt, better, worse in preferences:
        by_prompt[prompt].append((better, worse))
    several = [edges for edges in by_prompt.values() if len(edges) > 1]
    inside = [_in_circle(edges) for edges in several]
    return Cycles(judge, sum(inside), sum(map(len, several)), sum(count > 0 for count in inside))


def _in_circle(edges: list[tuple[int, int]]) -> int:
    """How many of the edges are on a way that comes back to where it began."""
    after: dict[int, set[int]] = defaultdict(set)
    for better, worse in edges:
        after[better].add(worse)
    return sum(better in _reached(worse, after) for better, worse in edges)


def _reached(start: int, after: dict[int, set[int]]) -> set[int]:
    found, left = {start}, [start]
    while left:
        for each in after.get(left.pop(), set()) - found:
            found.add(each)
            left.append(each)
    return found
