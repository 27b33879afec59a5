"""Asks for all answers of a run, both sides at once, until all requests are over or the asking is stopped."""

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
from synth.asking.meter import Display, Meter, Progress
from synth.asking.open_engine import known_writer, open_engine
from synth.asking.pending import pending
from synth.engines.batch_api import BatchApi
from synth.engines.engine import Engine
from synth.engines.server import ServerEngine
from synth.job.completion import Writer
from synth.job.job import Job, Model
from synth.job.price import FREE
from synth.job.prompts import Prompts
from synth.journal.journal import Journal
from synth.journal.writer import JournalWriter
from synth.pairing.candidates import Writers

Kind = TypeVar("Kind", Asking, BatchAsking)
SIGNALS = (signal.SIGINT, signal.SIGTERM)

OnStart = Callable[[Callable[[], object]], object]
"""Is given a function that ends the asking early, from any thread, as Ctrl-C does."""


@dataclass(frozen=True, slots=True)
class AskResult:
    """What came of the asking. `reasons` has reason and evidence of keys that were given up; `not_asked` is
    the evidence for all other keys without an outcome."""

    writers: Writers
    meter: Meter
    reasons: dict[bytes, tuple[str, str]]
    not_asked: str
    remarks: list[str]

    def reason(self, key: bytes) -> tuple[str, str]:
        """Reason and evidence for a key without an outcome."""
        return self.reasons.get(key, ("not_asked", self.not_asked))


async def ask_all(
    job: Job, prompts: Prompts, journal: Journal, *, progress: Progress, on_start: OnStart | None = None
) -> AskResult | None:
    """What came of asking for all answers that the journal does not hold; None after Ctrl-C. With `job.collect` nothing
    is asked.

    Raises:
        PrefsError: the asking cannot begin or go on, or the journal cannot be written.
    """
    prices = {model.name: model.price or FREE for model in job.models}
    total = len(prompts) * sum(job.answers if model.side == "rejected" else 1 for model in job.models)
    meter = Meter(total, Budget(job.max_spend, already_spent(journal.usage(), prices)))
    display = Display(meter, progress)
    for text in journal.remarks:
        display.note(f"synth-prefs: {text}")
    try:
        async with JournalWriter(journal) as writer:
            asked = AskRun(job, prompts, journal, RunContext(writer, meter.budget, meter, display))
            work = asyncio.ensure_future(asked.run())
            if on_start is not None:
                on_start(partial(asyncio.get_running_loop().call_soon_threadsafe, asked.interrupt, work))
            with _on_signal(lambda: asked.interrupt(work)):
                writers = await _unless_cancelled(work)
    finally:
        display.close()
    if asked.interrupted or writers is None:
        display.note(f"synth-prefs: {meter.before + meter.asked:,} of {meter.total:,} answers are in {journal.path}")
        return None
    return AskResult(writers, meter, asked.reasons, asked.not_asked, asked.remarks)


