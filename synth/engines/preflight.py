"""Checks of a server before the first request: its models, the interface that fits, the options that it knows."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeVar

import httpx2
import openai
import orjson

from sources.command.errors import PrefsError, UsageError
from sources.command.printable import printable
from sources.command.settings import did_you_mean
from synth.engines.failures import HopelessError, RefusedError, RequestError, RetryError
from synth.engines.server import ServerEngine
from synth.job.completion import Api, Completion, CompletionRequest, Side
from synth.job.endpoint import Endpoint

STANDARD = ("temperature", "top_p", "max_tokens", "stop", "presence_penalty", "frequency_penalty", "seed")
"""The options that every OpenAI-compatible server honours."""

SCHEMAS: dict[Api, str] = {"completions": "CompletionRequest", "chat": "ChatCompletionRequest"}
Got = TypeVar("Got")

FIRST_CONTACT_S = 10.0
FIRST_WAIT_S = 0.25


class PreflightError(PrefsError):
    """The server cannot be used."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server's description of itself. `fields` are the options it knows, by interface; None if not listed."""

    kind: str
    models: tuple[str, ...]
    context_tokens: int | None
    fields: Mapping[Api, frozenset[str]] | None


async def look_at(engine: ServerEngine, endpoint: Endpoint, side: Side, model: str) -> Server:
    """The server's description of itself; waits up to 10 seconds for one that is just starting.

    Raises:
        PreflightError: there is none, or the key is wrong.
        UsageError: it does not serve the model.
    """
    listed = await _models(engine, endpoint, side)
    names = tuple(str(each.get("id")) for each in listed)
    if names and model not in names:
        shown = printable(", ".join(sorted(names)[:12]), max_chars=400)
        hint = did_you_mean(model, list(names))
        raise UsageError(f"--{side}-model", f"{endpoint.shown} serves no {model}", expected=shown, hint=hint)
    ours = next((each for each in listed if each.get("id") == model), {})
    context = ours.get("max_model_len")
    fields = None if endpoint.is_openai else await _fields(engine, endpoint)
    kind = "openai" if endpoint.is_openai else str(ours.get("owned_by") or "")
    return Server(kind, names, context if isinstance(context, int) else None, fields)


async def _models(engine: ServerEngine, endpoint: Endpoint, side: Side) -> list[dict[str, Any]]:
    """The models that the server lists; none where it has no list."""
    try:
        payload = orjson.loads(await _patiently(lambda: _list(engine)))
    except orjson.JSONDecodeError:
        where = f"--{side}-url {endpoint.shown}"
        raise PreflightError(where, "does not speak JSON", hint=_is_it_v1(endpoint)) from None
    except RequestError as failure:
        raise _unusable(endpoint, side, failure) from None
    listed = payload.get("data") if isinstance(payload, dict) else None
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


async def _list(engine: ServerEngine) -> bytes:
    """The server's list of models as JSON.

    Raises:
        RequestError: the request failed.
    """
    try:
        return (await engine.client.get("/models", cast_to=httpx2.Response, options=_soon())).content
    except openai.NotFoundError:
        return b"{}"
    except openai.APIError as error:
        raise engine.failure(error) from None


async def _patiently(ask: Callable[[], Awaitable[Got]]) -> Got:
    """What `ask` returns, retried for up to 10 seconds."""
    until, wait_s = monotonic() + FIRST_CONTACT_S, FIRST_WAIT_S
    while True:
        try:
            return await ask()
        except RetryError:
            if monotonic() >= until:
                raise
        await asyncio.sleep(wait_s)
        wait_s *= 2


def _soon() -> openai.RequestOptions:
    """A short timeout, for requests that need no completion."""
    return {"timeout": FIRST_CONTACT_S}


