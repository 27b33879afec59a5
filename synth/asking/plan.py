"""What a run would ask of one model and cost at most, for --dry-run; nothing is sent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sources.text.script import HAN
from synth.asking.open_engine import known_way
from synth.asking.pending import pending
from synth.asking.work import Way
from synth.job.completion import CompletionRequest
from synth.job.model import Model
from synth.journal.journal import Journal

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


def plan_side(model: Model, ways: Sequence[Way], journal: Journal, usual_answer: Callable[[int], float]) -> PlannedSide:
    """What one model would be asked; `usual_answer` gives the tokens of a usual answer, told the most that it may
    have."""
    known = known_way(model, ways, journal)
    way, price = known or ways[-1], model.price
    asked = most = count = 0
    dearest = 0.0
    for request in pending(way.requests(), journal):
        count += 1
        asked += tokens_of(_text(request))
        most = request.max_tokens
        dearest += price.most(request) if price else 0.0
    written = round(count * min(most, usual_answer(most)))
    return PlannedSide(
        side=model.side,
        model=model.name,
        where=model.where,
        api=way.api if known else "found out at the start",
        in_journal=len(way) - count,
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


def show_sides(sides: Sequence[PlannedSide], console: Console) -> None:
    """Print what each model would be asked as a table."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for side in sides:
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
        table.add_row(label, *(Text(value(side)) for side in sides))
    console.print(table)


def _dollars(value: float | None) -> str:
    return "price unknown" if value is None else f"{value:,.2f}"