async def _unless_cancelled(work: "asyncio.Future[Writers]") -> Writers | None:
    try:
        return await work
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

    job: Job
    prompts: Prompts
    journal: Journal
    context: RunContext
    askings: list[Asking | BatchAsking] = field(default_factory=list)
    reasons: dict[bytes, tuple[str, str]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    not_asked: str = ""
    interrupted: bool = False

    async def run(self) -> Writers:
        """The writers of all sides, after each was checked and then all requests were asked at once.

        Raises:
            PrefsError: one of them cannot begin, and none was asked; or one cannot go on, and the requests in flight of
                all have come in.
        """
        try:
            async with AsyncExitStack() as engines:
                async with asyncio.TaskGroup() as group:
                    opening = {model: group.create_task(self._open_side(model, engines)) for model in self.job.models}
                async with asyncio.TaskGroup() as group:
                    for model, task in opening.items():
                        writer, engine = task.result()
                        if engine is not None:
                            self.context.meter.start()
                            group.create_task(self._ask_side(engine, model, writer))
        except* (PrefsError, OSError) as failed:
            raise failed.exceptions[0] from None
        errors = [asking.error for asking in self.askings if asking.error is not None]
        if errors:
            raise min(errors, key=lambda error: isinstance(error, StillWaitingError))  # any other error comes first
        writers = {model.side: task.result()[0] for model, task in opening.items()}
        return Writers(writers["rejected"], writers.get("chosen"))

    def interrupt(self, work: "asyncio.Future[Writers]") -> None:
        """Called once: wait for the requests in flight; called again: stop at once."""
        if self.interrupted or not self.askings:
            work.cancel()
        else:
            self.context.display.note("synth-prefs: waiting for the requests in flight; Ctrl-C again stops at once")
        self.interrupted = True
        self._stop()

    def _stop(self) -> None:
        for asking in self.askings:
            asking.stop()

    async def _open_side(self, model: Model, engines: AsyncExitStack) -> tuple[Writer, Engine | None]:
        """The writer of one side, and its engine if there is anything to ask."""
        job, writer = self.job, known_writer(self.job, model, self.prompts, self.journal)
        if job.collect:
            if writer is None:
                raise NoPairsError("--collect", f"the journal holds no answer of {model.name} to these prompts")
            self.not_asked = "--collect asks nothing"
            return writer, None
        if writer is not None and next(pending(self.prompts, writer, self.journal), None) is None:
            self._count_known(len(self.prompts) * writer.answers)
            return writer, None
        if writer is not None and not model.batch:
            self._refuse_twice(model, writer)
        opened = await open_engine(job, model, writer, self.prompts, self.context)
        engines.push_async_callback(opened.engine.close)
        self.remarks += opened.remarks
        return opened.writer, opened.engine

    def _refuse_twice(self, model: Model, writer: Writer) -> None:
        """Check that no open batch holds requests that are about to be sent one by one, and so paid for twice.

        Raises:
            UsageError: one does.
        """
        opened = self.journal.batches.open_batches(batch_about(model.name, writer.api))
        if opened:
            count = sum(len(batch.keys) for batch in opened)
            hint = "Add --batch to collect them, or --forget-batches to give them up."
            raise UsageError("--batch", f"{count:,} requests to {model.name} are in open batches", hint=hint)

    async def _ask_side(self, engine: Engine, model: Model, writer: Writer) -> None:
        """Send all pending requests of one side to its engine."""
        used = self.journal.usage()
        answerer = Answerer(
            engine=engine,
            where=f"{model.name} at {model.where}",
            price=model.price or FREE,
            has_answered=any((use.side, use.model) == (model.side, model.name) for use in used),
        )
        if model.batch:
            assert isinstance(engine, ServerEngine)
            asking: Asking | BatchAsking = await self._by_batches(engine, answerer, model, writer)
        else:
            asking = self._begun(Asking(answerer, self.context, self.job.pace))
            await asking.run(pending(self.prompts, writer, self.journal, self._count_known))
        self.reasons.update({key: ("no_answer", message) for key, message in asking.given_up.items()})
        if isinstance(asking.error, AskError):
            self._stop()
        if asking.over_budget:
            self.not_asked = f"--max-spend {self.job.max_spend:.2f} would be exceeded"
            self.remarks.append(f"stopped at ${self.context.budget.spent:,.2f}: {self.not_asked}")

    async def _by_batches(self, engine: ServerEngine, answerer: Answerer, model: Model, writer: Writer) -> BatchAsking:
        at = BatchContext(
            api=BatchApi(engine),
            book=self.journal.batches,
            find=self.journal.find,
            run=self.context,
            answerer=answerer,
            pace=self.job.pace,
            side=model.side,
            model=model.name,
            interface=writer.api,
        )
        asking = self._begun(BatchAsking(at))
        known = iter([self._count_known])  # counted once: later rounds find what this run has collected
        await asking.run(lambda: pending(self.prompts, writer, self.journal, next(known, None)), waits=self.job.wait)
        return asking

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
