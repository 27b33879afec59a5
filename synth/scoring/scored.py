"""Every answer with the questions about it and the scores that came of them, in the order of the groups."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from synth.asking.work import Find
from synth.job.completion import Completion, CompletionRequest, Outcome, Refusal
from synth.judging.spoken import Unreadable
from synth.scoring.groups import Answer, Group
from synth.scoring.questions import Scorer, Scores

VERDICTS: Final = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("source", pa.string()),
        pa.field("source_row", pa.string()),
        pa.field("judge", pa.string()),
        pa.field("attempt", pa.int32()),
        pa.field("score", pa.float64()),
        pa.field("expected_score", pa.float64()),
        pa.field("reason", pa.string()),
        pa.field("evidence", pa.string()),
        pa.field("text", pa.string()),
        pa.field("finish_reason", pa.string()),
        pa.field("prompt_tokens", pa.int64()),
        pa.field("completion_tokens", pa.int64()),
        pa.field("key", pa.string()),
    ]
)
"""A row for each question. `score` is the mean over the aspects; where there is none, `reason` and `evidence` say
why."""

ANSWERS: Final = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("source", pa.string()),
        pa.field("source_row", pa.string()),
        pa.field("domain", pa.string()),
        pa.field("model", pa.string()),
        pa.field("chars", pa.int32()),
        pa.field("judge", pa.string()),
        pa.field("aspect", pa.string()),
        pa.field("score", pa.float64()),
        pa.field("expected_score", pa.float64()),
        pa.field("outside", pa.float64()),
    ]
)
"""A row for each answer, judge and aspect. `outside` is the probability of the tokens that are no score."""

Why = Callable[[bytes], tuple[str, str]]
"""Reason and evidence for a key without an outcome."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and its outcome. `scores` says why there are none, where that is so."""

    request: CompletionRequest
    attempt: int
    outcome: Outcome | None
    scores: Scores | Unreadable


@dataclass(frozen=True, slots=True)
class Scored:
    """An answer with every question about it, in order; the last one counts."""

    group: Group
    answer: Answer
    asked: list[Asked]

    @property
    def scores(self) -> Scores | Unreadable:
        return self.asked[-1].scores


def score_of(scores: Scores | Unreadable) -> float | None:
    """The mean over the aspects; None where there is no score."""
    return None if isinstance(scores, Unreadable) else sum(scores.printed.values()) / len(scores.printed)


def expected_of(scores: Scores | Unreadable) -> float | None:
    """The mean of the expected scores; None where an aspect has none."""
    if isinstance(scores, Unreadable) or len(scores.expected) < len(scores.printed):
        return None
    return sum(each.score for each in scores.expected.values()) / len(scores.expected)


def scored(scorer: Scorer, find: Find, why: Why) -> Iterator[list[Scored]]:
    """All answers with what came of the questions about them, some groups at a time."""
    for part in scorer.groups.parts():
        asked = [(group, answer, scorer.ask(group, answer)) for group in part for answer in group.answers]
        found = find(request.key for _, _, request in asked)
        seconds = [scorer.ask_again(group, request, found.get(request.key)) for group, _, request in asked]
        found |= find(second.key for second in seconds if second is not None)

        def outcome(group: Group, request: CompletionRequest, attempt: int, found: dict[bytes, Outcome]) -> Asked:
            came = found.get(request.key)
            return Asked(request, attempt, came, _read(scorer, group, came, *why(request.key)))

        yield [
            Scored(
                group,
                answer,
                [
                    outcome(group, each, attempt, found)
                    for attempt, each in enumerate((first, second))
                    if each is not None
                ],
            )
            for (group, answer, first), second in zip(asked, seconds, strict=True)
        ]


def _read(scorer: Scorer, group: Group, outcome: Outcome | None, reason: str, evidence: str) -> Scores | Unreadable:
    match outcome:
        case Completion():
            return scorer.read(group, outcome)
        case Refusal(status, message):
            return Unreadable("refused", f"HTTP {status}: {message}")
    return Unreadable(reason, evidence)


def verdict_rows(one: Scored, judge: str) -> list[dict[str, object]]:
    """The questions about an answer as rows of VERDICTS."""
    rows = []
    for each in one.asked:
        said = each.outcome if isinstance(each.outcome, Completion) else None
        none = each.scores if isinstance(each.scores, Unreadable) else None
        rows.append(
            {
                "id": one.group.answer_id(one.answer),
                "source": one.group.source,
                "source_row": one.group.source_row,
                "judge": judge,
                "attempt": each.attempt,
                "score": score_of(each.scores),
                "expected_score": expected_of(each.scores),
                "reason": none and none.reason,
                "evidence": none and none.evidence,
                "text": said and said.text,
                "finish_reason": said and said.finish_reason,
                "prompt_tokens": said and said.prompt_tokens,
                "completion_tokens": said and said.completion_tokens,
                "key": each.request.key.hex(),
            }
        )
    return rows


def answer_rows(one: Scored, judge: str, domain: str) -> list[dict[str, object]]:
    """The scores of an answer as rows of ANSWERS; none where it has no score."""
    scores = one.scores
    if isinstance(scores, Unreadable):
        return []
    about = {
        "id": one.group.answer_id(one.answer),
        "source": one.group.source,
        "source_row": one.group.source_row,
        "domain": domain,
        "model": one.answer.model,
        "chars": len(one.answer.text),
        "judge": judge,
    }
    rows: list[dict[str, object]] = []
    for aspect, score in scores.printed.items():
        expected = scores.expected.get(aspect)
        finer = {"expected_score": expected and expected.score, "outside": expected and expected.outside}
        rows.append({**about, "aspect": aspect, "score": score, **finer})
    return rows
