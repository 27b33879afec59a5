"""What a judge is asked about pairs: both orders of each, and once more where the verdict could not be read."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, Literal

import orjson

from synth.asking.work import Find
from synth.job.completion import KEY_BYTES, Api, Completion, CompletionRequest, Outcome
from synth.job.template import Message
from synth.judging.pairs import Pairs
from synth.judging.rubric import Rubric
from synth.judging.spoken import Unreadable
from synth.judging.verdict import RESPONSE_FORMAT, read_verdict

First = Literal["chosen", "rejected"]
"""Which answer of a pair is shown first, as A."""

ORDERS: Final[tuple[First, First]] = ("chosen", "rejected")


@dataclass(frozen=True, slots=True)
class Judging:
    """The questions to one judge about all pairs, with structured output or without."""

    pairs: Pairs
    rubric: Rubric
    model: str
    structured: bool

    @property
    def api(self) -> Api:
        return "chat"

    @property
    def shown(self) -> str:
        return "chat, structured output" if self.structured else "chat, no structured output"

    def __len__(self) -> int:
        return len(self.pairs) * len(ORDERS)

    def requests(self) -> Iterator[CompletionRequest]:
        """Both orders of each pair, one after the other, so that the server still knows how they begin."""
        for part in self.pairs.parts():
            for pair in part:
                for first in ORDERS:
                    yield self.ask(pair, first)

    def again(self, find: Find, /) -> Iterator[CompletionRequest]:
        """The second question for each answer that cannot be read for certain."""
        for part in self.pairs.parts():
            asked = [self.ask(pair, first) for pair in part for first in ORDERS]
            found = find(request.key for request in asked)
            for request in asked:
                second = self.ask_again(request, found.get(request.key))
                if second is not None:
                    yield second

    def ask(self, pair: dict[str, Any], first: First) -> CompletionRequest:
        """The question about a pair (a row of SPOOLED) in one order."""
        second = ORDERS[1 - ORDERS.index(first)]
        return self._request(self.rubric.ask(pair["prompt"], pair[first], pair[second]))

    def ask_again(self, request: CompletionRequest, outcome: Outcome | None) -> CompletionRequest | None:
        """The second question, after an answer to the first that cannot be read; None where none is called for."""
        if not isinstance(outcome, Completion):
            return None
        if not isinstance(read_verdict(outcome.text, outcome.finish_reason), Unreadable):
            return None
        said = [{"role": "assistant", "content": outcome.text}] if outcome.text.strip() else []
        asked = {"role": "user", "content": self.rubric.again.strip()}
        return self._request([*request.body["messages"], *said, asked])

    def _request(self, messages: list[Message]) -> CompletionRequest:
        body: dict[str, Any] = {"model": self.model, **self.rubric.sampling, "messages": messages}
        if self.structured:
            body["response_format"] = RESPONSE_FORMAT
        spelled = orjson.dumps({"judge": "pairwise", "body": body}, option=orjson.OPT_SORT_KEYS)
        return CompletionRequest(blake2b(spelled, digest_size=KEY_BYTES).digest(), "judge", self.api, body)
