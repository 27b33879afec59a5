"""What a run would ask and cost at most, for --dry-run; nothing is sent."""

from collections.abc import Callable
from dataclasses import dataclass
from os.path import isfile
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sources.pairs.schema import joined_text
from sources.text.script import HAN
from synth.asking.open_engine import known_writer
from synth.asking.pending import pending
from synth.job.completion import CompletionRequest
from synth.job.job import Job, Model
from synth.job.prompts import Prompts
from synth.journal.journal import NAME, Journal

HAN_TOKENS, OTHER_CHARS_PER_TOKEN = 0.8, 4.0
"""About how many tokens a Han character takes, and how many other characters make one, over common tokenizers."""


@dataclass(frozen=True, slots=True)
class PlannedSide:
    """Requests, tokens and dollars for one model: tokens estimated from characters, dollars None without a price."""

    side: str
    model: str
    where: str
    api: str
    in_journal: int
    requests: int
    prompt_tokens: int
    answer_tokens: int
    most_answer_tokens: int
    dollars: float | None
    most_dollars: float | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would ask, by side."""

    prompts: int
    rows_without_prompt: int
    from_file: str
    sides: list[PlannedSide]


def make_plan(job: Job) -> Plan:
    """The plan of a job.

    Raises:
        PrefsError: the prompts cannot be had or read.
    """
    with TemporaryDirectory() as nowhere:
        prompts = job.read_prompts(Path(nowhere))
        path = job.out / NAME
        journal = Journal(path if isfile(path) else Path(nowhere) / NAME)
        try:
            sides = [_side(job, model, prompts, journal) for model in job.models]
        finally:
            journal.close()
    return Plan(len(prompts), len(prompts.lost), prompts.name, sides)


def _side(job: Job, model: Model, prompts: Prompts, journal: Journal) -> PlannedSide:
    known = known_writer(job, model, prompts, journal)
    writer = known or job.writer(model, "completions")
    price = model.price
    asked = written = count = 0
    dearest = 0.0
    for request in pending(prompts, writer, journal):
        count += 1
        asked += tokens_of(_text(request))
        dearest += price.most(request) if price else 0.0
    most = job.writing(model.side).max_tokens
    written = round(count * min(most, _usual_answer(prompts, most)))
    return PlannedSide(
        side=model.side,
        model=model.name,
        where=model.where,
        api=writer.api if known else "found out at the start",
        in_journal=len(prompts) * writer.answers - count,
        requests=count,
        prompt_tokens=asked,
        answer_tokens=written,
        most_answer_tokens=count * most,
        dollars=None if price is None else price.of(asked, written),
        most_dollars=None if price is None else dearest,
    )


def _text(request: CompletionRequest) -> str:
    return request.body.get("prompt") or "\n".join(message["content"] for message in request.body["messages"])


def tokens_of(text: str) -> int:
    """About how many tokens a text has."""
    han = len(HAN.findall(text))
    return round(han * HAN_TOKENS + (len(text) - han) / OTHER_CHARS_PER_TOKEN)


def _usual_answer(prompts: Prompts, otherwise: int) -> float:
    """The mean tokens of the answers that the prompts came with; `otherwise` where there are none."""
    chosen = next(prompts.batches())["chosen"].drop_null()
    if not len(chosen):
        return otherwise
    texts = joined_text(chosen).slice(0, 1000).to_pylist()
    return sum(map(tokens_of, texts)) / len(texts)


def show_plan(plan: Plan, console: Console) -> None:
    """Print the plan as a table."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for side in plan.sides:
        table.add_column(side.side, justify="right", overflow="fold")
    lines: dict[str, Callable[[PlannedSide], str]] = {
        "model": lambda s: s.model,
        "asked at": lambda s: s.where,
        "interface": lambda s: s.api,
        "already in the journal": lambda s: f"{s.in_journal:,}",
        "requests": lambda s: f"{s.requests:,}",
        "prompt tokens, about": lambda s: f"{s.prompt_tokens:,}",
        "answer tokens, about": lambda s: f"{s.answer_tokens:,}",
        "answer tokens, at most": lambda s: f"{s.most_answer_tokens:,}",
        "dollars, about": lambda s: _dollars(s.dollars),
        "dollars, at most": lambda s: _dollars(s.most_dollars),
    }
    for label, value in lines.items():
        table.add_row(label, *(Text(value(side)) for side in plan.sides))
    console.print(table)
    lost = f", {plan.rows_without_prompt:,} rows without one" if plan.rows_without_prompt else ""
    console.print(Text(f"{plan.prompts:,} prompts from {plan.from_file}{lost}; nothing was asked.", style="dim"))


def _dollars(value: float | None) -> str:
    return "price unknown" if value is None else f"{value:,.2f}"
