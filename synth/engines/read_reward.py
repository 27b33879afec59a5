"""The number that a reward model gives to an answer, out of what vLLM's pooling interfaces return."""

from collections.abc import Callable
from typing import Any

from synth.engines.failures import HopelessError, RequestError
from synth.job.completion import Completion

MOST_TOKENS = 1 << 32


def read_reward(payload: Any, no_number: Callable[[], RequestError]) -> Completion:
    """The number, as text; `no_number` makes the failure for an answer without one.

    Raises:
        HopelessError: the model gives several numbers, so that it is no reward model.
        RequestError: there is no number in it.
    """
    try:
        item = payload["data"][0]
        values = _flat(item["data"] if "data" in item else item["probs"])
        usage = payload.get("usage") or {}
        tokens = usage.get("prompt_tokens")
    except (KeyError, IndexError, TypeError, AttributeError):
        raise no_number() from None
    if len(values) > 1:
        found = f"gives {len(values):,} numbers for an answer"
        raise HopelessError(found, "A reward model gives one: serve a *ForSequenceClassification with one label.")
    if not values or isinstance(values[0], bool) or not isinstance(values[0], int | float):
        raise no_number()
    return Completion(
        repr(float(values[0])), None, tokens if type(tokens) is int and 0 <= tokens < 1 << 32 else None, 0
    )


def _flat(value: Any) -> list[Any]:
    return [each for part in value for each in _flat(part)] if isinstance(value, list) else [value]
