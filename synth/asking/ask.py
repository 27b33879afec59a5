"""Asking: many requests at once, tried again where that may help, each answer in the journal before it counts.

A slot is only free again when its answer is on the disk, so a kill loses at most the requests in flight.
"""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from time import monotonic
from typing import Protocol

from sources.command.errors import PrefsError
from synth.asking.budget import Budget
from synth.asking.meter import Meter
from synth.engines.engine import Engine
from synth.engines.failures import HopelessError, RefusedError, RetryError
from synth.job.completion import Completion, CompletionRequest, Outcome, Refusal
from synth.job.pace import Pace
from synth.job.price import Price
from synth.journal.journal import Entry
from synth.journal.writer import JournalWriter

MAX_EARLY_REFUSALS = 20
"""So many refusals without one answer are no matter of single prompts."""

MAX_FRUITLESS = 20
"""Nor are so many requests given up without an answer to another one in between."""

GONE = "Start it again and run the same command: what was answered is kept. --patience waits longer."


class AskError(PrefsError):
    """The asking cannot go on; what was answered is kept."""


class Shown(Protocol):
    """Told what happens."""

    def advance(self, count: int = 1) -> None: ...

    def note(self, line: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What all askings of a run share."""

    writer: JournalWriter
    budget: Budget
    meter: Meter
    shown: Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerer:
    """Who is asked: by which engine, `where` as errors name it, for how much, and whether it ever answered before."""

    engine: Engine
    where: str
    price: Price
    has_answered: bool


class Asking:
    """The requests of one side, put to one engine."""

    def __init__(self, answerer: Answerer, desk: Desk, pace: Pace) -> None:
        self._answerer, self._desk, self._pace = answerer, desk, pace
        self._successes = int(answerer.has_answered)
        self._gone_since: float | None = None
        self._early: list[tuple[CompletionRequest, Refusal]] = []
        self._fruitless: list[str] = []
        self._halted = asyncio.Event()
        self._jitter = Random()  # noqa: S311 - spreads requests over time
        self.given_up: dict[bytes, str] = {}
        self.trouble: AskError | None = None
        self.over_budget = False

    async def run(self, requests: Iterable[CompletionRequest]) -> None:
        """Ask them all; returns when all are answered, or after `halt`, or when there is `trouble`.

        Raises:
            OutputError: the journal cannot be written.
        """
        waiting = iter(requests)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._pace.concurrency):
                    group.create_task(self._work(waiting))
        except* PrefsError as failed:
            raise failed.exceptions[0] from None
        if self._fruitless and not self._successes:
            self._halt_fruitless()
        if not self._halted.is_set():
            await self._keep_early()

    def halt(self, trouble: AskError | None = None) -> None:
        """Send nothing more; requests in flight are waited for."""
        self.trouble = self.trouble or trouble
        self._halted.set()

    async def _work(self, waiting: Iterator[CompletionRequest]) -> None:
        try:
            for request in waiting:
                if len(self._fruitless) >= MAX_FRUITLESS:
                    self._halt_fruitless()
                if self._halted.is_set():
                    return
                await self._settle(request)
        except PrefsError:
            self._halted.set()
            raise

    async def _settle(self, request: CompletionRequest) -> None:
        """One request, from the first attempt to its place in the journal."""
        outcome = await self._answer(request)
        if outcome is not None:
            await self._keep(request, outcome)
        elif self._halted.is_set():
            return
        self._desk.meter.count(outcome)
        self._desk.shown.advance()

    async def _answer(self, request: CompletionRequest) -> Outcome | None:
        """The outcome of a request; None when it is given up or the asking halts."""
        failures, attempts, seen = 0, 0, self._successes
        while not self._halted.is_set():
            try:
                return await self._attempt(request)
            except HopelessError as hopeless:
                self.halt(AskError(self._answerer.where, hopeless.message, hint=hopeless.hint))
            except RetryError as failure:
                attempts += 1
                self._desk.meter.retries += 1
                failures += failure.own or (self._successes > seen and not failure.busy)
                seen = self._successes
                if failures >= self._pace.max_attempts:
                    self.given_up[request.key] = failure.message
                    self._fruitless.append(failure.message)
                    return None
                await self._wait(attempts, failure)
        return None

    def _halt_fruitless(self) -> None:
        """More requests would be given up as the last ones were."""
        found = f"no answer to any of the last {len(self._fruitless):,} requests ({self._fruitless[-1]})"
        self.halt(AskError(self._answerer.where, found, hint=GONE))

    async def _attempt(self, request: CompletionRequest) -> Outcome | None:
        """What came of sending a request once, with the money for it; None where there is none left.

        Raises:
            RetryError: it may be sent again.
            HopelessError: nothing may.
        """
        most = self._answerer.price.most(request)
        if not await self._desk.budget.reserve(most):
            self.over_budget = True
            self.halt()
            return None
        paid = 0.0
        try:
            if self._halted.is_set():  # while it waited for the money
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
            await self._desk.budget.settle(most, paid)
        self._successes += 1
        self._fruitless.clear()
        self._gone_since = None
        return answer

    async def _wait(self, attempts: int, failure: RetryError) -> None:
        """Wait before the next attempt, or halt when there shall be none."""
        patience = self._pace.patience_s  # all of it for a failure of its own: those are counted, not timed
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
            self.halt(AskError(self._answerer.where, found, hint=GONE))
        with suppress(TimeoutError):
            await asyncio.wait_for(self._halted.wait(), max(min(wait_s, patience), 0.0))

    async def _keep(self, request: CompletionRequest, outcome: Outcome) -> None:
        """Put an outcome into the journal. Refusals wait for the first answer: a server that refuses every request
        is wrongly set up, and its refusals are no one's."""
        if isinstance(outcome, Completion):
            await self._keep_early()
        elif not self._successes:
            self._early.append((request, outcome))
            if len(self._early) >= MAX_EARLY_REFUSALS:
                found = f"refuses every request (HTTP {outcome.status}: {outcome.message})"
                self.halt(
                    AskError(self._answerer.where, found, hint="Change the recipe or the server; nothing was recorded.")
                )
            return
        await self._write(request, outcome)

    async def _keep_early(self) -> None:
        early, self._early = self._early, []
        for request, outcome in early:
            await self._write(request, outcome)

    async def _write(self, request: CompletionRequest, outcome: Outcome) -> None:
        entry = Entry(request.key, request.side, request.body["model"], outcome)
        await self._desk.writer.append(entry)
