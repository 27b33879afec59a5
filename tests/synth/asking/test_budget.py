"""Prices, and a budget from which no more is spent than it holds."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.command.errors import UsageError
from synth.asking.budget import Budget, already_spent
from synth.job.completion import Refusal
from synth.job.price import FREE, OVERHEAD_TOKENS, Price, PriceList, find_price, load_prices
from synth.journal.journal import Usage
from tests.synth.made import said, user, writer

PRICE = Price(input=2.0, output=8.0)
MILLION = 1_000_000


def run(work: Callable[[], Awaitable[Any]]) -> Any:
    async def limited() -> Any:
        async with asyncio.timeout(300):
            return await work()

    return asyncio.run(limited())


def test_a_price_is_for_a_million_tokens() -> None:
    assert PRICE.of(MILLION, 0) == 2.0
    assert PRICE.of(0, MILLION) == 8.0
    assert PRICE.of(500, 250) == pytest.approx(0.003)
    assert FREE.of(MILLION, MILLION) == 0.0


def test_the_batch_api_has_its_share_of_the_price() -> None:
    assert PRICE.in_batches() == Price(input=1.0, output=4.0)
    assert Price(input=2.0, output=8.0, batch=0.25).in_batches().of(MILLION, MILLION) == 2.5


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), st.integers(1, 10_000))
def test_the_most_is_more_than_any_answer_can_cost(text: str, most: int) -> None:
    for name in ("max_tokens", "max_completion_tokens"):
        request = writer(sampling={name: most}).request(user(text), 0)
        tokens = len(text.encode()) + OVERHEAD_TOKENS
        assert PRICE.most(request) == pytest.approx(PRICE.of(tokens, most))
        assert PRICE.paid(request, said(prompt_tokens=tokens, completion_tokens=most)) <= PRICE.most(request)


def test_what_is_paid_is_what_the_server_counted_or_the_most() -> None:
    request = writer().request(user("一"), 0)
    assert PRICE.paid(request, said(prompt_tokens=10, completion_tokens=20)) == pytest.approx(PRICE.of(10, 20))
    assert PRICE.paid(request, said(prompt_tokens=None)) == PRICE.most(request)
    assert PRICE.paid(request, said(completion_tokens=None)) == PRICE.most(request)
    assert PRICE.paid(request, Refusal(400, "no")) == 0.0


def test_the_shipped_prices_are_read_and_have_the_usual_models() -> None:
    prices = load_prices("prices")
    assert {"gpt-4o", "gpt-4o-mini", "gpt-4"} <= set(prices.models)
    assert prices.as_of
    assert all(price.output >= price.input > 0 for price in prices.models.values())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("as_of: '2025'\n", "models: Field required"),
        ("models: {}\n", "as_of: Field required"),
        ("as_of: 2025-08-01\nmodels: {}\n", "as_of: Input should be a valid string"),
        ("as_of: x\nmodels: {m: {input: 1}}\n", "models.m.output: Field required"),
        (
            "as_of: x\nmodels: {m: {input: -1, output: 1}}\n",
            "models.m.input: Input should be greater than or equal to 0",
        ),
        ("as_of: x\nmodels: {m: {input: cheap, output: 1}}\n", "models.m.input: Input should be a valid number"),
        ("as_of: x\nmodels: {m: {input: 1, output: 1, batch: 0}}\n", "models.m.batch: Input should be greater than 0"),
        (
            "as_of: x\nmodels: {m: {input: 1, output: 1, batches: 1}}\n",
            "models.m.batches: no such key; expected input, output, batch. Did you mean batch?",
        ),
        ("as_of: x\nmodels: {m: {input: .nan, output: 1}}\n", "models.m.input"),
        ("as_of: x\nmodels: {m: {input: .inf, output: 1}}\n", "models.m.input"),
        ("as_of: x\nmodel: {}\n", "model: no such key; expected as_of, models. Did you mean models?"),
    ],
)
def test_a_wrong_price_list_is_refused_with_the_place(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as raised:
        load_prices(str(path))
    assert str(raised.value).startswith(f"{path}: ")
    assert message in str(raised.value)


PRICES = PriceList(as_of="x", models={"gpt": PRICE, "other": FREE})


@pytest.mark.parametrize("limited", [False, True])
def test_a_listed_model_has_its_price_and_one_of_ones_own_none(limited: bool) -> None:
    assert find_price(PRICES, "gpt", is_own=True, limited=limited) == PRICE
    assert find_price(PRICES, "gpt", is_own=False, limited=limited) == PRICE
    assert find_price(PRICES, "mine", is_own=True, limited=limited) == FREE


def test_a_limit_needs_a_price() -> None:
    assert find_price(PRICES, "new", is_own=False, limited=False) is None
    with pytest.raises(UsageError, match=r"--max-spend: the price of new is not known; .*\(gpt, other have one\)"):
        find_price(PRICES, "new", is_own=False, limited=True)


def test_what_the_journal_holds_was_spent() -> None:
    usage = [
        Usage("chosen", "gpt", 3, MILLION, MILLION),
        Usage("rejected", "gpt", 1, 0, MILLION),
        Usage("rejected", "elsewhere", 9, MILLION, MILLION),
    ]
    assert already_spent(usage, {"gpt": PRICE}) == pytest.approx(18.0)
    assert already_spent([], {}) == 0


def test_without_a_limit_everything_fits() -> None:
    budget = Budget(None, 5.0)
    assert run(lambda: budget.reserve(1e9))
    run(lambda: budget.settle(1e9, 7.0))
    assert budget.spent == 12.0


def test_what_cannot_fit_is_said_at_once() -> None:
    budget = Budget(10.0, 8.0)
    assert run(lambda: budget.reserve(2.0))
    assert not run(lambda: Budget(10.0, 8.0).reserve(2.01))
    assert not run(lambda: Budget(1.0, 5.0).reserve(0.1))
    assert run(lambda: Budget(1.0, 5.0).reserve(0.0))


def test_one_waits_while_what_is_set_aside_may_come_back() -> None:
    async def work() -> bool:
        budget = Budget(10.0, 0.0)
        assert await budget.reserve(6.0)
        waiting = asyncio.ensure_future(budget.reserve(5.0))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not waiting.done()
        await budget.settle(6.0, 1.0)
        return await waiting

    assert run(work)


def test_a_waiter_that_is_cancelled_keeps_nobody_waiting() -> None:
    async def work() -> bool:
        budget = Budget(10.0, 0.0)
        await budget.reserve(9.0)
        one, other = (asyncio.ensure_future(budget.reserve(5.0)) for _ in range(2))
        await asyncio.sleep(0)
        one.cancel()
        await budget.settle(9.0, 1.0)
        return await other

    assert run(work)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.floats(0, 1), st.integers(0, 3)), max_size=40),
    st.integers(0, 100),
    st.integers(1, 8),
)
def test_no_more_is_ever_spent_than_the_limit_and_nobody_waits_for_ever(
    requests: list[tuple[int, float, int]], limit: int, workers: int
) -> None:
    budget, waiting, refused = Budget(float(limit), 0.0), iter(requests), list[int]()

    async def worker() -> None:
        for most, share, steps in waiting:
            if not await budget.reserve(float(most)):
                refused.append(most)
                return
            for _ in range(steps):
                await asyncio.sleep(0)
            await budget.settle(float(most), most * share)
            assert budget.spent <= limit + 1e-9

    async def work() -> None:
        await asyncio.gather(*(worker() for _ in range(workers)))

    run(work)
    assert budget.spent <= limit + 1e-9
    assert not refused or min(refused) > 0
