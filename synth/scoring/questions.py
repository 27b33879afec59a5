"""What a judge or a reward model is asked about answers: each once, and a judge once more where it was not clear."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, Protocol

import orjson

from synth.asking.work import Find, Way
from synth.job.completion import KEY_BYTES, Api, Completion, CompletionRequest, Outcome
from synth.job.template import Message
from synth.judging.spoken import Unreadable
from synth.scoring.domains import Domains
from synth.scoring.expected import Expected, expected_scores
from synth.scoring.groups import Answer, Group, Groups
from synth.scoring.read_score import read_number, read_scores
from synth.scoring.rubric import ScoreRubric

TOP_LOGPROBS: Final = 20
"""Of each token: as many as OpenAI and vLLM give at most."""


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of one answer by aspect, and the expected ones where log-probabilities gave them. A reward model has
    one aspect, `reward`."""

    printed: dict[str, float]
    expected: dict[str, Expected]


class Scorer(Way, Protocol):
    """A way to ask for scores."""

    @property
    def groups(self) -> Groups: ...

    @property
    def model(self) -> str: ...

    def ask(self, group: Group, answer: Answer) -> CompletionRequest:
        """The question about one answer."""

    def ask_again(
        self, group: Group, request: CompletionRequest, outcome: Outcome | None, /
    ) -> CompletionRequest | None:
        """The second question, after an answer to the first that cannot be read; None where none is called for."""

    def read(self, group: Group, said: Completion, /) -> Scores | Unreadable:
        """The scores in an answer to a question."""

    def figures(self) -> dict[str, object]:
        """How it asks, for the manifest."""


def every_request(scorer: Scorer) -> Iterator[CompletionRequest]:
    """The question about each answer; equal answers to equal prompts give equal ones."""
    for part in scorer.groups.parts():
        for group in part:
            for answer in group.answers:
                yield scorer.ask(group, answer)


@dataclass(frozen=True, slots=True)
class Pointwise:
    """The questions to one judge by rubrics, with structured output and log-probabilities or without."""

    groups: Groups
    domains: Domains
    model: str
    structured: bool
    logprobs: bool

    @property
    def api(self) -> Api:
        return "chat"

    @property
    def shown(self) -> str:
        structured = "structured output" if self.structured else "no structured output"
        return f"chat, {structured}, {'log-probabilities' if self.logprobs else 'no log-probabilities'}"

    def __len__(self) -> int:
        return self.groups.answers

    def requests(self) -> Iterator[CompletionRequest]:
        return every_request(self)

    def again(self, find: Find, /) -> Iterator[CompletionRequest]:
        """The second question for each answer that cannot be read for certain."""
        for part in self.groups.parts():
            asked = [(group, self.ask(group, answer)) for group in part for answer in group.answers]
            found = find(request.key for _, request in asked)
            for group, request in asked:
                second = self.ask_again(group, request, found.get(request.key))
                if second is not None:
                    yield second

    def ask(self, group: Group, answer: Answer) -> CompletionRequest:
        rubric = self._rubric(group)
        return self._request(rubric, rubric.ask(group.prompt, answer.text))

    def ask_again(self, group: Group, request: CompletionRequest, outcome: Outcome | None) -> CompletionRequest | None:
        if not isinstance(outcome, Completion) or not isinstance(self.read(group, outcome), Unreadable):
            return None
        rubric = self._rubric(group)
        said = [{"role": "assistant", "content": outcome.text}] if outcome.text.strip() else []
        return self._request(rubric, [*request.body["messages"], *said, rubric.ask_again()])

    def read(self, group: Group, said: Completion) -> Scores | Unreadable:
        rubric = self._rubric(group)
        scores = read_scores(said.text, said.finish_reason, rubric)
        if isinstance(scores, Unreadable):
            return scores
        printed = {name: float(score) for name, score in scores.items()}
        return Scores(printed, expected_scores(said.text, said.beside.logprobs, scores, rubric))

    def figures(self) -> dict[str, object]:
        return {"kind": "pointwise", "structured_output": self.structured, "logprobs": self.logprobs}

    def _rubric(self, group: Group) -> ScoreRubric:
        return self.domains.rubrics[self.domains.name(group.source, group.domain)]

    def _request(self, rubric: ScoreRubric, messages: list[Message]) -> CompletionRequest:
        body: dict[str, Any] = {"model": self.model, **rubric.sampling, "messages": messages}
        if rubric.structured == "on" or (rubric.structured == "auto" and self.structured):
            body["response_format"] = rubric.response_format
        if rubric.logprobs == "on" or (rubric.logprobs == "auto" and self.logprobs and rubric.scale.is_prefix_free):
            body |= {"logprobs": True, "top_logprobs": TOP_LOGPROBS}
        return CompletionRequest(_key("pointwise", body), "judge", self.api, body)


@dataclass(frozen=True, slots=True)
class Rewarding:
    """The questions to one reward model: the conversation with the answer as its last turn, by the model's own chat
    template. `raw` is the option by which the server gives the number itself, not one between 0 and 1."""

    groups: Groups
    model: str
    api: Api
    raw: str

    @property
    def shown(self) -> str:
        return f"/{self.api}, the raw number ({self.raw}: false)"

    def __len__(self) -> int:
        return self.groups.answers

    def requests(self) -> Iterator[CompletionRequest]:
        return every_request(self)

    def again(self, _find: Find, /) -> Iterator[CompletionRequest]:
        """None: the same number would come again."""
        return iter(())

    def ask(self, group: Group, answer: Answer) -> CompletionRequest:
        messages = [*group.prompt, {"role": "assistant", "content": answer.text}]
        body = {"model": self.model, "messages": messages, self.raw: False}
        return CompletionRequest(_key(self.api, body), "reward", self.api, body)

    def ask_again(
        self, _group: Group, _request: CompletionRequest, _outcome: Outcome | None, /
    ) -> CompletionRequest | None:
        return None

    def read(self, _group: Group, said: Completion, /) -> Scores | Unreadable:
        number = read_number(said.text)
        return number if isinstance(number, Unreadable) else Scores({"reward": number}, {})

    def figures(self) -> dict[str, object]:
        return {"kind": "reward", "interface": f"/{self.api}", "raw": f"{self.raw}: false"}


def _key(kind: str, body: dict[str, Any]) -> bytes:
    spelled = orjson.dumps({"judge": kind, "body": body}, option=orjson.OPT_SORT_KEYS)
    return blake2b(spelled, digest_size=KEY_BYTES).digest()


REWARD_WAYS: Final[tuple[tuple[Api, str], ...]] = (
    ("pooling", "use_activation"),
    ("classify", "use_activation"),
    ("pooling", "activation"),
    ("classify", "activation"),
)
"""Interfaces of vLLM and their option for the raw number, today's first."""
