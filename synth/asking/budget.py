"""A limit on what is spent: the worst case of a request is set aside before it is sent."""

import asyncio
from collections.abc import Iterable

from synth.job.price import FREE, Price
from synth.journal.journal import Usage


def already_spent(usage: Iterable[Usage], prices: dict[str, Price]) -> float:
    """Dollars for all that the journal holds."""
    return sum(prices.get(used.model, FREE).of(used.prompt_tokens, used.completion_tokens) for used in usage)


class Budget:
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
