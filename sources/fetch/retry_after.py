"""How long a server asks to wait: the header Retry-After, in seconds or as a date (RFC 9110, section 10.2.3)."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from math import isfinite
from time import time


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
        return max(0.0, parsedate_to_datetime(given or "").timestamp() - time())
    except (ValueError, OverflowError):
        return None
