"""Everything that a run asks: both sides at once, each by its engine, until all is answered or something halts it."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeVar

from sources.command.errors import NoPairsError, PrefsError, UsageError
from synth.asking.ask import Answerer, AskError, Asking, Desk
from synth.asking.ask_batches import BatchAsking, BatchDesk, StillWaitingError, batch_about
from synth.asking.budget import Budget, already_spent
from synth.asking.meter import Bar, Meter
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


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of the asking. `why_not` has reason and evidence of keys without an outcome, `not_asked` the evidence
    for all others of them."""

    writers: Writers
    meter: Meter
    why_not: dict[bytes, tuple[str, str]]
    not_asked: str
    remarks: list[str]

    def reason(self, key: bytes) -> tuple[str, str]:
        """Reason and evidence for a key without an outcome."""
        return self.why_not.get(key, ("not_asked", self.not_asked))


async def ask_everything(job: Job, prompts: Prompts, journal: Journal, *, watched: bool) -> Asked | None:
    """Ask for what the journal does not hold; None after Ctrl-C. With `job.collect` nothing is asked.

    Raises:
        PrefsError: the asking cannot begin or go on, or the journal cannot be written.
    """
    prices = {model.name: model.price or FREE for model in job.models}
    total = len(prompts) * sum(job.answers if model.side == "rejected" else 1 for model in job.models)
    meter = Meter(total, Budget(job.max_spend, already_spent(journal.usage(), prices)))
    bar = Bar(meter, shown=watched)
    for text in journal.remarks:
        bar.note(f"synth-prefs: {text}")
    try:
        async with JournalWriter(journal) as writer:
            asked = Round(job, prompts, journal, Desk(writer, meter.budget, meter, bar))
            work = asyncio.ensure_future(asked.ask_all())
            with _on_signal(lambda: asked.interrupt(work)):
                writers = await _unless_cancelled(work)
    finally:
        bar.close()
    if asked.interrupted or writers is None:
        bar.note(f"synth-prefs: {meter.before + meter.asked:,} of {meter.total:,} answers are in {journal.path}")
        return None
    return Asked(writers, meter, asked.why_not, asked.not_asked, asked.remarks)


async def _unless_cancelled(work: "asyncio.Future[Writers]") -> Writers | None:
    try:
        return await work
    except asyncio.CancelledError:
        return None


@contextmanager
def _on_signal(act: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C and a polite kill do `act`, where this thread may say so."""
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
class Round:
    """The asking while it goes on."""

    job: Job
    prompts: Prompts
    journal: Journal
    desk: Desk
    askings: list[Asking | BatchAsking] = field(default_factory=list)
    why_not: dict[bytes, tuple[str, str]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    not_asked: str = ""
    interrupted: bool = False

    async def ask_all(self) -> Writers:
        """Look at all sides, then ask them all at once; the writers of them.

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
                            self.desk.meter.start()
                            group.create_task(self._put(engine, model, writer))
        except* (PrefsError, OSError) as failed:
            raise failed.exceptions[0] from None
        troubles = [asking.trouble for asking in self.askings if asking.trouble is not None]
        if troubles:
            raise min(troubles, key=lambda trouble: isinstance(trouble, StillWaitingError))  # that is the lesser one
        writers = {model.side: task.result()[0] for model, task in opening.items()}
        return Writers(writers["rejected"], writers.get("chosen"))

    def interrupt(self, work: "asyncio.Future[Writers]") -> None:
        """The first time: let the requests in flight come in; the second time: stop at once."""
        if self.interrupted or not self.askings:
            work.cancel()
        else:
            self.desk.shown.note("synth-prefs: waiting for the requests in flight; Ctrl-C again stops at once")
        self.interrupted = True
        self._halt()

    def _halt(self) -> None:
        for asking in self.askings:
            asking.halt()

    async def _open_side(self, model: Model, engines: AsyncExitStack) -> tuple[Writer, Engine | None]:
        """The writer of one side, and who is to be asked, if there is anything to ask."""
        job, writer = self.job, known_writer(self.job, model, self.prompts, self.journal)
        if job.collect:
            if writer is None:
                raise NoPairsError("--collect", f"the journal holds no answer of {model.name} to these prompts")
            self.not_asked = "--collect asks nothing"
            return writer, None
        if writer is not None and next(pending(self.prompts, writer, self.journal), None) is None:
            self._know(len(self.prompts) * writer.answers)
            return writer, None
        if writer is not None and not model.batch:
            self._refuse_twice(model, writer)
        opened = await open_engine(job, model, writer, self.prompts, (self.journal, self.desk.budget))
        engines.push_async_callback(opened.engine.close)
        self.remarks += opened.remarks
        return opened.writer, opened.engine

    def _refuse_twice(self, model: Model, writer: Writer) -> None:
        """Nothing, if no open batch holds requests that are about to be sent one by one.

        Raises:
            UsageError: one does.
        """
        opened = self.journal.batches.open_batches(batch_about(model.name, writer.api))
        if opened:
            count = sum(len(batch.keys) for batch in opened)
            hint = "Add --batch to collect them, or --forget-batches to give them up."
            raise UsageError("--batch", f"{count:,} requests to {model.name} are in open batches", hint=hint)

    async def _put(self, engine: Engine, model: Model, writer: Writer) -> None:
        """All pending requests of one side to its engine."""
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
            asking = self._begun(Asking(answerer, self.desk, self.job.pace))
            await asking.run(pending(self.prompts, writer, self.journal, self._know))
        self.why_not.update({key: ("no_answer", message) for key, message in asking.given_up.items()})
        if isinstance(asking.trouble, AskError):
            self._halt()
        if asking.over_budget:
            self.not_asked = f"--max-spend {self.job.max_spend:.2f} would be exceeded"
            self.remarks.append(f"stopped at ${self.desk.budget.spent:,.2f}: {self.not_asked}")

    async def _by_batches(self, engine: ServerEngine, answerer: Answerer, model: Model, writer: Writer) -> BatchAsking:
        at = BatchDesk(
            api=BatchApi(engine),
            book=self.journal.batches,
            find=self.journal.find,
            desk=self.desk,
            side=model.side,
            model=model.name,
            interface=writer.api,
        )
        asking = self._begun(BatchAsking(at, answerer, self.job.pace))
        known = iter([self._know])  # told once: later rounds find what this run has collected
        await asking.run(lambda: pending(self.prompts, writer, self.journal, next(known, None)), waits=self.job.wait)
        return asking

    def _begun(self, asking: Kind) -> Kind:
        """The asking, which an interruption from now on halts."""
        self.askings.append(asking)
        if self.interrupted:
            asking.halt()
        return asking

    def _know(self, count: int) -> None:
        """So many answers need not be asked for."""
        self.desk.meter.before += count
        self.desk.shown.advance(count)
