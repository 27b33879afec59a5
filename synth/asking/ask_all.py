"""Asks for everything that a run wants, all models at once, until all requests are over or the asking is stopped."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from sources.command.errors import NoPairsError, PrefsError, UsageError
from synth.asking.ask import Asking
from synth.asking.ask_batches import BatchAsking
from synth.asking.batch_context import BatchContext, StillWaitingError, batch_about
from synth.asking.budget import Budget, already_spent
from synth.asking.context import Answerer, AskError, RunContext
from synth.asking.first_answers import FirstAnswers, known_first
from synth.asking.meter import Display, Meter, Progress
from synth.asking.open_engine import known_way, open_engine
from synth.asking.pending import is_over, pending
from synth.asking.work import Way, Work
from synth.engines.batch_api import BatchApi
from synth.engines.engine import Engine
from synth.engines.server import ServerEngine
from synth.job.completion import CompletionRequest
from synth.job.model import Model
from synth.job.price import FREE
from synth.journal.journal import Journal
from synth.journal.writer import JournalWriter

Kind = TypeVar("Kind", Asking, BatchAsking)
SIGNALS = (signal.SIGINT, signal.SIGTERM)

OnStart = Callable[[Callable[[], object]], object]
"""Is given a function that ends the asking early, from any thread, as Ctrl-C does."""


@dataclass(frozen=True, slots=True)
class AskResult:
    """What came of the asking. `ways` is how each model was asked; `reasons` has reason and evidence of keys that were
    given up; `not_asked` is the evidence for all other keys without an outcome."""

    ways: dict[Model, Way]
    meter: Meter
    reasons: dict[bytes, tuple[str, str]]
    not_asked: str
    remarks: list[str]

    def reason(self, key: bytes) -> tuple[str, str]:
        """Reason and evidence for a key without an outcome."""
        return self.reasons.get(key, ("not_asked", self.not_asked))


def ask_all(work: Work, journal: Journal, *, progress: Progress, on_start: OnStart | None = None) -> AskResult:
    """What came of asking for all that the journal does not hold. With `work.settings.collect` nothing is asked.

    `on_start` is given a function that ends the asking early, from any thread, as Ctrl-C does.

    Raises:
        PrefsError: the asking cannot begin or go on, or the journal cannot be written.
        KeyboardInterrupt: it was ended early; what was answered is in the journal.
    """
    if work.settings.retry_refused:
        journal.forget_refusals()
    if work.settings.forget_batches:
        journal.batches.forget()
    asked = asyncio.run(_ask_all(work, journal, progress, on_start))
    if asked is None:
        raise KeyboardInterrupt
    return asked


async def _ask_all(work: Work, journal: Journal, progress: Progress, on_start: OnStart | None) -> AskResult | None:
    """What came of the asking; None if it was ended early."""
    prices = {model.name: model.price or FREE for model in work.models}
    total = sum(len(ways[0]) for ways in work.ways.values())
    meter = Meter(total, Budget(work.settings.max_spend, already_spent(journal.usage(), prices)))
    display = Display(meter, progress, command=work.command, unit=work.unit)
    for text in journal.remarks:
        display.note(text)
    try:
        async with JournalWriter(journal) as writer:
            asked = AskRun(work, journal, RunContext(writer, meter.budget, meter, display))
            running = asyncio.ensure_future(asked.run())
            if on_start is not None:
                on_start(partial(asyncio.get_running_loop().call_soon_threadsafe, asked.interrupt, running))
            with _on_signal(lambda: asked.interrupt(running)):
                ways = await _unless_cancelled(running)
    finally:
        display.close()
    if asked.interrupted or ways is None:
        display.note(f"{meter.before + meter.asked:,} of {meter.total:,} {work.unit} are in {journal.path}")
        return None
    return AskResult(ways, meter, asked.reasons, asked.not_asked, asked.remarks)


async def _unless_cancelled(running: "asyncio.Future[dict[Model, Way]]") -> dict[Model, Way] | None:
    try:
        return await running
    except asyncio.CancelledError:
        return None


@contextmanager
def _on_signal(act: Callable[[], None]) -> Iterator[None]:
    """SIGINT and SIGTERM call `act`, if this is the main thread."""
    loop = asyncio.get_running_loop()
    with suppress(NotImplementedError, RuntimeError, ValueError):
        for number in SIGNALS:
            loop.add_signal_handler(number, act)
    try:
        yield
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)


@dataclass(slots=True)
class AskRun:
    """The state of a run while it asks."""

    work: Work
    journal: Journal
    context: RunContext
    askings: list[Asking | BatchAsking] = field(default_factory=list)
    reasons: dict[bytes, tuple[str, str]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    not_asked: str = ""
    interrupted: bool = False

    async def run(self) -> dict[Model, Way]:
        """How each model was asked, after all were checked and then all requests were asked at once.

        Raises:
            PrefsError: one of them cannot begin, and none was asked; or one cannot go on, and the requests in flight of
                all have come in.
        """
        try:
            async with AsyncExitStack() as engines:
                async with asyncio.TaskGroup() as group:
                    opening = {model: group.create_task(self._open(model, engines)) for model in self.work.models}
                async with asyncio.TaskGroup() as group:
                    for model, task in opening.items():
                        way, engine = task.result()
                        if engine is not None:
                            self.context.meter.start()
                            group.create_task(self._ask(engine, model, way))
        except* (PrefsError, OSError) as failed:
            raise failed.exceptions[0] from None
        errors = [asking.error for asking in self.askings if asking.error is not None]
        if errors:
            raise min(errors, key=lambda error: isinstance(error, StillWaitingError))  # any other error comes first
        return {model: task.result()[0] for model, task in opening.items()}

    def interrupt(self, running: "asyncio.Future[dict[Model, Way]]") -> None:
        """Called once: wait for the requests in flight; called again: stop at once."""
        if self.interrupted or not self.askings:
            running.cancel()
        else:
            self.context.display.note("waiting for the requests in flight; Ctrl-C again stops at once")
        self.interrupted = True
        self._stop()

    def _stop(self) -> None:
        for asking in self.askings:
            asking.stop()

    async def _open(self, model: Model, engines: AsyncExitStack) -> tuple[Way, Engine | None]:
        """The way to ask a model, and its engine if there is anything to ask."""
        way = known_way(model, self.work.ways[model], self.journal)
        if self.work.settings.collect:
            if way is None:
                raise NoPairsError("--collect", f"the journal holds no answer of {model.name} to these prompts")
            self.not_asked = "--collect asks nothing"
            return way, None
        if way is not None and is_over(way, self.journal):
            self._count_known(len(way))
            return way, None
        if way is not None and not model.batch:
            self._refuse_twice(model, way)
        opened = await open_engine(self.work, model, way, self.context)
        engines.push_async_callback(opened.engine.close)
        self.remarks += opened.remarks
        return opened.way, opened.engine

    def _refuse_twice(self, model: Model, way: Way) -> None:
        """Check that no open batch holds requests that are about to be sent one by one, and so paid for twice.

        Raises:
            UsageError: one does.
        """
        opened = self.journal.batches.open_batches(batch_about(model.name, way.api))
        if opened:
            count = sum(len(batch.keys) for batch in opened)
            hint = "Add --batch to collect them, or --forget-batches to give them up."
            raise UsageError("--batch", f"{count:,} requests to {model.name} are in open batches", hint=hint)

    async def _ask(self, engine: Engine, model: Model, way: Way) -> None:
        """Send all pending requests of one model to its engine, then those that their outcomes call for."""
        used = self.journal.usage()
        answerer = Answerer(
            engine=engine,
            where=f"{model.name} at {model.where}",
            price=model.price or FREE,
            has_answered=any((use.side, use.model) == (model.side, model.name) for use in used),
        )
        asking = self._by_batches(engine, answerer, model, way) if model.batch else self._one_by_one(answerer, way)
        known = iter([self._count_known])  # counted once: later rounds find what this run has collected
        await self._send(asking, lambda: pending(way.requests(), self.journal, next(known, None)))
        if asking.error is None and not asking.over_budget and not self.interrupted:
            counted = set[bytes]()
            await self._send(asking, lambda: self._again(way, counted))
        if isinstance(asking.error, AskError):
            self._stop()
        if asking.over_budget:
            self.not_asked = f"--max-spend {self.work.settings.max_spend:.2f} would be exceeded"
            self.remarks.append(f"stopped at ${self.context.budget.spent:,.2f}: {self.not_asked}")

    async def _send(self, asking: Asking | BatchAsking, requests: Callable[[], Iterator[CompletionRequest]]) -> None:
        """Send some requests, and note which were given up."""
        if isinstance(asking, BatchAsking):
            await asking.run(requests, waits=self.work.settings.wait)
        else:
            await asking.run(requests())
        self.reasons.update({key: ("no_answer", message) for key, message in asking.given_up.items()})

    def _again(self, way: Way, counted: set[bytes]) -> Iterator[CompletionRequest]:
        """What the outcomes so far call for; each is counted once."""
        for request in pending(way.again(self.journal.find), self.journal):
            self.context.meter.total += request.key not in counted
            counted.add(request.key)
            yield request

    def _one_by_one(self, answerer: Answerer, way: Way) -> Asking:
        first = None
        if not self.work.settings.allow_empty:
            first = FirstAnswers(answerer.where, next(way.requests()).max_tokens)
            first.add(known_first(way, self.journal.find))
        return self._begun(Asking(answerer, self.context, self.work.settings.pace, first))

    def _by_batches(self, engine: Engine, answerer: Answerer, model: Model, way: Way) -> BatchAsking:
        assert isinstance(engine, ServerEngine)
        at = BatchContext(
            api=BatchApi(engine),
            book=self.journal.batches,
            find=self.journal.find,
            run=self.context,
            answerer=answerer,
            pace=self.work.settings.pace,
            side=model.side,
            model=model.name,
            interface=way.api,
        )
        return self._begun(BatchAsking(at))

    def _begun(self, asking: Kind) -> Kind:
        """The asking, which an interruption stops from now on."""
        self.askings.append(asking)
        if self.interrupted:
            asking.stop()
        return asking

    def _count_known(self, count: int) -> None:
        """Count answers that need not be asked for."""
        self.context.meter.before += count
        self.context.display.advance(count)
