"""The log-probabilities in an answer, as far as a score is read from them: those of the tokens that hold a digit."""

import math
from typing import Any

import orjson

DIGITS = 4
"""Decimal places that are kept of a log-probability."""


def read_logprobs(choice: dict[str, Any], text: str) -> str:
    """JSON of the tokens with a digit, as `Beside.logprobs` has them; empty where the answer has no log-probabilities,
    or they are not those of its text."""
    logprobs = choice.get("logprobs")
    tokens = logprobs.get("content") if isinstance(logprobs, dict) else None
    if not isinstance(tokens, list) or not tokens:
        return ""
    try:
        spelled = [_bytes_of(token) for token in tokens]
        start = b"".join(spelled).rfind(text.encode())
        if start < 0:
            return ""
        found, at = [], -start
        for token, written in zip(tokens, spelled, strict=True):
            if at >= 0 and any(48 <= byte <= 57 for byte in written):
                found.append([at, token["token"], [_likely(each) for each in token["top_logprobs"]]])
            at += len(written)
        return orjson.dumps(found).decode()
    except (KeyError, TypeError, ValueError):
        return ""


def _bytes_of(token: dict[str, Any]) -> bytes:
    """What a token writes: its bytes where the server says them, since one token may hold half a character."""
    return bytes(token["bytes"]) if token.get("bytes") is not None else str(token["token"]).encode()


def _likely(token: dict[str, Any]) -> list[str | float]:
    value = float(token["logprob"])
    if math.isnan(value) or value > 1e-3:
        raise ValueError("no log-probability")
    return [str(token["token"]), round(max(value, -1e4), DIGITS)]
