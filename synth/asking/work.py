"""What a run asks of which models: the seam between the commands and the asking."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from synth.job.asking import AskSettings
from synth.job.completion import Api, CompletionRequest, Outcome
from synth.job.model import Model

Find = Callable[[Iterable[bytes]], dict[bytes, Outcome]]
"""The outcomes that the journal has of these keys."""


class Way(Protocol):
    """One way to ask a model: always the same requests in the same order. Its length is how many there are, equal ones
    counted too."""

    @property
    def api(self) -> Api:
        """The interface of its requests."""

    @property
    def shown(self) -> str:
        """How it asks, in a few words."""

    def __len__(self) -> int: ...

    def requests(self) -> Iterator[CompletionRequest]:
        """Every request."""

    def again(self, find: Find, /) -> Iterator[CompletionRequest]:
        """The requests that the outcomes of the others call for, once these are over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What one run asks. `ways` are, for each model, the ways that it may be asked; where there are several, the
    journal or the model's server says which. `command` and `unit` (answers, say) are for messages; `vllm` are the
    arguments of vLLM in this process."""

    command: str
    unit: str
    ways: dict[Model, Sequence[Way]]
    settings: AskSettings = field(default_factory=AskSettings)
    vllm: Mapping[str, Any] = field(default_factory=dict)

    @property
    def models(self) -> list[Model]:
        """The models that are asked."""
        return list(self.ways)
