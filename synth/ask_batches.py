"""Asking by batches: submit, wait or come back later, collect. What a batch holds is noted before it is submitted."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

import orjson

from sources.errors import PrefsError
from synth.ask import GONE, Answerer, AskError, Desk, Pace
from synth.batch_book import Batch, BatchBook
from synth.completion import Api, Completion, CompletionRequest, Outcome, Side
from synth.engines.batch_api import BatchApi, Progress
from synth.failures import HopelessError, RequestError, RetryError
from synth.journal import Entry

MAX_REQUESTS = 10_000
MAX_BYTES = 100 << 20
"""Of one batch. OpenAI takes 50,000 requests and 200 MB; smaller ones need less memory, and answers come sooner."""

MAX_ROUNDS = 3
"""How often a request that a batch left without an answer is submitted."""

KEEP_AT_ONCE = 256

T = TypeVar("T")


class StillWaitingError(PrefsError):
    """Nothing is wrong: batches are being worked on, and the same command collects them later."""

    exit_code = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchDesk:
    """What the batches of one side need: the server's Batch API, the book of batches, and what all askings share."""

    api: BatchApi
    book: BatchBook
    desk: Desk
    side: Side
    model: str
    interface: Api


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
            await self._finish(await self._adopted(), waits=waits)
            for _ in range(MAX_ROUNDS):
                self.given_up.clear()
                submitted = [batch async for batch in self._submitted(pending())]
                if not submitted or self._halted.is_set():
                    return
                await self._finish(submitted, waits=waits)
        except HopelessError as failure:
            self.halt(AskError(self._answerer.where, failure.message, hint=failure.hint))
        except RequestError as failure:
            self.halt(AskError(self._answerer.where, str(getattr(failure, "message", failure)), hint=GONE))

    async def _adopted(self) -> list[Batch]:
        """The open batches of earlier runs. Of one that was about to be submitted when a run ended, the server is
        asked whether it was."""
        batches = []
        for batch in self._at.book.open_batches():
            if batch.state == "submitted":
                batches.append(batch)
                continue
            batch_id = await self._patiently(self._at.api.find, batch.name)
            noted = self._at.book.note(batch, "submitted" if batch_id else "lost", batch_id)
            batches += [noted] * bool(batch_id)
        return batches

    async def _submitted(self, requests: Iterable[CompletionRequest]) -> AsyncIterator[Batch]:
        """The requests as batches, each submitted; stops where the money ends."""
        for part, dollars in self._parts(requests):
            if self._halted.is_set():
                return
            batch = self._at.book.intend([request.key for request in part])
            batch_id = await self._patiently(self._submit_once, batch, part)
            self._reserved[batch.name] = dollars
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
        """The requests in parts that a batch takes, each with the money set aside for it."""
        purse, part, size, dollars = self._at.desk.purse, list[CompletionRequest](), 0, 0.0
        for request in requests:
            most, length = self._answerer.price.most(request), len(orjson.dumps(request.body)) + 128
            if not purse.fits(dollars + most):
                self.over_budget = True
                break
            if part and (len(part) >= MAX_REQUESTS or size + length > MAX_BYTES):
                purse.take(dollars)
                yield part, dollars
                part, size, dollars = [], 0, 0.0
            part.append(request)
            size, dollars = size + length, dollars + most
        if part:
            purse.take(dollars)
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
                waiting = f"{len(left)} batches ({sum(len(batch.keys) for batch in left):,} requests)"
                self.halt(
                    StillWaitingError(self._answerer.where, waiting, hint="Run the same command later to collect.")
                )
            elif left:
                await self._sleep(self._pace.poll_s)

    async def _collect(self, batch: Batch, progress: Progress) -> None:
        """Put the answers of an ended batch into the journal, and note why others are missing."""
        left, paid = set(batch.keys), 0.0
        waiting: list[Entry] = []
        for file_id in progress.files:
            async for key, found in self._at.api.lines(file_id, self._at.interface):
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
        await self._at.desk.purse.settle(self._reserved.pop(batch.name, 0.0), paid)
        self._at.book.note(batch, "collected")
        if progress.status in ("failed", "cancelled"):
            found_fault = f"batch {batch.batch_id} {progress.status}" + f": {progress.fault}" * bool(progress.fault)
            self.halt(AskError(self._answerer.where, found_fault, hint="The same command submits the rest again."))

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
