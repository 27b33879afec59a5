"""Every answer of a run in the order of the prompts, and whether it is in a pair."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Final

import pyarrow as pa

from sources.pairs.schema import TURNS
from synth.job.answer import Answer, read_answer
from synth.job.completion import Completion, CompletionRequest, Outcome, Refusal, Side, Writer
from synth.job.prompts import Prompts
from synth.job.template import Message
from synth.journal.journal import Journal

CANDIDATES: Final = pa.schema(
    [
        pa.field("source", pa.string()),
        pa.field("source_row", pa.string()),
        pa.field("prompt", TURNS),
        pa.field("side", pa.string()),
        pa.field("answer", pa.int32()),
        pa.field("model", pa.string()),
        pa.field("text", pa.string()),
        pa.field("reasoning", pa.string()),
        pa.field("finish_reason", pa.string()),
        pa.field("prompt_tokens", pa.int64()),
        pa.field("completion_tokens", pa.int64()),
        pa.field("seed", pa.int64()),
        pa.field("key", pa.string()),
        pa.field("became", pa.string()),
        pa.field("evidence", pa.string()),
    ]
)
"""`answer` counts the answers of one model to one prompt from 0; `became` is pair, or the reason why it is in none; in
a run that makes no pairs, candidate, or the reason why it is none.
`text` is without the reasoning that a model gave apart or between marks. An answer that the prompts came with is whole,
and has no key, seed or token counts; a missing one has no text."""

ANSWERS_AT_ONCE = 512
NO_OTHER = ("no_other_prompt", "both prompts that could be asked in place of this one are equal to it")


@dataclass(slots=True)
class Candidate:
    """One answer, or a missing one: then `outcome` is None and `why` has reason and evidence."""

    row: int
    prompt: list[Message]
    side: Side
    answer: int
    model: str
    outcome: Outcome | None
    request: CompletionRequest | None = None
    why: tuple[str, str] = ("", "")
    became: str = ""
    evidence: str = ""

    @property
    def said(self) -> Answer | None:
        """What the model said, its reasoning apart; None if it said nothing. What came with a prompt is left whole."""
        if not isinstance(self.outcome, Completion):
            return None
        return read_answer(self.outcome) if self.request is not None else Answer(self.outcome.text, "")

    @property
    def text(self) -> str | None:
        """The text of the answer; None if there is none that could stand in a pair."""
        said = self.said
        return None if said is None or said.reason else said.text

    @property
    def missing(self) -> tuple[str, str]:
        """The reason and evidence why there is no such text."""
        if (said := self.said) is not None:
            return said.reason, f"{self.side}: {said.evidence}"
        if isinstance(self.outcome, Refusal):
            return "refused", f"{self.side}: HTTP {self.outcome.status}: {self.outcome.message}"
        reason, evidence = self.why
        return reason, f"{self.side}: {evidence}" if evidence else self.side


@dataclass(slots=True)
class Answered:
    """A prompt with all of its answers."""

    row: int
    prompt: list[Message]
    chosen: Candidate
    rejected: list[Candidate]

    @property
    def each(self) -> list[Candidate]:
        """Chosen, then rejected."""
        return [self.chosen, *self.rejected]


@dataclass(frozen=True, slots=True)
class Writers:
    """Who writes the two sides; `chosen` is None where the prompts came with their answers. With `off_topic` rejected
    answers another prompt."""

    rejected: Writer
    chosen: Writer | None
    off_topic: bool = False

    def each(self) -> list[Writer]:
        """The writers: chosen if there is one, then rejected."""
        return [writer for writer in (self.chosen, self.rejected) if writer is not None]


def answered(
    prompts: Prompts, writers: Writers, journal: Journal, why_not: Callable[[bytes], tuple[str, str]]
) -> Iterator[list[Answered]]:
    """Groups of prompts in order, each with its answers from the journal.

    `why_not` gives reason and evidence for a key that has no outcome.
    """
    at_once = max(1, ANSWERS_AT_ONCE // writers.rejected.answers)
    others = prompts.others() if writers.off_topic else repeat(None)
    for rows in prompts.parts(at_once):
        group = [_blank(row, prompts, writers, other) for row, other in zip(rows, others, strict=False)]
        fill_in([each for one in group for each in one.each], journal, why_not)
        yield group


def offered(
    prompts: Prompts, writers: Sequence[Writer], journal: Journal, why_not: Callable[[bytes], tuple[str, str]]
) -> Iterator[list[list[Candidate]]]:
    """Groups of prompts in order, each with all answers of all writers; `why_not` as for `answered`."""
    for rows in prompts.parts(max(1, ANSWERS_AT_ONCE // sum(writer.answers for writer in writers))):
        group = [
            [blank(row["row"], row["prompt"], writer, answer) for writer in writers for answer in range(writer.answers)]
            for row in rows
        ]
        fill_in([each for one in group for each in one], journal, why_not)
        yield group


def blank(
    row: int, prompt: list[Message], writer: Writer, answer: int, asked: list[Message] | None = None
) -> Candidate:
    """An answer that is still missing; `asked` is what the model is asked, if that is another prompt."""
    if asked == prompt:
        return Candidate(row, prompt, writer.side, answer, writer.model, None, why=NO_OTHER)
    request = writer.request(prompt if asked is None else asked, answer)
    return Candidate(row, prompt, writer.side, answer, writer.model, None, request)


def fill_in(candidates: list[Candidate], journal: Journal, why_not: Callable[[bytes], tuple[str, str]]) -> None:
    """Give those that were asked for their outcome, or why they have none."""
    asked = [(each, each.request.key) for each in candidates if each.request is not None]
    found = journal.find(key for _, key in asked)
    for each, key in asked:
        each.outcome, each.why = found.get(key), why_not(key)


def _blank(row: dict[str, Any], prompts: Prompts, writers: Writers, other: list[Message] | None) -> Answered:
    """A prompt whose answers are still missing, except for a chosen answer that came with it."""
    prompt: list[Message] = row["prompt"]
    number: int = row["row"]

    if writers.chosen is None:
        text: str = row["chosen"][0]["content"]
        model = prompts.source.chosen_model or ""
        chosen = Candidate(number, prompt, "chosen", 0, model, Completion(text, None, None, None))
    else:
        chosen = blank(number, prompt, writers.chosen, 0)
    rejected = [blank(number, prompt, writers.rejected, n, other) for n in range(writers.rejected.answers)]
    return Answered(number, prompt, chosen, rejected)


def candidate_table(candidates: Iterable[Candidate], prompts: Prompts) -> pa.Table:
    """Candidates as rows of CANDIDATES."""
    return pa.Table.from_pylist([_row(each, prompts) for each in candidates], schema=CANDIDATES)


def _row(each: Candidate, prompts: Prompts) -> dict[str, object]:
    said = each.outcome if isinstance(each.outcome, Completion) else None
    answer = each.said
    return {
        "source": prompts.source.name,
        "source_row": f"{prompts.name}:{each.row}",
        "prompt": each.prompt,
        "side": each.side,
        "answer": each.answer,
        "model": each.model or None,
        "text": answer and answer.text,
        "reasoning": (answer and answer.reasoning) or None,
        "finish_reason": said and said.finish_reason,
        "prompt_tokens": said and said.prompt_tokens,
        "completion_tokens": said and said.completion_tokens,
        "seed": each.request and each.request.body.get("seed"),
        "key": each.request and each.request.key.hex(),
        "became": each.became,
        "evidence": each.evidence or None,
    }
