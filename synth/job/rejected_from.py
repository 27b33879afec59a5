"""How the rejected answer comes to be worse: a weaker model, or a way to make a model answer worse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

if TYPE_CHECKING:
    from sources.pairs.schema import Signal
    from synth.job.template import Message

Worse = Literal["weaker", "smaller", "checkpoint", "hotter", "truncated", "off-topic"]
WAYS: Final = get_args(Worse)

TOLD: Final[dict[Worse, str]] = {
    "weaker": "",
    "smaller": "smaller model",
    "checkpoint": "earlier checkpoint",
    "hotter": "temperature {temperature:g}",
    "truncated": "asked the first half of the prompt",
    "off-topic": "asked another prompt",
}
"""What stands in brackets after the name of the model in `rejected_model`."""

MADE_WORSE: Final = ("hotter", "truncated", "off-topic")
"""Ways in which it is not a weaker model that answers."""


@dataclass(frozen=True, slots=True)
class RejectedFrom:
    """One way; `temperature` is that of `hotter`."""

    way: Worse = "weaker"
    temperature: float | None = None

    def name(self, model: str) -> str:
        """What `rejected_model` says of an answer of that model."""
        told = TOLD[self.way].format(temperature=self.temperature or 0.0)
        return f"{model} ({told})" if told else model

    @property
    def signal(self) -> Signal:
        """What the preference rests on: that a stronger model writes better, or that the answer was made worse."""
        return "degraded" if self.way in MADE_WORSE else "synthetic"

    def as_dict(self) -> dict[str, object]:
        """What the manifest says of it."""
        return {"way": self.way, "temperature": self.temperature}


def first_half(prompt: list[Message]) -> list[Message]:
    """The prompt with the first half of its last turn, by characters."""
    *before, last = prompt
    return [*before, {**last, "content": last["content"][: (len(last["content"]) + 1) // 2]}]
