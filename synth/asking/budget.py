"""The limit of --max-spend: the highest possible cost of a request is reserved before it is sent."""

import asyncio
from collections.abc import Iterable

from synth.job.price import FREE, Price
from synth.journal.journal import Usage


def already_spent(usage: Iterable[Usage], prices: dict[str, Price]) -> float:
    """Dollars that the answers in the journal cost."""
    return sum(prices.get(used.model, FREE).of(used.prompt_tokens, used.completion_tokens) for used in usage)


class Budget:
    """Dollars spent and reserved; no limit if `limit` is None."""

    def __init__(self, limit: float | None, spent: float) -> None:
        self.limit, self.spent = limit, spent
        self._reserved = 0.0
        self._requests = 0
        self._changed = asyncio.Condition()

    async def reserve(self, dollars: float) -> bool:
        """Reserve dollars, waiting until they fit; False if they cannot fit any more."""
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
        """Replace what was reserved for a request by what it cost."""
        self._reserved -= reserved
        self._requests -= bool(reserved)
        self.spent += paid
        if self.limit is not None:
            async with self._changed:
                self._changed.notify_all()

    async def leave(self, reserved: float) -> None:
        """Keep the reservation of a request whose cost only a later run will know."""
        self._requests -= bool(reserved)
        if self.limit is not None:
            async with self._changed:
                self._changed.notify_all()

    def fits(self, dollars: float) -> bool:
        """Whether so many dollars can still be reserved."""
        return self.limit is None or self.spent + self._reserved + dollars <= self.limit

    def take(self, dollars: float) -> None:
        """Reserve dollars without waiting."""
        self._reserved += dollars
        self._requests += bool(dollars)
