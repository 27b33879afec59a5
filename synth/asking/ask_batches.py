"""The requests of one side through a Batch API: submit, wait or come back later, collect, submit what is left."""

from collections.abc import Callable, Iterable
from tempfile import gettempdir

from sources.command.errors import PrefsError
from synth.asking.batch_context import SUBMIT_AGAIN, BatchContext
from synth.asking.collect_batches import BatchCollector
from synth.asking.context import START_AGAIN, AskError
from synth.asking.submit_batches import BatchSubmitter
from synth.engines.failures import HopelessError, RefusedError, RequestError
from synth.job.completion import CompletionRequest

MAX_ROUNDS = 3
"""How often a run submits what batches left without an answer."""

FORGET = "Is it another account or server than before? --forget-batches gives open batches up and asks again."


class BatchAsking:
    """Sends the requests of one side as batches; has the same attributes as `Asking`."""

    def __init__(self, context: BatchContext) -> None:
        self._at = context
        self._submitter, self._collector = BatchSubmitter(context), BatchCollector(context)
        self.given_up = self._collector.given_up

    @property
    def error(self) -> PrefsError | None:
        """What ended the asking early."""
        return self._at.error

    @property
    def over_budget(self) -> bool:
        """Whether the budget did not allow all requests."""
        return self._submitter.over_budget

    def stop(self, error: PrefsError | None = None) -> None:
        """Submit nothing more and wait no longer; the batches stay at the server."""
        self._at.stop(error)

    async def run(self, pending: Callable[[], Iterable[CompletionRequest]], *, waits: bool) -> None:
        """Collect what was submitted before, then submit what is pending and collect that.

        Raises:
            OutputError: the journal cannot be written.
        """
        try:
            left = self._at.book.open_batches(self._at.about)
            if left:
                self._submitter.reserve(left, pending())
            await self._collector.collect(await self._submitter.adopt(left), waits=waits)
            rounds = 0
            while rounds < MAX_ROUNDS and not self._at.stopped.is_set():
                self.given_up.clear()
                self._submitter.over_budget = False
                submitted = [batch async for batch in self._submitter.submit(pending())]
                if not submitted:
                    break
                await self._collector.collect(submitted, waits=waits)
                rounds += bool(self.given_up)  # else unspent money came back to the budget, and allows more requests
        except RequestError as failure:
            if not self._at.stopped.is_set():
                self.stop(self._error(failure))
        except OSError as error:  # temporary files hold what is uploaded and downloaded
            found = f"no temporary file can be written ({error.strerror or error})"
            self.stop(AskError(gettempdir(), found, hint="Free some space, or name another folder in TMPDIR."))
        finally:
            for dollars in self._at.reserved.values():
                await self._at.run.budget.leave(dollars)
        self._at.run.meter.given_up += len(self.given_up)

    def _error(self, failure: RequestError) -> AskError:
        """The failure as an error for the user, with a hint."""
        match failure:
            case HopelessError(message, hint):
                unknown = FORGET if "404" in message and self._at.book.open_batches(self._at.about) else hint
                return AskError(self._at.answerer.where, message, hint=unknown)
            case RefusedError(status, message):
                return AskError(self._at.answerer.where, f"HTTP {status}: {message}", hint=SUBMIT_AGAIN)
        return AskError(self._at.answerer.where, str(getattr(failure, "message", failure)), hint=START_AGAIN)
