"""When the requests of one side are sent again, given up or stopped, tried with an engine that follows a script."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from synth.asking import ask
from synth.asking.ask import Asking
from synth.asking.budget import Budget
from synth.asking.context import Answerer, AskError, RunContext
from synth.asking.meter import Meter
from synth.engines.failures import HopelessError, RefusedError, RequestError, RetryError
from synth.job.completion import Completion, CompletionRequest
from synth.job.pace import Pace
from synth.job.price import FREE, Price
from synth.journal.journal import Journal
from synth.journal.writer import JournalWriter


class Script:
    """An engine that plays a list of outcomes, then answers."""

    def __init__(self, failures: Sequence[RequestError], before: Callable[[], None] = lambda: None) -> None:
        self.failures, self.before, self.sent = list(failures), before, 0

    async def complete(self, request: CompletionRequest) -> Completion:
        self.sent += 1
        self.before()
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.pop(0)
        return Completion("好的", "stop", 1, 1)

    async def close(self) -> None:
        pass


class Quiet:
    def advance(self, count: int = 1) -> None:
        pass

    def note(self, line: str) -> None:
        pass


def run(
    folder: Path, engine: Script, count: int, *, price: Price = FREE, limit: float | None = None, **pace: Any
) -> Asking:
    """Ask so many requests of the engine."""

    async def work() -> Asking:
        budget = Budget(limit, 0.0)
        journal = Journal(folder / "journal.sqlite")
        try:
            async with JournalWriter(journal) as writer:
                answerer = Answerer(engine=engine, where="it", price=price, has_answered=False)
                quick = Pace(**{"first_wait_s": 0.0, "concurrency": 1, **pace})
                asking = Asking(answerer, RunContext(writer, budget, Meter(count, budget), Quiet()), quick)
                body = {"model": "m", "prompt": "p", "max_tokens": 9}
                await asking.run(
                    CompletionRequest(bytes([n]) * 16, "rejected", "completions", body) for n in range(count)
                )
                return asking
        finally:
            journal.close()

    return asyncio.run(work())


def test_a_server_may_be_busy_a_thousand_times(tmp_path: Path) -> None:
    engine = Script([RetryError("busy", busy=True)] * 1100)
    asking = run(tmp_path, engine, 1)
    assert (asking.error, asking.given_up, engine.sent) == (None, {}, 1101)


def test_patience_begins_with_the_first_failure_and_not_with_the_last_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(ask, "monotonic", lambda: clock[0])

    def pass_time() -> None:
        clock[0] += 1000.0

    one = run(tmp_path, Script([RetryError("gone")], pass_time), 3)
    assert one.error is None
    two = run(tmp_path, Script([RetryError("gone"), RetryError("gone")], pass_time), 3)
    assert isinstance(two.error, AskError)
    assert "no answer for 600 s (gone)" in str(two.error)


def test_what_others_get_and_one_does_not_is_that_one_s_fault(tmp_path: Path) -> None:
    class Picky(Script):
        async def complete(self, request: CompletionRequest) -> Completion:
            await asyncio.sleep(0)
            self.sent += 1
            if request.key[0] == 0:
                raise RetryError("unwell")
            return Completion("好的", "stop", 1, 1)

    asking = run(tmp_path, Picky([]), 250, concurrency=2)
    assert asking.given_up == {bytes(16): "unwell"}
    assert asking.error is None


def test_after_a_halt_nothing_is_sent_that_waited_for_money(tmp_path: Path) -> None:
    engine = Script([HopelessError("no", "Sorry.")])
    price = Price(input=0.0, output=1e6)  # nine dollars at most for each
    asking = run(tmp_path, engine, 5, price=price, limit=9.0, concurrency=5)
    assert "no. Sorry." in str(asking.error)
    assert engine.sent == 1


def test_refusals_count_as_early_only_until_an_answer(tmp_path: Path) -> None:
    engine = Script([RefusedError(400, "no")] * 19)
    asking = run(tmp_path, engine, 25)
    assert asking.error is None
    assert engine.sent == 25
