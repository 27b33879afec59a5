"""The accounts of a build: every upstream row and every pair, by source, with what became of it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from sources.command.errors import AccountingError

Reason = tuple[str, str]
"""(stage, reason)."""


@dataclass(slots=True)
class Account:
    """One source of a build. `unused` counts the rows in which a column was not used, `layouts` those of each layout of
    data of one's own, `reasoning` the answers of each side that came with reasoning."""

    source: str
    lang: str
    license: str
    rows_read: int = 0
    rows_used: int = 0
    skipped: Counter[Reason] = field(default_factory=Counter)
    pairs_made: int = 0
    dropped: Counter[Reason] = field(default_factory=Counter)
    train: int = 0
    test: int = 0
    repairs: Counter[str] = field(default_factory=Counter)
    tags: Counter[str] = field(default_factory=Counter)
    unused: Counter[str] = field(default_factory=Counter)
    layouts: Counter[str] = field(default_factory=Counter)
    reasoning: Counter[str] = field(default_factory=Counter)
    judged: int = 0

    @property
    def written(self) -> int:
        return self.train + self.test

    def expect(self, what: str, total: int, found: int) -> None:
        """Nothing, if the two numbers are equal.

        Raises:
            AccountingError: they are not.
        """
        if total != found:
            raise AccountingError(
                self.source, f"{total:,} {what}, but {found:,} found", hint="Please report this; nothing was written."
            )

    def check(self) -> None:
        """Nothing, if rows read = used + skipped, and pairs made = written + dropped.

        Raises:
            AccountingError: one is not. That is a fault of this program, whatever the input.
        """
        self.expect("rows read", self.rows_read, self.rows_used + self.skipped.total())
        self.expect("pairs made", self.pairs_made, self.written + self.dropped.total())

    def remarks(self) -> list[tuple[str, str]]:
        """(what, words) of what a reader of the numbers should know: columns that were not used, several
        layouts, reasoning, verdicts of a judge."""
        found = []
        if self.unused:
            found.append(("not used", f"{self.source}: {_shares(self.unused, self.rows_read)}"))
        if len(self.layouts) > 1:
            found.append(("layouts", f"{self.source}: {_shares(self.layouts, self.rows_read)}"))
        if self.reasoning and self.pairs_made:
            chosen, rejected = (self.reasoning[side] / self.pairs_made for side in ("chosen", "rejected"))
            found.append(
                ("reasoning", f"{self.source}: with {chosen:.1%} of chosen and {rejected:.1%} of rejected answers")
            )
        if self.judged:
            found.append(("judged", f"{self.source}: a verdict on {self.judged:,} of {self.pairs_made:,} pairs made"))
        return found

    def as_dict(self) -> dict[str, object]:
        """Plain numbers for the manifest."""
        return {
            "source": self.source,
            "license": self.license,
            "rows_read": self.rows_read,
            "rows_used": self.rows_used,
            "rows_skipped": _by_stage(self.skipped),
            "pairs_made": self.pairs_made,
            "pairs_dropped": _by_stage(self.dropped),
            "train": self.train,
            "test": self.test,
            "repairs": dict(sorted(self.repairs.items())),
            "tags": dict(sorted(self.tags.items())),
            **({"columns_not_used": dict(sorted(self.unused.items()))} if self.unused else {}),
            **({"layouts": dict(sorted(self.layouts.items()))} if len(self.layouts) > 1 else {}),
            **({"answers_with_reasoning": dict(sorted(self.reasoning.items()))} if self.reasoning else {}),
            **({"pairs_with_verdict": self.judged} if self.judged else {}),
        }


def total(accounts: Iterable[Account], lang: str) -> Account:
    """The sum of some accounts."""
    result = Account("total", lang, "")
    for account in accounts:
        for name in ("rows_read", "rows_used", "pairs_made", "train", "test", "judged"):
            setattr(result, name, getattr(result, name) + getattr(account, name))
        for name in ("skipped", "dropped", "repairs", "tags", "unused", "layouts", "reasoning"):
            getattr(result, name).update(getattr(account, name))
    return result


def _shares(counts: Counter[str], rows: int) -> str:
    """Each name with its share of the rows, the most frequent first."""
    named = [(name or "(empty)", count) for name, count in counts.items()]
    ordered = sorted(named, key=lambda each: (-each[1], each[0]))
    return ", ".join(name if count == rows else f"{name} ({_share(count / rows)})" for name, count in ordered)


def _share(part: float) -> str:
    return f"{part:.1%} of rows" if part >= 0.001 else "<0.1% of rows"


def _by_stage(counts: Counter[Reason]) -> dict[str, dict[str, int]]:
    stages: dict[str, dict[str, int]] = {}
    for (stage, reason), count in sorted(counts.items()):
        if count:
            stages.setdefault(stage, {})[reason] = count
    return stages