def _unusable(endpoint: Endpoint, side: Side, failure: Exception) -> PreflightError:
    message = _message(failure)
    if isinstance(failure, HopelessError) and "401" in message:
        hint = f"Set {side.upper()}_API_KEY or give --{side}-key-file."
    elif "certificate" in message:
        hint = "HTTPS is checked; SSL_CERT_FILE names authorities of one's own."
    elif isinstance(failure, RetryError):
        hint = "Is the server running? For example: vllm serve MODEL --served-model-name NAME"
    else:
        hint = _is_it_v1(endpoint)
    return PreflightError(f"--{side}-url {endpoint.shown}", message, hint=hint)


def _is_it_v1(endpoint: Endpoint) -> str:
    return "" if endpoint.shown.endswith("/v1") else "Most servers want a URL that ends with /v1."


async def _fields(engine: ServerEngine, endpoint: Endpoint) -> Mapping[Api, frozenset[str]] | None:
    """The options that the server knows, by interface, from its own description; None where it has none."""
    try:
        address = f"{endpoint.root}/openapi.json"
        response = await engine.client.get(address, cast_to=httpx2.Response, options=_soon())
        schemas = orjson.loads(response.content)["components"]["schemas"]
        found = {api: frozenset(schemas[name]["properties"]) for api, name in SCHEMAS.items() if name in schemas}
    except (openai.APIError, orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return found or None


async def find_api(engine: ServerEngine, endpoint: Endpoint, first: CompletionRequest) -> tuple[Api, Completion | None]:
    """chat, if the model has a chat template, else completions. `first` is a chat request that is needed anyway: a
    server that cannot be asked for the template alone (vLLM can) is sent it, and its answer is returned to be kept.

    Raises:
        PreflightError: the server does not answer.
        UsageError: it cannot be found out.
    """
    if endpoint.is_openai:
        return "chat", None
    body = {"model": first.body["model"], "messages": [{"role": "user", "content": "Hello"}]}
    try:
        await engine.client.post(f"{endpoint.root}/tokenize", body=body, cast_to=httpx2.Response, options=_soon())
        return "chat", None
    except openai.APIError as error:
        if _wants_template(engine.failure(error)):
            return "completions", None
    try:
        return "chat", await _patiently(lambda: engine.complete(first))
    except RequestError as failure:
        if _wants_template(failure):
            return "completions", None
        if isinstance(failure, RetryError):
            raise _unusable(endpoint, first.side, failure) from None
        raise UsageError(
            f"recipe: {first.side}.api",
            f"{endpoint.shown} does not say whether the model has a chat template ({_message(failure)})",
            expected="api: chat or api: completions in the recipe",
            hint=_is_it_v1(endpoint),
        ) from None


def _wants_template(failure: RequestError) -> bool:
    return isinstance(failure, RefusedError) and "chat template" in failure.message.lower().replace("_", " ")


def _message(failure: Exception) -> str:
    return str(getattr(failure, "message", failure))


def check_options(server: Server, endpoint: Endpoint, side: Side, request: CompletionRequest) -> None:
    """Check that the server honours every option of the request.

    Raises:
        UsageError: it would ignore one without an error.
    """
    known = None if server.fields is None else server.fields.get(request.api)
    if endpoint.is_openai and known is None:
        return  # it refuses what it does not know, and says so
    carried = {"model", "prompt", "messages"}
    for name in request.body:
        if name in carried or name in (known if known is not None else STANDARD):
            continue
        where = f"recipe: {side}.sampling.{name}" if name != "seed" else f"recipe: {side}.send_seed"
        if known is not None:
            raise UsageError(
                where,
                f"{endpoint.shown} knows no such option and would ignore it",
                hint=did_you_mean(name, sorted(known)) or "Remove it from the recipe.",
            )
        raise UsageError(
            where,
            f"{endpoint.shown} does not say whether it knows this option",
            expected=f"one of {', '.join(STANDARD)}, or a server that describes itself (/openapi.json)",
            hint="Remove it from the recipe.",
        )
