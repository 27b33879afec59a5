"""Counts of a run so far, and the display of them on stderr."""

import sys
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Literal

from synth.asking.budget import Budget
from synth.job.completion import Completion, Outcome

REFRESH_S = 0.25
LINE_EVERY_S = 30.0

Progress = Literal["bar", "lines", "off"]
"""What a run shows on stderr: a bar, a line now and then, or nothing."""


@dataclass(slots=True)
class Meter:
    """Counts of a run. `total` is how many answers there will be, `before` how many of them the journal had."""

    total: int
    budget: Budget
    before: int = 0
    asked: int = 0
    refused: int = 0
    given_up: int = 0
    retries: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    began: float | None = None
    ended: float | None = None

    @property
    def seconds(self) -> float:
        """Seconds since the start, or until the end."""
        if self.began is None:
            return 1e-9
        return max((self.ended or perf_counter()) - self.began, 1e-9)

    def start(self) -> None:
        """Start the clock, unless it runs already."""
        self.began = self.began or perf_counter()

    def count(self, outcome: Outcome | None) -> None:
        """Count a request that is over; None means that it was given up."""
        if outcome is None:
            self.given_up += 1
            return
        self.asked += 1
        if isinstance(outcome, Completion):
            self.prompt_tokens += outcome.prompt_tokens or 0
            self.completion_tokens += outcome.completion_tokens or 0
        else:
            self.refused += 1

    def line(self) -> str:
        """Rates, failures and money."""
        parts = [f"{self.asked / self.seconds:,.1f} req/s", f"{self.completion_tokens / self.seconds:,.0f} tok/s"]
        failed = self.refused + self.given_up
        parts += [f"{failed:,} failed"] * bool(failed)
        if self.budget.spent:
            limit = f" of {self.budget.limit:,.2f}" if self.budget.limit is not None else ""
            parts.append(f"${self.budget.spent:,.2f}{limit}")
        return ", ".join(parts)

    def summary(self, unit: str) -> str:
        """What was asked, at the end of a run; `unit` is what is counted, an answer, say."""
        if not self.asked:
            return f"nothing was asked: every {unit} was in the journal"
        retries = f", {self.retries:,} retries" if self.retries else ""
        return f"{self.asked:,} {unit}s in {self.seconds:,.1f} s ({self.line()}){retries}"

    def as_dict(self) -> dict[str, int | float]:
        """The counts at the end of a run, for --json."""
        return {
            "answers": self.asked,
            "from_journal": self.before,
            "refused": self.refused,
            "given_up": self.given_up,
            "retries": self.retries,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "seconds": round(self.seconds, 3),
            "dollars": round(self.budget.spent, 4),
        }


class Display:
    """The progress of a run on stderr, and the events that `note` is given: `command` is who says it, `unit` what is
    counted."""

    def __init__(self, meter: Meter, progress: Progress, *, command: str, unit: str) -> None:
        self._meter, self._progress = meter, progress
        self._command, self._unit = command, unit
        self._next = perf_counter() + LINE_EVERY_S * (progress == "lines")
        self._bar: Any = None
        if progress == "bar":
            from tqdm import tqdm

            self._bar = tqdm(
                total=meter.total,
                desc=unit,
                file=sys.stderr,
                dynamic_ncols=True,
                mininterval=REFRESH_S,
                leave=False,
                bar_format="{desc}: {percentage:3.0f}%|{bar}| {n:,}/{total:,} [{elapsed}<{remaining}{postfix}]",
            )

    def advance(self, count: int = 1) -> None:
        """Count requests that are over or need not be sent."""
        if self._bar is not None:
            self._bar.total = self._meter.total
            self._bar.update(count)
        if perf_counter() < self._next:
            return
        if self._bar is not None:
            self._next = perf_counter() + REFRESH_S
            self._bar.set_postfix_str(self._meter.line(), refresh=False)
        else:
            self._next = perf_counter() + LINE_EVERY_S
            done = self._meter.before + self._meter.asked
            self._say(f"{self._unit}: {done:,}/{self._meter.total:,}, {self._meter.line()}")

    def note(self, line: str) -> None:
        """Show an event as a line of its own, under the command's name."""
        self._say(f"{self._command}: {line}")

    def _say(self, line: str) -> None:
        if self._bar is not None:
            self._bar.write(line, file=sys.stderr)
        elif self._progress != "off":
            sys.stderr.write(line + "\n")
            sys.stderr.flush()

    def close(self) -> None:
        """Remove the bar and stop the clock."""
        self._meter.ended = perf_counter()
        if self._bar is not None:
            self._bar.close()
