"""Collects the answers of submitted batches into the journal."""

import asyncio
from tempfile import TemporaryFile

from synth.asking.batch_context import SUBMIT_AGAIN, BatchContext, StillWaitingError
from synth.asking.context import AskError
from synth.engines.batch_api import Progress
from synth.job.completion import Completion, Outcome
from synth.journal.batch_book import Batch
from synth.journal.journal import Entry

KEEP_AT_ONCE = 256


class BatchCollector:
    """Waits for batches and records their answers. `given_up` holds, by key, why a request has no answer yet."""

    def __init__(self, context: BatchContext) -> None:
        self._at = context
        self._status: dict[str, str] = {}
        self.given_up: dict[bytes, str] = {}

    async def collect(self, batches: list[Batch], *, waits: bool) -> None:
        """Record the answers of the batches as they end; if it does not wait, of those that have ended."""
        left = list(batches)
        while left and not self._at.stopped.is_set():
            for batch in list(left):
                progress = await self._at.retry(self._at.api.look, batch.batch_id or "")
                self._show(progress, len(batch.keys))
                if progress.ended:
                    await self._collect(batch, progress)
                    left.remove(batch)
            if left and not waits:
                requests = sum(len(batch.keys) for batch in left)
                waiting = f"still at work on {len(left)} batch{'es' * (len(left) > 1)} ({requests:,} requests)"
                self._at.stop(
                    StillWaitingError(self._at.answerer.where, waiting, hint="Run the same command later to collect.")
                )
            elif left:
                await self._at.sleep(self._at.pace.poll_s)

    async def _collect(self, batch: Batch, progress: Progress) -> None:
        """Record the answers of a batch that has ended, and note in `given_up` why others are missing."""
        left, paid = set(batch.keys) - set(self._at.find(batch.keys)), 0.0  # a killed run may have recorded some
        waiting: list[Entry] = []
        for file_id in progress.files:
            with TemporaryFile() as file:
                await self._at.retry(self._at.api.download, file_id, file)
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
                        await self._record(waiting)
        await self._record(waiting)
        self.given_up.update(dict.fromkeys(left, f"batch {batch.batch_id} {progress.status} without it"))
        await self._at.run.budget.settle(self._at.reserved.pop(batch.name, 0.0), paid)
        self._at.book.note(batch, "collected")
        if progress.status in ("failed", "cancelled"):
            found_fault = f"batch {batch.batch_id} {progress.status}" + f": {progress.fault}" * bool(progress.fault)
            self._at.stop(AskError(self._at.answerer.where, found_fault, hint=SUBMIT_AGAIN))

    def _paid(self, outcome: Outcome) -> float:
        if not isinstance(outcome, Completion):
            return 0.0
        return self._at.answerer.price.of(outcome.prompt_tokens or 0, outcome.completion_tokens or 0)

    async def _record(self, entries: list[Entry]) -> None:
        await asyncio.gather(*(self._at.run.writer.append(entry) for entry in entries))
        for entry in entries:
            self._at.run.meter.count(entry.outcome)
        self._at.run.display.advance(len(entries))
        entries.clear()

    def _show(self, progress: Progress, requests: int) -> None:
        """Show the status of a batch if it has changed."""
        said = f"{progress.status}, {progress.done:,} of {requests:,} done"
        if self._status.get(progress.batch_id) != said:
            self._status[progress.batch_id] = said
            self._at.run.display.note(f"batch {progress.batch_id} is {said}")
