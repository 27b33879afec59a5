"""How a run asks: what every command that asks models is told alike."""

from dataclasses import dataclass, field

from synth.job.pace import Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSettings:
    """Options of the asking. `timeout_s` is seconds for one answer, `max_spend` dollars for the run; without `wait`
    batches are submitted and left; with `collect` nothing is asked. `retry_refused` and `forget_batches` give up what
    the journal says of refusals and open batches. With `allow_empty` a run goes on whose first answers are empty."""

    pace: Pace = field(default_factory=Pace)
    timeout_s: float = 600.0
    max_spend: float | None = None
    wait: bool = True
    collect: bool = False
    retry_refused: bool = False
    forget_batches: bool = False
    allow_empty: bool = False
