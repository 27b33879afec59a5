"""A completion out of the body of an answer: its text, and what the server said beside it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson

from sources.pairs.extras import REASONING_KEYS
from synth.engines.failures import RetryError, from_status, shorten
from synth.engines.read_logprobs import read_logprobs
from synth.engines.read_reward import read_reward
from synth.job.completion import GIVES_NUMBERS, NOTHING_BESIDE, Api, Beside, Completion

MOST_TOKENS = 1 << 32
"""A higher count from a server is ignored."""

Hide = Callable[[object], object]
"""Masks in what a server said what no error may show."""


def read_completion(content: bytes, api: Api, hide: Hide = lambda body: body) -> Completion:
    """The completion in the body of an answer with status 200.

    Raises:
        RequestError: there is none in it.
    """
    try:
        payload = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise _no_completion("not JSON", content, hide) from None
    if isinstance(payload, dict) and payload.get("error"):
        error = payload["error"]
        status = error.get("code") if isinstance(error, dict) else None
        raise from_status(status if isinstance(status, int) and status >= 400 else 500, hide(payload), None)
    if api in GIVES_NUMBERS:
        return read_reward(payload, lambda: _no_completion("no number in the answer", content, hide))
    try:
        choice = payload["choices"][0]
        message = {"content": choice["text"]} if api == "completions" else choice["message"]
        beside = _beside(message)
        text = _text_of(message["content"] if beside == NOTHING_BESIDE else message.get("content"))
    except (AttributeError, KeyError, IndexError, TypeError):
        raise _no_completion("no choice in the answer", content, hide) from None
    if text is None:
        raise _no_completion("the answer's text is no text", content, hide)
    usage = payload.get("usage") or {}
    return Completion(
        text,
        _text(choice.get("finish_reason")),
        _count(usage, "prompt_tokens"),
        _count(usage, "completion_tokens"),
        replace(beside, logprobs=read_logprobs(choice, text)),
    )


def _text_of(content: object) -> str | None:
    """The text of a message: of content in parts, that of the parts that are text. None where it is neither."""
    if isinstance(content, str | None):
        return content or ""
    parts = _parts(content)
    return None if parts is None else "".join(_text(part.get("text")) or "" for kind, part in parts if kind == "text")


def _parts(content: object) -> list[tuple[str, dict[str, Any]]] | None:
    """The parts of a message with their kinds; None where it is no list of such parts."""
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        return None
    return [(str(part.get("type")), part) for part in content]


def _beside(message: dict[str, Any]) -> Beside:
    """What a message says beside its text, as vLLM, OpenAI and those who follow them write it."""
    parts = _parts(message.get("content")) or []
    inside = {kind: part.get(kind) for kind, part in parts}
    reasoning = next((text for key in REASONING_KEYS if (text := _text(message.get(key)))), "")
    refusal = _text(message.get("refusal")) or _text(inside.get("refusal")) or ""
    calls = [*(message.get("tool_calls") or []), *filter(None, [message.get("function_call")])]
    known = ("text", "refusal", *REASONING_KEYS)
    return Beside(
        reasoning=reasoning or "".join(_said_inside(inside.get(key)) for key in REASONING_KEYS),
        refusal=refusal,
        tools=tuple(str((call.get("function") or call).get("name")) for call in calls),
        parts=tuple(sorted({kind for kind, _ in parts if kind not in known})),
    )


def _said_inside(part: object) -> str:
    """The text of a part of reasoning, which may be in parts itself (as Mistral writes it)."""
    return _text_of(part) or ""


def _no_completion(what: str, content: bytes, hide: Hide) -> RetryError:
    shown = shorten(str(hide(content.decode(errors="replace"))))
    return RetryError(f"{what}: {shown}", own=True, maybe_paid=True)


def _count(usage: Any, name: str) -> int | None:
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if type(value) is int and 0 <= value < MOST_TOKENS else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
