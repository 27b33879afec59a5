"""The first requests to a server, which may be starting or busy: tried again for a while, and the user is told."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

import httpx2
import openai

from synth.engines.failures import RetryError
from synth.engines.server import ServerEngine
from synth.job.completion import Completion, CompletionRequest, Side
from synth.job.endpoint import Endpoint, url_flag

REQUEST_S = 30.0
"""For one request that needs no completion; a server with much to do takes long even for these."""
STARTING_S = 10.0
"""How long a server is waited for where nobody listens, or what answers is broken."""
ASIDE_S = 60.0
"""How long a server is waited for that does not answer a question that is not essential."""
FIRST_WAIT_S, MAX_WAIT_S = 0.25, 30.0

Got = TypeVar("Got")


@dataclass(frozen=True, slots=True)
class FirstContact:
    """Asks the server of one side. `patience_s` is for a server that is there but busy; `note` tells the user."""

    engine: ServerEngine
    endpoint: Endpoint
    side: Side
    patience_s: float
    note: Callable[[str], None]

    @property
    def where(self) -> str:
        return f"{url_flag(self.side)} {self.endpoint.shown}"

    async def models(self) -> bytes:
        """The server's list of models as JSON; empty where it has none.

        Raises:
            RequestError: it cannot be had.
        """
        return await self._patiently(
            lambda: self._ask("/models", if_missing=b"{}"),
            lambda failure: self.patience_s if failure.slow else STARTING_S,
        )

    async def ask_aside(self, path: str, body: object = None) -> bytes:
        """The answer to a question that the run can do without; `path` begins at the server's root.

        Raises:
            RequestError: there is none. Only silence is asked again.
        """
        return await self._patiently(
            lambda: self._ask(self.endpoint.root + path, body),
            lambda failure: ASIDE_S if failure.slow and failure.maybe_paid else 0.0,
        )

    async def complete(self, first: CompletionRequest) -> Completion:
        """The answer to the first request of the run.

        Raises:
            RequestError: there is none.
        """
        return await self._patiently(
            lambda: self.engine.complete(first),
            lambda failure: self.patience_s if failure.slow and not failure.maybe_paid else STARTING_S,
        )

    async def _ask(self, address: str, body: object = None, *, if_missing: bytes | None = None) -> bytes:
        client, soon = self.engine.client, openai.RequestOptions(timeout=REQUEST_S)
        try:
            if body is None:
                return (await client.get(address, cast_to=httpx2.Response, options=soon)).content
            return (await client.post(address, body=body, cast_to=httpx2.Response, options=soon)).content
        except openai.APIError as error:
            if if_missing is not None and isinstance(error, openai.NotFoundError):
                return if_missing
            raise self.engine.failure(error) from None

    async def _patiently(self, ask: Callable[[], Awaitable[Got]], up_to_s: Callable[[RetryError], float]) -> Got:
        """What `ask` returns, retried after failures that may pass for as long as `up_to_s` says."""
        began, wait_s, told = monotonic(), FIRST_WAIT_S, False
        while True:
            try:
                return await ask()
            except RetryError as failure:
                limit_s, asked_s = up_to_s(failure), failure.retry_after_s or 0.0
                left_s = began + limit_s - monotonic()
                if left_s <= 0 or asked_s > left_s:
                    raise
                if not told:
                    self.note(f"{self.where}: {failure.message}; tried again for up to {limit_s:,g} s")
                told = True
            await asyncio.sleep(min(max(wait_s, asked_s), left_s))
            wait_s = min(2 * wait_s, MAX_WAIT_S)
