"""How fast a run asks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How many requests at once, and how failures are borne. Times are seconds."""

    concurrency: int = 64
    patience_s: float = 600.0
    max_attempts: int = 6
    first_wait_s: float = 0.5
    max_wait_s: float = 30.0
    poll_s: float = 30.0
