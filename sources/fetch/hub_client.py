"""The HTTP client of huggingface_hub as downloads and publishing use it: quiet, with a timeout, and patient as the Hub
asks."""

import logging
import math
import sys
from functools import cache
from typing import TYPE_CHECKING

from sources.fetch.retry_after import BUSY, LOGGER, MAX_WAIT_S, retry_after_s

if TYPE_CHECKING:
    import httpx2

TIMEOUT_S = 60.0
"""Of a call for which huggingface_hub sets none."""


@cache
def set_up_hub_client() -> None:
    """Let huggingface_hub use our client, log nothing but waits, and show progress bars only to a person."""
    from huggingface_hub import set_client_factory
    from huggingface_hub.utils.tqdm import disable_progress_bars

    set_client_factory(_client)
    if not sys.stderr.isatty():
        disable_progress_bars()
    logger = logging.getLogger("huggingface_hub")
    logger.handlers[:] = [_Waits()]
    logger.propagate = False
    logger.setLevel(logging.WARNING)


def _client() -> "httpx2.Client":
    from huggingface_hub.utils._http import default_client_factory

    client = default_client_factory()
    client.timeout = TIMEOUT_S
    client.event_hooks = {**client.event_hooks, "response": [_read_retry_after]}
    return client


def _read_retry_after(response: "httpx2.Response") -> None:
    """Put Retry-After into the whole seconds that huggingface_hub knows; it can read no date and waits however long.

    Raises:
        HfHubHTTPError: the Hub asks for too long a wait.
    """
    asked_s = retry_after_s(response.headers)
    if response.status_code not in BUSY or asked_s is None:
        return
    if asked_s > MAX_WAIT_S:
        from huggingface_hub.utils._http import hf_raise_for_status

        response.read()
        hf_raise_for_status(response)
    response.headers["retry-after"] = str(math.ceil(asked_s))


class _Waits(logging.Handler):
    """Passes on that huggingface_hub waits, and nothing else that it logs: URLs may be signed."""

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        if said.startswith(("Rate limited.", "Retrying in")):
            LOGGER.warning("the Hub is busy. %s", said)
