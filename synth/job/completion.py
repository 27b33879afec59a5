"""Requests to a model and their outcomes."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, Literal

import orjson

from synth.job.rejected_from import first_half
from synth.job.template import Message, Template

Side = Literal["chosen", "rejected", "candidate", "judge", "reward"]
"""What a model is asked for: an answer that becomes a side of a pair, or may become one, a verdict on answers, or a
reward for one."""

Api = Literal["completions", "chat", "pooling", "classify"]
"""The interface of a request; the last two are vLLM's for models that give numbers in place of texts."""

PATHS: dict[Api, str] = {
    "completions": "/completions",
    "chat": "/chat/completions",
    "pooling": "/pooling",
    "classify": "/classify",
}
GIVES_NUMBERS: Final = ("pooling", "classify")
KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """A request. `key` is the hash of everything that determines the answer, so that no answer is paid for twice."""

    key: bytes
    side: Side
    api: Api
    body: dict[str, Any]

    @property
    def max_tokens(self) -> int:
        """The most tokens of an answer; 0 where it is a number."""
        if self.api in GIVES_NUMBERS:
            return 0
        return int(self.body.get("max_tokens") or self.body["max_completion_tokens"])

    @property
    def prompt_bytes(self) -> int:
        """The size of the prompt in UTF-8: no tokenizer makes more tokens of it."""
        text = self.body.get("prompt") or "".join(message["content"] for message in self.body.get("messages", ()))
        return len(text.encode())


@dataclass(frozen=True, slots=True)
class Beside:
    """What a server said beside the text of an answer: its reasoning, its words of refusal, the tools that it would
    call, and the kinds of content that are no text.

    `logprobs` is JSON of the tokens that hold a digit, where the request asked for log-probabilities: for each the byte
    of the text at which it starts, the token, and the tokens that could have stood there with their log-probabilities.
    """

    reasoning: str = ""
    refusal: str = ""
    tools: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    logprobs: str = ""


NOTHING_BESIDE = Beside()


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's answer. finish_reason "length" means that it was cut; token counts are the server's."""

    text: str
    finish_reason: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    beside: Beside = NOTHING_BESIDE


@dataclass(frozen=True, slots=True)
class Refusal:
    """The server refused the request for good: HTTP status and message."""

    status: int
    message: str


Outcome = Completion | Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Makes the requests of one side from prompts; they are the same in every run."""

    side: Side
    model: str
    api: Api
    template: Template | None
    sampling: dict[str, Any]
    seed: int
    send_seed: bool
    answers: int = 1
    asks_half: bool = False

    def request(self, prompt: list[Message], index: int) -> CompletionRequest:
        """The request for answer number `index` to a prompt; with `asks_half` to the first half of it."""
        prompt = first_half(prompt) if self.asks_half else prompt
        body: dict[str, Any] = {"model": self.model, **self.sampling}
        if self.api == "completions":
            assert self.template is not None
            body["prompt"] = self.template.render(prompt)
            body["stop"] = [*_as_list(self.sampling.get("stop")), *self.template.stop]
        else:
            body["messages"] = prompt
        if self.send_seed and self.sampling.get("temperature") != 0:
            body["seed"] = self._seed_of(prompt, index)
        determines = {"api": self.api, "index": index, "template": self.template and self.template.sha256, "body": body}
        spelled = orjson.dumps(determines, option=orjson.OPT_SORT_KEYS)
        return CompletionRequest(blake2b(spelled, digest_size=KEY_BYTES).digest(), self.side, self.api, body)

    def _seed_of(self, prompt: list[Message], index: int) -> int:
        """A seed of its own for each answer, whatever else is in the run."""
        digest = blake2b(orjson.dumps([self.seed, index, prompt], option=orjson.OPT_SORT_KEYS), digest_size=4)
        return int.from_bytes(digest.digest()) & 0x7FFFFFFF


def _as_list(stop: object) -> list[str]:
    return [] if stop is None else [stop] if isinstance(stop, str) else list(stop)  # type: ignore[call-overload]
