"""An OpenAI-compatible server, by the openai client."""

from errno import EMFILE, ENFILE
from functools import cache
from ssl import SSLContext
from typing import Any

import aiohttp
import httpx2
import openai

from sources.fetch.retry_after import retry_after_s
from synth.engines.failures import RequestError, RetryError, from_status, shorten
from synth.engines.read_completion import read_completion
from synth.job.completion import GIVES_NUMBERS, PATHS, Api, Completion, CompletionRequest
from synth.job.endpoint import Endpoint

CONNECT_S = 10.0
IDLE_S = 4.0
"""A connection idle for longer is not used again: uvicorn, and so vLLM, hangs up after 5 seconds."""
UNREACHED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
NO_KEY = "none"


class Http(openai.DefaultAioHttpClient):
    """The aiohttp client: three times as fast as the default one with many connections."""

    async def send(self, *given: Any, **named: Any) -> httpx2.Response:
        try:
            return await super().send(*given, **named)
        except aiohttp.ClientError as error:  # those that the transport does not translate: what came is no HTTP
            raise httpx2.RemoteProtocolError(str(error)) from error


def make_client(endpoint: Endpoint, timeout_s: float, connections: int) -> openai.AsyncOpenAI:
    """A client that sends the key of this endpoint and nothing else of the environment, and leaves retries to us."""
    http = Http(
        limits=httpx2.Limits(
            max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=IDLE_S
        ),
        timeout=httpx2.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s), pool=None),
        trust_env=not endpoint.is_loopback,
        verify=authorities(),
        auth=endpoint.user_and_password,
    )
    headers = None if endpoint.is_openai else {"OpenAI-Organization": openai.Omit(), "OpenAI-Project": openai.Omit()}
    return openai.AsyncOpenAI(
        api_key=endpoint.key or NO_KEY,
        base_url=endpoint.shown,
        max_retries=0,
        http_client=http,
        default_headers=headers,  # type: ignore[arg-type]  # Omit is meant here
    )


@cache
def authorities() -> SSLContext:
    """The certificate authorities for HTTPS: the usual ones, or those of SSL_CERT_FILE."""
    return httpx2.create_ssl_context()


class ServerEngine:
    """Asks a server; as many requests at once as it has connections."""

    def __init__(self, endpoint: Endpoint, *, timeout_s: float, connections: int) -> None:
        self._endpoint = endpoint
        self.client = make_client(endpoint, timeout_s, connections)

    async def complete(self, request: CompletionRequest) -> Completion:
        try:
            response = await self.client.post(self._path(request.api), body=request.body, cast_to=httpx2.Response)
        except openai.APIError as error:
            failure = self.failure(error)
            if isinstance(failure, RetryError) and failure.maybe_paid:
                failure.own = await self._is_there()
            raise failure from None
        return read_completion(response.content, request.api, self._endpoint.hide_in)

    def _path(self, api: Api) -> str:
        """Where requests go: below /v1, or what only vLLM has, beside it."""
        return f"{self._endpoint.root}{PATHS[api]}" if api in GIVES_NUMBERS else PATHS[api]

    async def _is_there(self) -> bool:
        """Whether the server still answers other requests, so that the failure belongs to this one."""
        try:
            await self.client.get("/models", cast_to=httpx2.Response, options={"timeout": CONNECT_S})
        except openai.APIStatusError as error:
            return error.status_code < 500
        except openai.APIError:
            return False
        return True

    def failure(self, error: openai.APIError) -> RequestError:
        """The failure for an exception of the client, with secrets masked."""
        if isinstance(error, openai.APIStatusError):
            body = self._endpoint.hide_in(error.response.text if error.body is None else error.body)
            return from_status(error.status_code, body, retry_after_s(error.response.headers))
        cause = _first_cause(error)
        timed_out = isinstance(cause, TimeoutError)
        reached = not isinstance(cause, UNREACHED)
        said = shorten(self._endpoint.hide(str(cause))) or "no connection"
        return RetryError(
            f"{'no answer in time' if timed_out else said} ({type(cause).__name__})",
            maybe_paid=reached,
            busy=getattr(cause, "errno", None) in (EMFILE, ENFILE),  # it is we who have too many connections
            slow=timed_out and reached,
        )

    def hide_in(self, body: object) -> object:
        """What the server said, with secrets masked."""
        return self._endpoint.hide_in(body)

    async def close(self) -> None:
        await self.client.close()


def _first_cause(error: BaseException) -> BaseException:
    """The exception that caused the client's exception."""
    while not isinstance(error, UNREACHED) and (cause := error.__cause__ or error.__context__) is not None:
        if not isinstance(cause, (openai.APIError, httpx2.TransportError, aiohttp.ClientError, TimeoutError)):
            break
        error = cause
    return error
