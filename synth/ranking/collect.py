"""The first look at all answers: every question into its file, and the scores of each judge in numbers."""

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import nan

import numpy as np
import pyarrow as pa

from sources.files.write_parquet import Sink
from synth.asking.work import Find
from synth.job.completion import Completion
from synth.judging.spoken import Unreadable
from synth.ranking.combine import Values, choose_values
from synth.scoring.domains import Domains
from synth.scoring.questions import Scorer
from synth.scoring.scored import (
    ANSWERS,
    VERDICTS,
    Scored,
    Why,
    answer_rows,
    expected_of,
    score_of,
    scored,
    verdict_rows,
)


@dataclass(slots=True)
class Collected:
    """What one judge gave: its scores and expected scores, one an answer and group, in order, nan where there is none;
    by place why there is none; answers and tokens; questions without a score, by reason; the probability outside the
    scale, summed over the expected scores; and how many answers there are, each once."""

    name: str
    printed: "array[float]" = field(default_factory=lambda: array("d"))
    expected: "array[float]" = field(default_factory=lambda: array("d"))
    missing: dict[int, str] = field(default_factory=dict)
    tokens: Counter[str] = field(default_factory=Counter)
    no_verdict: Counter[str] = field(default_factory=Counter)
    outside: float = 0.0
    finer: int = 0

    def add(self, one: Scored, *, is_new: bool) -> None:
        """One more answer; one that was seen before is not counted again."""
        score, expected = score_of(one.scores), expected_of(one.scores)
        if isinstance(one.scores, Unreadable):
            self.missing[len(self.printed)] = one.scores.reason
        self.printed.append(nan if score is None else score)
        self.expected.append(nan if expected is None else expected)
        if is_new:
            self._count(one)

    def _count(self, one: Scored) -> None:
        for each in one.asked:
            if isinstance(each.scores, Unreadable):
                self.no_verdict[each.scores.reason] += 1
            if isinstance(each.outcome, Completion):
                self.tokens["answers"] += 1
                self.tokens["prompt_tokens"] += each.outcome.prompt_tokens or 0
                self.tokens["completion_tokens"] += each.outcome.completion_tokens or 0
        if not isinstance(one.scores, Unreadable):
            self.tokens["scored"] += 1
            self.finer += len(one.scores.expected)
            self.outside += sum(each.outside for each in one.scores.expected.values())

    @property
    def mean_outside(self) -> float | None:
        """The mean probability outside the scale; None where there are no log-probabilities."""
        return round(self.outside / self.finer, 6) if self.finer else None

    def values(self, starts: np.ndarray) -> Values:
        """Its scores in numbers."""
        return choose_values(np.array(self.printed), np.array(self.expected), starts)


@dataclass(slots=True)
class Everything:
    """The scores of all judges; `starts` are the places at which the groups begin, and the end of the last one;
    `answers` counts them by domain, each once."""

    judges: list[Collected]
    starts: "array[int]" = field(default_factory=lambda: array("q", [0]))
    answers: Counter[str] = field(default_factory=Counter)
    seen: set[bytes] = field(default_factory=set)

    def is_new(self, one: Scored, domain: str) -> bool:
        """Whether this answer was not seen before."""
        name = bytes.fromhex(one.group.answer_id(one.answer))
        if name in self.seen:
            return False
        self.seen.add(name)
        self.answers[domain] += 1
        return True

    def values(self) -> list[Values]:
        """The scores of each judge in numbers."""
        starts = np.array(self.starts)
        return [judge.values(starts) for judge in self.judges]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How each judge was asked, and how what came of it is found."""

    scorers: Sequence[Scorer]
    domains: Domains
    find: Find
    why: Why


def collect(outcomes: Outcomes, verdicts: Sink, answers: Sink) -> Everything:
    """The scores of all judges; every question and every score goes into its file."""
    scorers = outcomes.scorers
    every = Everything([Collected(scorer.model) for scorer in scorers])
    for parts in zip(*(scored(scorer, outcomes.find, outcomes.why) for scorer in scorers), strict=True):
        named = [outcomes.domains.name(one.group.source, one.group.domain) or "" for one in parts[0]]
        fresh = [every.is_new(one, domain) for one, domain in zip(parts[0], named, strict=True)]
        for judge, part in zip(every.judges, parts, strict=True):
            rows, told = [], []
            for one, domain, is_new in zip(part, named, fresh, strict=True):
                judge.add(one, is_new=is_new)
                if is_new:
                    rows += verdict_rows(one, judge.name)
                    told += answer_rows(one, judge.name, domain)
            verdicts.write(pa.Table.from_pylist(rows, schema=VERDICTS))
            answers.write(pa.Table.from_pylist(told, schema=ANSWERS))
        last = None
        for one in parts[0]:
            if one.group is not last:
                every.starts.append(every.starts[-1])
                last = one.group
            every.starts[-1] += 1
    return every
