"""Asking by batches: submit, wait or come back later, collect. What a batch holds is noted before it is submitted."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from tempfile import TemporaryFile, gettempdir
from time import monotonic
from typing import TypeVar

import orjson

from sources.command.errors import PrefsError
from synth.asking.ask import GONE, Answerer, AskError, Desk
from synth.engines.batch_api import BatchApi, Progress
from synth.engines.failures import HopelessError, RefusedError, RequestError, RetryError
from synth.job.completion import Api, Completion, CompletionRequest, Outcome, Side
from synth.job.pace import Pace
from synth.journal.batch_book import Batch, BatchBook
from synth.journal.journal import Entry

MAX_REQUESTS = 10_000
MAX_BYTES = 100 << 20
"""Of one batch. OpenAI takes 50,000 requests and 200 MB; smaller ones need less memory, and answers come sooner."""

MAX_ROUNDS = 3
"""How often a run submits what batches left without an answer."""

FORGET = "Is it another account or server than before? --forget-batches gives open batches up and asks again."

KEEP_AT_ONCE = 256
AGAIN = "The same command submits the rest again."

T = TypeVar("T")


class StillWaitingError(PrefsError):
    """Nothing is wrong: batches are being worked on, and the same command collects them later."""

    exit_code = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchDesk:
    """What the batches of one side need: the server's Batch API, the book of batches, what the journal knows (`find`),
    and what all askings share."""

    api: BatchApi
    book: BatchBook
    find: Callable[[Iterable[bytes]], dict[bytes, Outcome]]
    desk: Desk
    side: Side
    model: str
    interface: Api

    @property
    def about(self) -> str:
        """What tells the batches of this side from others in the book."""
        return batch_about(self.model, self.interface)


def batch_about(model: str, interface: Api) -> str:
    """Which model is asked by which interface."""
    return f"{model} by {interface}"


class BatchAsking:
    """The requests of one side, put to a Batch API."""

    def __init__(self, at: BatchDesk, answerer: Answerer, pace: Pace) -> None:
        self._at, self._answerer, self._pace = at, answerer, pace
        self._halted = asyncio.Event()
        self._reserved: dict[str, float] = {}
        self._status: dict[str, str] = {}
        self._tried: set[str] = set()
        self.given_up: dict[bytes, str] = {}
        self.trouble: PrefsError | None = None
        self.over_budget = False

    def halt(self, trouble: PrefsError | None = None) -> None:
        """Submit nothing more and wait no longer; the batches go on at the server."""
        self.trouble = self.trouble or trouble
        self._halted.set()

    async def run(self, pending: Callable[[], Iterable[CompletionRequest]], *, waits: bool) -> None:
        """Collect what was submitted before, then submit what is pending and collect that.

        Raises:
            OutputError: the journal cannot be written.
        """
        try:
            left = self._at.book.open_batches(self._at.about)
            if left:
                self._set_aside(left, pending())
            await self._finish(await self._adopted(left), waits=waits)
            rounds = 0
            while rounds < MAX_ROUNDS and not self._halted.is_set():
                self.given_up.clear()
                self.over_budget = False
                submitted = [batch async for batch in self._submitted(pending())]
                if not submitted:
                    break
                await self._finish(submitted, waits=waits)
                rounds += bool(self.given_up)  # else money came back, and what it is enough for is submitted
        except RequestError as failure:
            if not self._halted.is_set():
                self.halt(self._error(failure))
        except OSError as error:  # of the files for what is sent and what comes down
            found = f"no temporary file can be written ({error.strerror or error})"
            self.halt(AskError(gettempdir(), found, hint="Free some space, or name another folder in TMPDIR."))
        finally:
            for dollars in self._reserved.values():
                await self._at.desk.budget.leave(dollars)
        self._at.desk.meter.given_up += len(self.given_up)

    def _error(self, failure: RequestError) -> AskError:
        """The failure as the user meets it."""
        match failure:
            case HopelessError(message, hint):
                unknown = FORGET if "404" in message and self._at.book.open_batches(self._at.about) else hint
                return AskError(self._answerer.where, message, hint=unknown)
            case RefusedError(status, message):
                return AskError(self._answerer.where, f"HTTP {status}: {message}", hint=AGAIN)
        return AskError(self._answerer.where, str(getattr(failure, "message", failure)), hint=GONE)

    def _set_aside(self, batches: list[Batch], requests: Iterable[CompletionRequest]) -> None:
        """The money for batches of earlier runs: what they cost is known when they are collected."""
        names = {key: batch.name for batch in batches for key in batch.keys}
        for request in requests:
            if request.key in names:
                name = names[request.key]
                self._reserved[name] = self._reserved.get(name, 0.0) + self._answerer.price.most(request)
        for dollars in self._reserved.values():
            self._at.desk.budget.take(dollars)

    async def _adopted(self, batches: list[Batch]) -> list[Batch]:
        """Those of earlier runs that are at the server. It is asked for one that was about to be submitted when a run
        ended; of one whose every answer is in the journal nothing more is wanted."""
        adopted = []
        for batch in batches:
            if self._at.find(batch.keys).keys() >= set(batch.keys):
                self._at.book.note(batch, "collected")
            elif batch.state == "submitted":
                adopted.append(batch)
            elif batch_id := await self._patiently(self._at.api.find, batch.name):
                adopted.append(self._at.book.note(batch, "submitted", batch_id))
            else:
                self._at.book.note(batch, "lost")
                await self._at.desk.budget.settle(self._reserved.pop(batch.name, 0.0), 0.0)
        return adopted

    async def _submitted(self, requests: Iterable[CompletionRequest]) -> AsyncIterator[Batch]:
        """The requests as batches, each submitted; stops where the money ends."""
        for part, dollars in self._parts(requests):
            if self._halted.is_set():
                return
            batch = self._at.book.intend([request.key for request in part], self._at.about)
            self._at.desk.budget.take(dollars)
            self._reserved[batch.name] = dollars
            batch_id = await self._patiently(self._submit_once, batch, part)
            self._at.desk.shown.note(f"synth-prefs: batch {batch_id} submitted, {len(part):,} requests")
            yield self._at.book.note(batch, "submitted", batch_id)

    async def _submit_once(self, batch: Batch, part: list[CompletionRequest]) -> str:
        """The id of a batch: of an earlier attempt, if that reached the server after all."""
        if batch.name in self._tried:
            found = await self._at.api.find(batch.name)
            if found:
                return found
        self._tried.add(batch.name)
        return await self._at.api.submit(batch.name, part)

    def _parts(self, requests: Iterable[CompletionRequest]) -> Iterator[tuple[list[CompletionRequest], float]]:
        """The requests in parts that a batch takes, each with the money to be set aside for it."""
        budget, part, size, dollars = self._at.desk.budget, list[CompletionRequest](), 0, 0.0
        for request in requests:
            most, length = self._answerer.price.most(request), len(orjson.dumps(request.body)) + 128
            if not budget.fits(dollars + most):
                self.over_budget = True
                break
            if part and (len(part) >= MAX_REQUESTS or size + length > MAX_BYTES):
                yield part, dollars
                part, size, dollars = [], 0, 0.0
            part.append(request)
            size, dollars = size + length, dollars + most
        if part:
            yield part, dollars

    async def _finish(self, batches: list[Batch], *, waits: bool) -> None:
        """Collect the batches as they end; without waiting, those that have ended."""
        left = list(batches)
        while left and not self._halted.is_set():
            for batch in list(left):
                progress = await self._patiently(self._at.api.look, batch.batch_id or "")
                self._tell(progress, len(batch.keys))
                if progress.ended:
                    await self._collect(batch, progress)
                    left.remove(batch)
            if left and not waits:
                requests = sum(len(batch.keys) for batch in left)
                waiting = f"still at work on {len(left)} batch{'es' * (len(left) > 1)} ({requests:,} requests)"
                self.halt(
                    StillWaitingError(self._answerer.where, waiting, hint="Run the same command later to collect.")
                )
            elif left:
                await self._sleep(self._pace.poll_s)

    async def _collect(self, batch: Batch, progress: Progress) -> None:
        """Put the answers of an ended batch into the journal, and note why others are missing."""
        left, paid = set(batch.keys) - set(self._at.find(batch.keys)), 0.0  # a run may have been killed right here
        waiting: list[Entry] = []
        for file_id in progress.files:
            with TemporaryFile() as file:
                await self._patiently(self._at.api.download, file_id, file)
                for key, found in self._at.api.lines(file, self._at.interface):
                    if key not in left:
                        continue
                    left.discard(key)
                    if isinstance(found, str):
                        self.given_up[key] = found
                        continue
                    paid += self._paid(found)
                    waiting.append(Entry(key, self._at.side, self._at.model, found))
                    if len(waiting) >= KEEP_AT_ONCE:
                        await self._keep(waiting)
        await self._keep(waiting)
        self.given_up.update(dict.fromkeys(left, f"batch {batch.batch_id} {progress.status} without it"))
        await self._at.desk.budget.settle(self._reserved.pop(batch.name, 0.0), paid)
        self._at.book.note(batch, "collected")
        if progress.status in ("failed", "cancelled"):
            found_fault = f"batch {batch.batch_id} {progress.status}" + f": {progress.fault}" * bool(progress.fault)
            self.halt(AskError(self._answerer.where, found_fault, hint=AGAIN))

    def _paid(self, outcome: Outcome) -> float:
        if not isinstance(outcome, Completion):
            return 0.0
        return self._answerer.price.of(outcome.prompt_tokens or 0, outcome.completion_tokens or 0)

    async def _keep(self, entries: list[Entry]) -> None:
        await asyncio.gather(*(self._at.desk.writer.append(entry) for entry in entries))
        for entry in entries:
            self._at.desk.meter.count(entry.outcome)
        self._at.desk.shown.advance(len(entries))
        entries.clear()

    def _tell(self, progress: Progress, requests: int) -> None:
        """Say how far a batch is, where that changed."""
        said = f"{progress.status}, {progress.done:,} of {requests:,} done"
        if self._status.get(progress.batch_id) != said:
            self._status[progress.batch_id] = said
            self._at.desk.shown.note(f"synth-prefs: batch {progress.batch_id} is {said}")

    async def _patiently(self, call: Callable[..., Awaitable[T]], *arguments: object) -> T:
        """What the call gives, tried again while the failure may pass and patience lasts.

        Raises:
            RequestError: it does not pass.
        """
        until, wait_s = monotonic() + self._pace.patience_s, self._pace.first_wait_s
        while True:
            try:
                return await call(*arguments)
            except RetryError as failure:
                self._at.desk.meter.retries += 1
                wait_s = max(wait_s, failure.retry_after_s or 0.0)
                if self._halted.is_set() or monotonic() + wait_s > until:
                    raise
                await self._sleep(wait_s)
                wait_s = min(2 * wait_s, self._pace.max_wait_s)

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._halted.wait(), seconds)
