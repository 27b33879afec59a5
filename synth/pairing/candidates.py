"""Every answer of a run in the order of the prompts, and whether it is in a pair."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

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
"""`answer` counts the answers of one model to one prompt from 0; `became` is pair, or the reason why it is in none.
`text` is without the reasoning that a model gave apart or between marks. An answer that the prompts came with is whole,
and has no key, seed or token counts; a missing one has no text."""

ANSWERS_AT_ONCE = 512


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


@dataclass(frozen=True, slots=True)
class Writers:
    """Who writes the two sides; `chosen` is None where the prompts came with their answers."""

    rejected: Writer
    chosen: Writer | None

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
    for rows in prompts.parts(at_once):
        group = [_blank(row, prompts, writers) for row in rows]
        asked = [each for one in group for each in (one.chosen, *one.rejected) if each.request is not None]
        found = journal.find(each.request.key for each in asked if each.request)
        for each in asked:
            assert each.request is not None
            each.outcome = found.get(each.request.key)
            each.why = why_not(each.request.key)
        yield group


def _blank(row: dict[str, object], prompts: Prompts, writers: Writers) -> Answered:
    """A prompt whose answers are still missing, except for a chosen answer that came with it."""
    prompt: list[Message] = row["prompt"]  # type: ignore[assignment]
    number: int = row["row"]  # type: ignore[assignment]

    def ask(writer: Writer, answer: int) -> Candidate:
        return Candidate(number, prompt, writer.side, answer, writer.model, None, writer.request(prompt, answer))

    if writers.chosen is None:
        text: str = row["chosen"][0]["content"]  # type: ignore[index]
        model = prompts.source.chosen_model or ""
        chosen = Candidate(number, prompt, "chosen", 0, model, Completion(text, None, None, None))
    else:
        chosen = ask(writers.chosen, 0)
    return Answered(number, prompt, chosen, [ask(writers.rejected, n) for n in range(writers.rejected.answers)])


def candidate_table(group: list[Answered], prompts: Prompts) -> pa.Table:
    """All candidates of some prompts as rows of CANDIDATES."""
    rows = []
    for one in group:
        for each in (one.chosen, *one.rejected):
            said = each.outcome if isinstance(each.outcome, Completion) else None
            answer = each.said
            rows.append(
                {
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
            )
    return pa.Table.from_pylist(rows, schema=CANDIDATES)
