"""How many requests a run sends at once, and how long it retries."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Requests at once, and limits and waits for retries. Times are seconds."""

    concurrency: int = 64
    patience_s: float = 600.0
    max_attempts: int = 6
    first_wait_s: float = 0.5
    max_wait_s: float = 30.0
    poll_s: float = 30.0
