"""What all requests of a run share, and who answers those of one side."""

from dataclasses import dataclass
from typing import Protocol

from sources.command.errors import PrefsError
from synth.asking.budget import Budget
from synth.asking.meter import Meter
from synth.engines.engine import Engine
from synth.job.price import Price
from synth.journal.writer import JournalWriter

START_AGAIN = "Start it again and run the same command: what was answered is kept. --patience waits longer."


class AskError(PrefsError):
    """The run cannot go on asking; what was answered is kept in the journal."""


class EventDisplay(Protocol):
    """Shows progress and events."""

    def advance(self, count: int = 1) -> None: ...

    def note(self, line: str) -> None: ...


@dataclass(frozen=True, slots=True)
class RunContext:
    """What both sides of a run share."""

    writer: JournalWriter
    budget: Budget
    meter: Meter
    display: EventDisplay


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerer:
    """The model that answers: its engine, its name and place for errors (`where`), its price, and whether the journal
    holds an answer of it."""

    engine: Engine
    where: str
    price: Price
    has_answered: bool
