"""What submitting and collecting the batches of one side share."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import TypeVar

from sources.command.errors import PrefsError
from synth.asking.context import Answerer, RunContext
from synth.engines.batch_api import BatchApi
from synth.engines.failures import RetryError
from synth.job.completion import Api, Outcome, Side
from synth.job.pace import Pace
from synth.journal.batch_book import BatchBook

SUBMIT_AGAIN = "The same command submits the rest again."

T = TypeVar("T")


class StillWaitingError(PrefsError):
    """Batches are not finished yet; the same command collects them later."""

    exit_code = 3


def batch_about(model: str, interface: Api) -> str:
    """The text by which the journal tells the batches of this model and interface from others."""
    return f"{model} by {interface}"


@dataclass(slots=True, kw_only=True)
class BatchContext:
    """The server's Batch API, the journal's list of batches, what the journal holds (`find`), and the state of the
    side: dollars reserved by batch name, whether it was stopped, and the error that stopped it."""

    api: BatchApi
    book: BatchBook
    find: Callable[[Iterable[bytes]], dict[bytes, Outcome]]
    run: RunContext
    answerer: Answerer
    pace: Pace
    side: Side
    model: str
    interface: Api
    reserved: dict[str, float] = field(default_factory=dict)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    error: PrefsError | None = None

    @property
    def about(self) -> str:
        """What tells the batches of this side from others in the journal."""
        return batch_about(self.model, self.interface)

    def stop(self, error: PrefsError | None = None) -> None:
        """Submit nothing more and wait no longer; the batches stay at the server."""
        self.error = self.error or error
        self.stopped.set()

    async def retry(self, call: Callable[..., Awaitable[T]], *arguments: object) -> T:
        """What the call returns, called again after failures that may pass, until patience runs out.

        Raises:
            RequestError: the last failure.
        """
        until, wait_s = monotonic() + self.pace.patience_s, self.pace.first_wait_s
        while True:
            try:
                return await call(*arguments)
            except RetryError as failure:
                self.run.meter.retries += 1
                wait_s = max(wait_s, failure.retry_after_s or 0.0)
                if self.stopped.is_set() or monotonic() + wait_s > until:
                    raise
                await self.sleep(wait_s)
                wait_s = min(2 * wait_s, self.pace.max_wait_s)

    async def sleep(self, seconds: float) -> None:
        """Wait so long, or until the asking is stopped."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopped.wait(), seconds)
