"""Checks of a server before the first request: its models, the interface that fits, the options that it knows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from sources.command.errors import PrefsError, UsageError
from sources.command.printable import printable
from sources.command.settings import did_you_mean
from synth.engines.failures import HopelessError, RefusedError, RequestError, RetryError
from synth.engines.first_contact import FirstContact
from synth.job.completion import GIVES_NUMBERS, Api, Completion, CompletionRequest, Side
from synth.job.endpoint import Endpoint
from synth.job.model import settings_of
from synth.job.recipe import KWARGS

STANDARD = ("temperature", "top_p", "max_tokens", "stop", "presence_penalty", "frequency_penalty", "seed")
"""The options that every OpenAI-compatible server honours."""

NO_SWITCH = "Only a chat template has arguments, and a switch for thinking (--thinking)."
SCHEMAS: dict[Api, str] = {
    "completions": "CompletionRequest",
    "chat": "ChatCompletionRequest",
    "pooling": "PoolingChatRequest",
    "classify": "ClassificationChatRequest",
}


class PreflightError(PrefsError):
    """The server cannot be used."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server's description of itself. `fields` are the options it knows, by interface; None if not listed."""

    kind: str
    models: tuple[str, ...]
    context_tokens: int | None
    fields: Mapping[Api, frozenset[str]] | None


async def look_at(contact: FirstContact, model: str) -> Server:
    """The server's description of itself.

    Raises:
        PreflightError: there is none, or the key is wrong.
        UsageError: it does not serve the model.
    """
    endpoint = contact.endpoint
    listed = await _models(contact)
    names = tuple(str(each.get("id")) for each in listed)
    if names and model not in names:
        shown = printable(", ".join(sorted(names)[:12]), max_chars=400)
        hint = did_you_mean(model, list(names))
        raise UsageError(f"--{contact.side}-model", f"{endpoint.shown} serves no {model}", expected=shown, hint=hint)
    ours = next((each for each in listed if each.get("id") == model), {})
    context = ours.get("max_model_len")
    fields = None if endpoint.is_openai else await _fields(contact)
    kind = "openai" if endpoint.is_openai else str(ours.get("owned_by") or "")
    return Server(kind, names, context if isinstance(context, int) else None, fields)


async def _models(contact: FirstContact) -> list[dict[str, Any]]:
    """The models that the server lists; none where it has no list."""
    try:
        payload = orjson.loads(await contact.models())
    except orjson.JSONDecodeError:
        raise PreflightError(contact.where, "does not speak JSON", hint=_is_it_v1(contact.endpoint)) from None
    except RequestError as failure:
        raise _unusable(contact, failure) from None
    listed = payload.get("data") if isinstance(payload, dict) else None
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _unusable(contact: FirstContact, failure: Exception) -> PreflightError:
    message = _message(failure)
    if isinstance(failure, HopelessError) and "401" in message:
        hint = f"Set {contact.side.upper()}_API_KEY or give --{contact.side}-key-file."
    elif "certificate" in message:
        hint = "The server's certificate is verified. To trust your own authority, set SSL_CERT_FILE."
    elif isinstance(failure, RetryError):
        hint = "Is the server running? For example: vllm serve MODEL --served-model-name NAME"
    else:
        hint = _is_it_v1(contact.endpoint)
    return PreflightError(contact.where, message, hint=hint)


def _is_it_v1(endpoint: Endpoint) -> str:
    return "" if endpoint.shown.endswith("/v1") else "Most servers want a URL that ends with /v1."


async def _fields(contact: FirstContact) -> Mapping[Api, frozenset[str]] | None:
    """The options that the server knows, by interface, from its own description; None where it has none."""
    try:
        schemas = orjson.loads(await contact.ask_aside("/openapi.json"))["components"]["schemas"]
        found = {api: frozenset(schemas[name]["properties"]) for api, name in SCHEMAS.items() if name in schemas}
    except (RequestError, orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return found or None


async def find_api(contact: FirstContact, first: CompletionRequest) -> tuple[Api, Completion | None]:
    """chat, if the model has a chat template, else completions. `first` is a chat request that is needed anyway: a
    server that cannot be asked for the template alone (vLLM can) is sent it, and its answer is returned to be kept.

    Raises:
        PreflightError: the server does not answer.
        UsageError: it cannot be found out.
    """
    endpoint = contact.endpoint
    if endpoint.is_openai:
        return "chat", None
    body = {"model": first.body["model"], "messages": [{"role": "user", "content": "Hello"}]}
    try:
        await contact.ask_aside("/tokenize", body)
        return "chat", None
    except RequestError as failure:
        if _wants_template(failure):
            return "completions", None
    try:
        return "chat", await contact.complete(first)
    except RequestError as failure:
        if _wants_template(failure):
            return "completions", None
        if isinstance(failure, RetryError):
            raise _unusable(contact, failure) from None
        raise UsageError(
            f"{settings_of(contact.side)}api",
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
    known = _known(server, request)
    if endpoint.is_openai and KWARGS in request.body:
        where, found = f"{settings_of(side)}sampling.{KWARGS}", "OpenAI has no chat template that could be told"
        raise UsageError(where, found, hint="Leave out --thinking; reasoning_effort under sampling is OpenAI's switch.")
    for name in _not_honoured(server, endpoint, request):
        if request.api in GIVES_NUMBERS:
            raise UsageError(
                f"--{side}-url",
                f"{endpoint.shown} does not say that it gives raw numbers for messages (option {name})",
                expected="vLLM with a *ForSequenceClassification model of one label",
            )
        where = f"{settings_of(side)}{'send_seed' if name == 'seed' else f'sampling.{name}'}"
        if known is not None:
            raise UsageError(
                where,
                f"{endpoint.shown} knows no such option and would ignore it",
                hint=NO_SWITCH if name == KWARGS else did_you_mean(name, sorted(known)) or "Remove it from the recipe.",
            )
        raise UsageError(
            where,
            f"{endpoint.shown} does not say whether it knows this option",
            expected=f"one of {', '.join(STANDARD)}, or a server that describes itself (/openapi.json)",
            hint="Remove it from the recipe.",
        )


def honours(server: Server, endpoint: Endpoint, request: CompletionRequest) -> bool:
    """Whether the server honours every option of the request, as far as that is known."""
    return not _not_honoured(server, endpoint, request)


def _known(server: Server, request: CompletionRequest) -> frozenset[str] | None:
    return None if server.fields is None else server.fields.get(request.api)


def _not_honoured(server: Server, endpoint: Endpoint, request: CompletionRequest) -> list[str]:
    """The options that the server would ignore, or may."""
    known = _known(server, request)
    if endpoint.is_openai and known is None:
        return []  # it refuses what it does not know, and says so
    fine = {"model", "prompt", "messages", *(known if known is not None else STANDARD)}
    return [name for name in request.body if name not in fine]
