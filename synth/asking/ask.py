"""The requests of one side, many at once, each sent again where that may help.

A worker takes its next request only when the journal has the last answer on the disk, so a kill loses at most the
requests that are in flight.
"""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import suppress
from random import Random
from time import monotonic

from sources.command.errors import PrefsError
from synth.asking.context import START_AGAIN, Answerer, AskError, RunContext
from synth.asking.first_answers import FirstAnswers
from synth.asking.record import Recorder
from synth.engines.failures import HopelessError, RefusedError, RetryError
from synth.job.completion import CompletionRequest, Outcome, Refusal
from synth.job.pace import Pace

MAX_UNANSWERED = 20
"""The run ends after so many requests in a row without an answer: the server has a problem, not the prompts."""


class Asking:
    """Sends the requests of one side to one engine. `first` looks at the first answers; `given_up` holds, by key, why a
    request has no answer; `error` is what ended the asking early."""

    def __init__(self, answerer: Answerer, context: RunContext, pace: Pace, first: FirstAnswers | None = None) -> None:
        self._answerer, self._context, self._pace, self._first = answerer, context, pace, first
        self._recorder = Recorder(context.writer, has_answered=answerer.has_answered)
        self._successes = int(answerer.has_answered)
        self._gone_since: float | None = None
        self._unanswered: list[str] = []
        self._stopped = asyncio.Event()
        self._jitter = Random()  # noqa: S311 - spreads requests over time
        self.given_up: dict[bytes, str] = {}
        self.error: AskError | None = None
        self.over_budget = False

    async def run(self, requests: Iterable[CompletionRequest]) -> None:
        """Return when all requests have an outcome or were given up, or after `stop`.

        Raises:
            OutputError: the journal cannot be written.
        """
        waiting = iter(requests)
        self._look_at()
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._pace.concurrency):
                    group.create_task(self._work(waiting))
        except* PrefsError as failed:
            raise failed.exceptions[0] from None
        if self._unanswered and not self._successes:
            self._stop_unanswered()
        if not self._stopped.is_set():
            await self._recorder.record_held_back()

    def stop(self, error: AskError | None = None) -> None:
        """Send nothing more; requests in flight are waited for."""
        self.error = self.error or error
        self._stopped.set()

    async def _work(self, waiting: Iterator[CompletionRequest]) -> None:
        try:
            for request in waiting:
                if len(self._unanswered) >= MAX_UNANSWERED:
                    self._stop_unanswered()
                if self._stopped.is_set():
                    return
                await self._settle(request)
        except PrefsError:
            self._stopped.set()
            raise

    async def _settle(self, request: CompletionRequest) -> None:
        """Send one request until it has an outcome, and record that."""
        outcome = await self._answer(request)
        if outcome is not None:
            if not await self._recorder.record(request, outcome):
                self._stop_refused(outcome)
            self._look_at(outcome)
        elif self._stopped.is_set():
            return
        self._context.meter.count(outcome)
        self._context.display.advance()

    async def _answer(self, request: CompletionRequest) -> Outcome | None:
        """The outcome of a request; None when it is given up or the asking stops."""
        failures, attempts, seen = 0, 0, self._successes
        while not self._stopped.is_set():
            try:
                return await self._attempt(request)
            except HopelessError as hopeless:
                self.stop(AskError(self._answerer.where, hopeless.message, hint=hopeless.hint))
            except RetryError as failure:
                attempts += 1
                self._context.meter.retries += 1
                failures += failure.own or (self._successes > seen and not failure.busy)
                seen = self._successes
                if failures >= self._pace.max_attempts:
                    self.given_up[request.key] = failure.message
                    self._unanswered.append(failure.message)
                    return None
                await self._wait(attempts, failure)
        return None

    def _look_at(self, *outcomes: Outcome) -> None:
        """Stop where almost all of the first answers are empty."""
        if self._first is not None:
            self._first.add(outcomes)
            if self._first.error is not None:
                self.stop(self._first.error)

    def _stop_unanswered(self) -> None:
        """Stop, since more requests would stay without an answer as the last ones did."""
        found = f"no answer to any of the last {len(self._unanswered):,} requests ({self._unanswered[-1]})"
        self.stop(AskError(self._answerer.where, found, hint=START_AGAIN))

    async def _attempt(self, request: CompletionRequest) -> Outcome | None:
        """What came of sending a request once; None if the budget does not allow it or the asking stops.

        Raises:
            RetryError: it may be sent again.
            HopelessError: nothing may.
        """
        most = self._answerer.price.most(request)
        if not await self._context.budget.reserve(most):
            self.over_budget = True
            self.stop()
            return None
        paid = 0.0
        try:
            if self._stopped.is_set():  # while it waited for the budget
                return None
            paid = most
            answer = await self._answerer.engine.complete(request)
            paid = self._answerer.price.paid(request, answer)
        except RefusedError as refused:
            paid = 0.0
            return Refusal(refused.status, refused.message)
        except RetryError as failure:
            paid = most * failure.maybe_paid
            raise
        except HopelessError:
            paid = 0.0
            raise
        finally:
            await self._context.budget.settle(most, paid)
        self._successes += 1
        self._unanswered.clear()
        self._gone_since = None
        return answer

    async def _wait(self, attempts: int, failure: RetryError) -> None:
        """Wait before the next attempt, or stop if patience has run out or the server asks for a longer wait."""
        patience = self._pace.patience_s  # failures of the request itself are counted, not timed
        if not failure.own:
            self._gone_since = self._gone_since or monotonic()
            patience += self._gone_since - monotonic()
        backoff = min(self._pace.max_wait_s, self._pace.first_wait_s * 2.0 ** min(attempts - 1, 60))
        wait_s = backoff * self._jitter.uniform(0.5, 1.0)
        if failure.retry_after_s is not None:
            wait_s = failure.retry_after_s + wait_s / 4
        if (patience <= 0 and not failure.own) or (failure.retry_after_s or 0.0) > max(patience, self._pace.patience_s):
            found = f"no answer for {self._pace.patience_s:,.0f} s ({failure.message})"
            if patience > 0:
                found = f"asks to wait {failure.retry_after_s:,.0f} s ({failure.message})"
            self.stop(AskError(self._answerer.where, found, hint=START_AGAIN))
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), max(min(wait_s, patience), 0.0))

    def _stop_refused(self, outcome: Outcome) -> None:
        """Stop, since the server has refused every request."""
        assert isinstance(outcome, Refusal)
        found = f"refuses every request (HTTP {outcome.status}: {outcome.message})"
        self.stop(AskError(self._answerer.where, found, hint="Change the recipe or the server; nothing was recorded."))
