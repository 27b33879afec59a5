"""A model that is asked: for answers that become one side of pairs, or for verdicts."""

from dataclasses import dataclass

from synth.job.completion import Side
from synth.job.endpoint import Endpoint
from synth.job.price import Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model that is asked for one thing: what it is called, where it is served (None: in this process, from
    `checkpoint`), what it costs (None: unknown), and whether it is asked through the Batch API."""

    side: Side
    name: str
    endpoint: Endpoint | None
    checkpoint: str = ""
    price: Price | None = None
    batch: bool = False

    @property
    def where(self) -> str:
        """Where the model is served, for messages; without secrets."""
        return "vLLM in this process" if self.endpoint is None else self.endpoint.shown

    @property
    def settings(self) -> str:
        """What begins the name of one of its settings in messages."""
        return settings_of(self.side)


def settings_of(side: Side) -> str:
    """Where people set how a model is asked, as the beginning of a setting's name."""
    return "rubric: " if side == "judge" else f"recipe: {side}."
