"""What is being played: which models, which endpoints, how slowly."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

PLAIN_OPENAI: dict[str, Any] = {
    "owned_by": "openai",
    "version": None,
    "tokenize": False,
    "openapi": False,
    "batches": True,
}
"""Options under which the server looks like OpenAI's own, not like vLLM."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The defaults play vLLM 0.32 with one model that has a chat template.

    `delay_s`: before each completion, fixed or (low, high) drawn by the hash of the request.
    `hold_after`: completions after the first so many wait, until the server is told otherwise.
    `version`: None switches /version off, as False does for `tokenize`, `openapi` and `batches`.
    `batch_fail`, `batch_expire`: custom_ids, or substrings of prompts, whose lines fail with 400 or are not reached.
    `batch_invalid`: the validation error of every batch, or of the first `batch_invalid_times`.
    `says`: what is answered, made of the body of the request; for a server in this process.
    `likely`: the log-probabilities of what is answered, where the request wants them.
    `rewards`: what a reward model gives, made of the body of the request; without it there is none.
    `watch_for`: texts whose every occurrence in a request is reported. `log_max`: how many requests are logged.
    """

    models: Sequence[str] = ("played",)
    owned_by: str = "vllm"
    max_model_len: int = 4096
    key: str | None = None
    chat_template: bool = True
    thinking_switch: bool = False
    delay_s: float | Sequence[float] = 0.0
    hold_after: int | None = None
    says: Callable[[dict[str, Any]], str] | None = None
    likely: Callable[[dict[str, Any], str], list[dict[str, Any]]] | None = None
    rewards: Callable[[dict[str, Any]], float | list[float]] | None = None
    version: str | None = "0.32.0"
    tokenize: bool = True
    openapi: bool = True
    batches: bool = False
    batch_polls: int = 2
    batch_fail: Sequence[str] = ()
    batch_expire: Sequence[str] = ()
    batch_invalid: dict[str, Any] | None = None
    batch_invalid_times: int | None = None
    batch_shuffled: bool = False
    batch_max_lines: int = 50_000
    watch_for: Sequence[str] = ()
    log_max: int = 10_000
