"""Submits the requests of one side as batches. The journal notes what a batch holds before it is submitted."""

from collections.abc import AsyncIterator, Iterable, Iterator

import orjson

from synth.asking.batch_context import BatchContext
from synth.job.completion import CompletionRequest
from synth.journal.batch_book import Batch

MAX_REQUESTS = 10_000
MAX_BYTES = 100 << 20
"""Limits of one batch. OpenAI takes 50,000 requests and 200 MB; smaller ones need less memory and answer sooner."""


class BatchSubmitter:
    """Submits batches, and finds those of earlier runs. `over_budget`: the budget did not allow all requests."""

    def __init__(self, context: BatchContext) -> None:
        self._at = context
        self._tried: set[str] = set()
        self.over_budget = False

    def reserve(self, batches: list[Batch], requests: Iterable[CompletionRequest]) -> None:
        """Reserve the most that the batches of earlier runs may cost; the cost is known when they are collected."""
        names = {key: batch.name for batch in batches for key in batch.keys}
        for request in requests:
            if request.key in names:
                name = names[request.key]
                self._at.reserved[name] = self._at.reserved.get(name, 0.0) + self._at.answerer.price.most(request)
        for dollars in self._at.reserved.values():
            self._at.run.budget.take(dollars)

    async def adopt(self, batches: list[Batch]) -> list[Batch]:
        """The batches of earlier runs that are still to be collected.

        The server is searched for a batch that was about to be submitted when a run ended. A batch whose answers are
        all in the journal is collected already.
        """
        adopted = []
        for batch in batches:
            if self._at.find(batch.keys).keys() >= set(batch.keys):
                self._at.book.note(batch, "collected")
            elif batch.state == "submitted":
                adopted.append(batch)
            elif batch_id := await self._at.retry(self._at.api.find, batch.name):
                adopted.append(self._at.book.note(batch, "submitted", batch_id))
            else:
                self._at.book.note(batch, "lost")
                await self._at.run.budget.settle(self._at.reserved.pop(batch.name, 0.0), 0.0)
        return adopted

    async def submit(self, requests: Iterable[CompletionRequest]) -> AsyncIterator[Batch]:
        """The requests as submitted batches, as far as the budget allows."""
        for part, dollars in self._parts(requests):
            if self._at.stopped.is_set():
                return
            batch = self._at.book.intend([request.key for request in part], self._at.about)
            self._at.run.budget.take(dollars)
            self._at.reserved[batch.name] = dollars
            batch_id = await self._at.retry(self._submit_once, batch, part)
            self._at.run.display.note(f"batch {batch_id} submitted, {len(part):,} requests")
            yield self._at.book.note(batch, "submitted", batch_id)

    async def _submit_once(self, batch: Batch, part: list[CompletionRequest]) -> str:
        """The server's id of the batch, which an earlier attempt may have submitted although its reply was lost."""
        if batch.name in self._tried:
            found = await self._at.api.find(batch.name)
            if found:
                return found
        self._tried.add(batch.name)
        return await self._at.api.submit(batch.name, part)

    def _parts(self, requests: Iterable[CompletionRequest]) -> Iterator[tuple[list[CompletionRequest], float]]:
        """The requests in parts that fit one batch, each with the dollars to reserve for it."""
        budget, part, size, dollars = self._at.run.budget, list[CompletionRequest](), 0, 0.0
        for request in requests:
            most, length = self._at.answerer.price.most(request), len(orjson.dumps(request.body)) + 128
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
