"""Every verdict of a run in the order of the pairs, and the label that the two orders of each pair give together."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import pyarrow as pa

from synth.asking.work import Find
from synth.job.completion import Completion, CompletionRequest, Outcome, Refusal
from synth.judging.questions import ORDERS, First, Judging
from synth.judging.spoken import Unreadable
from synth.judging.verdict import Label, read_verdict

Said = Literal["chosen", "rejected", "tie"]
"""Which answer is better: the one that the labels prefer, the other, or neither."""

VERDICTS: Final = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("source", pa.string()),
        pa.field("judge", pa.string()),
        pa.field("first", pa.string()),
        pa.field("attempt", pa.int32()),
        pa.field("verdict", pa.string()),
        pa.field("better", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("evidence", pa.string()),
        pa.field("text", pa.string()),
        pa.field("finish_reason", pa.string()),
        pa.field("prompt_tokens", pa.int64()),
        pa.field("completion_tokens", pa.int64()),
        pa.field("key", pa.string()),
    ]
)
"""A row for each question. `first` is the answer that was shown as A; `verdict` is A, B or tie as the judge said it,
and `better` what that means; where there is no verdict, both are null, and `reason` and `evidence` say why."""

SCORES: Final = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("source", pa.string()),
        pa.field("source_row", pa.string()),
        pa.field("judge", pa.string()),
        pa.field("label", pa.string()),
        pa.field("chosen_first", pa.string()),
        pa.field("rejected_first", pa.string()),
        pa.field("score_chosen", pa.float64()),
        pa.field("score_rejected", pa.float64()),
        pa.field("chosen_chars", pa.int32()),
        pa.field("rejected_chars", pa.int32()),
    ]
)
"""A row for each pair. `label` is chosen or rejected where both orders say so, else tie; null where an order has no
verdict. `chosen_first` and `rejected_first` are what each order says is better. A score is the share of the two orders
that an answer won, a tie being half."""

WINS: Final = {"chosen": 1.0, "rejected": 0.0, "tie": 0.5}

Why = Callable[[bytes], tuple[str, str]]
"""Reason and evidence for a key without an outcome."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and its outcome. `verdict` is A, B or tie, or why there is none."""

    request: CompletionRequest
    first: First
    attempt: int
    outcome: Outcome | None
    verdict: Label | Unreadable

    @property
    def better(self) -> Said | None:
        """What the verdict means; None where there is none."""
        match self.verdict:
            case "A":
                return self.first
            case "B":
                return ORDERS[1 - ORDERS.index(self.first)]
            case "tie":
                return "tie"
        return None


@dataclass(frozen=True, slots=True)
class Judged:
    """A pair (a row of SPOOLED) with every question about it, in order."""

    pair: dict[str, Any]
    asked: list[Asked]

    def better(self, first: First) -> Said | None:
        """What the last question about that order gave."""
        return [each for each in self.asked if each.first == first][-1].better

    @property
    def label(self) -> Said | None:
        """What both orders say; tie where they say different things, None where one says nothing."""
        one, other = (self.better(first) for first in ORDERS)
        if one is None or other is None:
            return None
        return one if one == other else "tie"


def judged(judging: Judging, find: Find, why: Why) -> Iterator[list[Judged]]:
    """All pairs with what came of the questions about them, some at a time."""
    for part in judging.pairs.parts():
        orders = [(pair, first, judging.ask(pair, first)) for pair in part for first in ORDERS]
        found = find(request.key for _, _, request in orders)
        seconds = {request.key: judging.ask_again(request, found.get(request.key)) for _, _, request in orders}
        found |= find(second.key for second in seconds.values() if second is not None)
        group = [Judged(pair, []) for pair in part]
        for place, (_, first, request) in enumerate(orders):
            for attempt, question in enumerate((request, seconds[request.key])):
                if question is not None:
                    outcome = found.get(question.key)
                    verdict = _read(outcome, *why(question.key))
                    group[place // len(ORDERS)].asked.append(Asked(question, first, attempt, outcome, verdict))
        yield group


def _read(outcome: Outcome | None, reason: str, evidence: str) -> Label | Unreadable:
    match outcome:
        case Completion(text, finish_reason):
            return read_verdict(text, finish_reason)
        case Refusal(status, message):
            return Unreadable("refused", f"HTTP {status}: {message}")
    return Unreadable(reason, evidence)


def verdict_table(group: list[Judged], judge: str) -> pa.Table:
    """The questions about some pairs as rows of VERDICTS."""
    rows = []
    for one in group:
        for each in one.asked:
            said = each.outcome if isinstance(each.outcome, Completion) else None
            none = each.verdict if isinstance(each.verdict, Unreadable) else None
            rows.append(
                {
                    "id": one.pair["id"],
                    "source": one.pair["source"],
                    "judge": judge,
                    "first": each.first,
                    "attempt": each.attempt,
                    "verdict": None if none else each.verdict,
                    "better": each.better,
                    "reason": none and none.reason,
                    "evidence": none and none.evidence,
                    "text": said and said.text,
                    "finish_reason": said and said.finish_reason,
                    "prompt_tokens": said and said.prompt_tokens,
                    "completion_tokens": said and said.completion_tokens,
                    "key": each.request.key.hex(),
                }
            )
    return pa.Table.from_pylist(rows, schema=VERDICTS)


def score_table(group: list[Judged], judge: str) -> pa.Table:
    """Some pairs as rows of SCORES."""
    rows = []
    for one in group:
        orders = [one.better(first) for first in ORDERS]
        score = None if one.label is None else sum(WINS[said] for said in orders if said) / len(ORDERS)
        rows.append(
            {
                "id": one.pair["id"],
                "source": one.pair["source"],
                "source_row": one.pair["source_row"],
                "judge": judge,
                "label": one.label,
                "chosen_first": orders[0],
                "rejected_first": orders[1],
                "score_chosen": score,
                "score_rejected": None if score is None else 1 - score,
                "chosen_chars": len(one.pair["chosen"]),
                "rejected_chars": len(one.pair["rejected"]),
            }
        )
    return pa.Table.from_pylist(rows, schema=SCORES)
