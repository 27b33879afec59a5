"""What was measured: scores with their uncertainty, and the difference of two models on the same questions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sources.command.errors import PrefsError

Z95 = 1.959963984540054
"""How many standard errors hold 95 % of a normal distribution on each side."""

METHOD = "paired by question: mean of the differences ± 1.96 standard errors of that mean"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question: what was answered (the text, or the number of the choice) and its score, 0 to 1."""

    task: str
    index: int
    hash: str
    answer: str | int
    score: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its standard error and the 95 % interval; None where one question gives neither."""

    value: float
    stderr: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Difference:
    """After minus before, and on how many questions the score rose and fell."""

    estimate: Estimate
    improved: int
    worsened: int

    @property
    def verdict(self) -> str:
        """Whether the interval leaves out zero."""
        low, high = self.estimate.low, self.estimate.high
        if low is None or high is None or low <= 0 <= high:
            return "unclear"
        return "better" if low > 0 else "worse"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRun:
    """One benchmark of one model. `metrics` are all of lm-eval's; `readings` say how CValues' answers were read."""

    version: str
    num_fewshot: int
    score: Estimate
    metrics: dict[str, float]
    readings: dict[str, int]
    subjects: dict[str, float]
    outcomes: tuple[Outcome, ...]


def estimate(value: float, stderr: float | None, *, low: float, high: float) -> Estimate:
    """The 95 % interval around a score, within what a score can be."""
    if stderr is None or math.isnan(stderr):
        return Estimate(value, None, None, None)
    return Estimate(value, stderr, max(low, value - Z95 * stderr), min(high, value + Z95 * stderr))


def compare(before: TaskRun, after: TaskRun) -> Difference:
    """The difference on the same questions.

    Raises:
        PrefsError: they are not the same.
    """
    keys = [[(outcome.task, outcome.index, outcome.hash) for outcome in run.outcomes] for run in (before, after)]
    if keys[0] != keys[1]:
        raise PrefsError(
            "evaluation", "the two models were not asked the same questions; this is a bug; please report it"
        )
    changes = [new.score - old.score for old, new in zip(before.outcomes, after.outcomes, strict=True)]
    return Difference(paired(changes), sum(change > 0 for change in changes), sum(change < 0 for change in changes))


def paired(changes: Sequence[float]) -> Estimate:
    """The mean of the differences; its standard error is that of a mean, with n - 1."""
    count = len(changes)
    mean = math.fsum(changes) / count
    if count == 1:
        return Estimate(mean, None, None, None)
    variance = math.fsum((change - mean) ** 2 for change in changes) / (count - 1)
    return estimate(mean, math.sqrt(variance / count), low=-1.0, high=1.0)
