"""Failures of one request by what to do next: record it, retry, or end the run. Callers turn them into PrefsErrors."""

import re
from dataclasses import dataclass

from sources.command.printable import printable

REFUSED = (400, 413, 422)
"""Statuses that mean the request itself is wrong: it is recorded and never sent again."""

HOPELESS = {
    401: "Is the key right?",
    403: "Is the key allowed to use this model?",
    404: "Are URL and model right? Most servers want a URL that ends with /v1.",
}
"""Statuses after which the run ends: the key, the model or the URL is wrong."""

AWAY = (429, 502, 503, 504)
"""Statuses of a server that is busy or down: the run waits for it."""


class RequestError(Exception):
    """A request without an answer."""


@dataclass(slots=True)
class RefusedError(RequestError):
    """The server refuses this request for good."""

    status: int
    message: str


@dataclass(slots=True)
class RetryError(RequestError):
    """The request may be answered later. `own`: the request itself may be the cause, so retries are limited.

    `maybe_paid`: it was sent, and the server may have answered and charged for it. `slow`: the server is there, but has
    no time for it now.
    """

    message: str
    own: bool = False
    retry_after_s: float | None = None
    maybe_paid: bool = False
    busy: bool = False
    slow: bool = False


@dataclass(slots=True)
class HopelessError(RequestError):
    """No request of this run will be answered."""

    message: str
    hint: str


def from_status(status: int, body: object, retry_after_s: float | None) -> RequestError:
    """The failure for an HTTP status and the body of its answer."""
    message, code = said_by(body)
    shown = f"HTTP {status}: {message}" if message else f"HTTP {status}"
    if code == "insufficient_quota":
        return HopelessError(shown, "The account has no credit left; what was answered is kept.")
    if status in REFUSED:
        return RefusedError(status, message or shown)
    if status in HOPELESS:
        return HopelessError(shown, HOPELESS[status])
    if status in AWAY:
        return RetryError(shown, retry_after_s=retry_after_s, busy=status == 429, slow=True)
    if status in (408, 409) or status >= 500:
        return RetryError(shown, own=True, retry_after_s=retry_after_s)
    return HopelessError(shown, "This program does not handle this status code.")


def said_by(body: object) -> tuple[str, str]:
    """The message and the code of an error body, in the shapes that servers use."""
    if isinstance(body, dict):
        error = body.get("error", body)
        if isinstance(error, dict):
            text = error.get("message") or error.get("detail") or ""
            return shorten(text if isinstance(text, str) else repr(text)), str(error.get("code") or "")
        if isinstance(error, str):
            return shorten(error), ""
    return (shorten(body), "") if isinstance(body, str) else ("", "")


def shorten(text: str) -> str:
    """A message fit for one line, a page of HTML by its title."""
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    if title or text.lstrip()[:1] == "<":
        text = f"a page of HTML{': ' + title[1].strip() if title else ''}"
    return printable(text.strip(), max_chars=300)
