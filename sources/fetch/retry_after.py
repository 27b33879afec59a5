"""Busy servers: how long they ask to wait (the header Retry-After, RFC 9110, section 10.2.3), and the waiting itself.

Each wait is logged by the logger `sources.fetch`; the commands show it.
"""

import logging
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from math import isfinite

BUSY = (429, 500, 502, 503, 504)
MAX_WAIT_S = 300.0
"""A server that asks for a longer wait is not waited for."""

LOGGER = logging.getLogger("sources.fetch")
LOGGER.addHandler(logging.NullHandler())


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, at least 0; None where the server says nothing that can be read.

    OpenAI's `retry-after-ms` comes first where it is given. `headers` finds names in lower case.
    """
    milliseconds, given = headers.get("retry-after-ms"), headers.get("retry-after")
    try:
        seconds = float(milliseconds) / 1000 if milliseconds else float(given or "")
        return max(0.0, seconds) if isfinite(seconds) else None
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(given or "").timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def asked_wait_s(error: BaseException | None) -> float | None:
    """The wait in seconds asked for in the answer that this error, or its cause, is about."""
    while error is not None:
        if (response := getattr(error, "response", None)) is not None:
            return retry_after_s(response.headers)
        error = error.__cause__
    return None


def wait(who: str, why: object, wait_s: float) -> None:
    """Wait for a busy server, and log it."""
    LOGGER.warning("%s is busy (%s); trying again in %.3g s", who, why, wait_s)
    time.sleep(wait_s)
