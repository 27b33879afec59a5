"""What answers cost, and a limit that is not exceeded: the worst case of a request is set aside before it is sent."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import Field

from sources.errors import UsageError
from sources.settings import Settings, load_settings
from synth.completion import Completion, CompletionRequest, Outcome
from synth.journal import Usage

PRICES = Path(__file__).parent
TOKENS_PER_UNIT = 1_000_000
OVERHEAD_TOKENS = 64
"""What a template of the server may add, at most, to a prompt and to each of its messages."""

Dollars = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]


class Price(Settings):
    """Dollars for a million tokens; `batch` is the share of it that the Batch API costs."""

    input: Dollars
    output: Dollars
    batch: Annotated[float, Field(gt=0.0, le=1.0)] = 0.5

    def of(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Dollars for so many tokens."""
        return (prompt_tokens * self.input + completion_tokens * self.output) / TOKENS_PER_UNIT

    def in_batches(self) -> "Price":
        """The price of the Batch API."""
        return Price(input=self.batch * self.input, output=self.batch * self.output)

    def most(self, request: CompletionRequest) -> float:
        """Dollars that the answer to a request cannot exceed: no tokenizer makes more tokens than there are bytes."""
        body = request.body
        most = int(body.get("max_tokens") or body["max_completion_tokens"])
        overhead = OVERHEAD_TOKENS * max(1, len(body.get("messages", ())))
        return self.of(request.prompt_bytes + overhead, most)

    def paid(self, request: CompletionRequest, outcome: Outcome) -> float:
        """Dollars that an outcome cost: nothing for a refusal, the worst case where the server did not count."""
        if not isinstance(outcome, Completion):
            return 0.0
        if outcome.prompt_tokens is None or outcome.completion_tokens is None:
            return self.most(request)
        return self.of(outcome.prompt_tokens, outcome.completion_tokens)


FREE = Price(input=0.0, output=0.0)


class PriceList(Settings):
    """A file of prices: by model, in dollars for a million tokens."""

    as_of: str
    models: dict[str, Price]


def load_prices(name_or_file: str) -> PriceList:
    """The prices of that file, by default those of synth/prices.yaml.

    Raises:
        UsageError: there is none, or it is wrong.
    """
    return load_settings(PriceList, "--prices", name_or_file, PRICES)


def find_price(prices: PriceList, model: str, *, is_own: bool, limited: bool) -> Price | None:
    """The price of a model; nothing where it is one's own server and not listed.

    Raises:
        UsageError: there is a limit to keep, and the price is not known.
    """
    if model in prices.models:
        return prices.models[model]
    if is_own:
        return FREE
    if limited:
        raise UsageError(
            "--max-spend",
            f"the price of {model} is not known",
            expected=f"a price for it ({', '.join(sorted(prices.models))} have one)",
            hint="Copy synth/prices.yaml, add it, and give the file with --prices.",
        )
    return None


def already_spent(usage: Iterable[Usage], prices: dict[str, Price]) -> float:
    """Dollars for all that the journal holds."""
    return sum(prices.get(used.model, FREE).of(used.prompt_tokens, used.completion_tokens) for used in usage)


class Purse:
    """Dollars spent and set aside; `limit` None is no limit."""

    def __init__(self, limit: float | None, spent: float) -> None:
        self.limit, self.spent = limit, spent
        self._reserved = 0.0
        self._requests = 0
        self._changed = asyncio.Condition()

    async def reserve(self, dollars: float) -> bool:
        """Set so much aside, once it is sure to fit; False if it never will."""
        if self.limit is None or dollars == 0.0:
            self.take(dollars)
            return True
        async with self._changed:
            await self._changed.wait_for(lambda: self.fits(dollars) or not self._requests)
            if not self.fits(dollars):
                return False
            self.take(dollars)
            return True

    async def settle(self, reserved: float, paid: float) -> None:
        """Give back what was set aside for a request, and spend what it cost."""
        self._reserved -= reserved
        self._requests -= bool(reserved)
        self.spent += paid
        if self.limit is not None:
            async with self._changed:
                self._changed.notify_all()

    async def leave(self, reserved: float) -> None:
        """Let what was set aside for a request stay so: another run will know what it cost."""
        self._requests -= bool(reserved)
        if self.limit is not None:
            async with self._changed:
                self._changed.notify_all()

    def fits(self, dollars: float) -> bool:
        """Whether so much can still be set aside."""
        return self.limit is None or self.spent + self._reserved + dollars <= self.limit

    def take(self, dollars: float) -> None:
        """Set so much aside for what is about to be sent."""
        self._reserved += dollars
        self._requests += bool(dollars)
