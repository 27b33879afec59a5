"""Two answers with verdicts on their safety, its severity and their helpfulness, in the columns of PKU-SafeRLHF."""

from collections.abc import Iterator, Mapping
from typing import Literal

from sources.command.printable import shown
from sources.layouts.layout import NoPairError, Row

PreferredBy = Literal["safe", "severity", "helpful"]
"""The one safe answer; the one whose harm is less severe; of two safe answers the more helpful one."""

BOTH = ("0", "1")


def better_answer(row: Row, preferred_by: PreferredBy) -> int:
    """Which answer is chosen, 0 or 1.

    Raises:
        NoPairError: by this measure none is better.
    """
    safe = [row[f"is_response_{side}_safe"] for side in BOTH]
    if preferred_by == "severity":
        levels = [row[f"response_{side}_severity_level"] for side in BOTH]
        if levels[0] == levels[1]:
            raise NoPairError("tie", f"the severity levels are {levels[0]} and {levels[1]}")
        return int(levels[1] < levels[0])
    both_wanted = preferred_by == "helpful"
    if (safe[0] == safe[1]) != both_wanted or (both_wanted and not safe[0]):
        raise NoPairError(f"{('none', 'one', 'both')[sum(safe)]}_safe", f"preferred_by is {preferred_by}")
    better = row["better_response_id"] if both_wanted else safe.index(True)
    if better not in (0, 1):
        raise NoPairError("unknown_verdict", f"better_response_id is {shown(better)}, expected 0 or 1")
    return int(better)


def harm_tags(row: Row, worse: int) -> Iterator[str]:
    """What harm the rejected answer does, and whether it is the more helpful or the safer one."""
    harms = row.get(f"response_{worse}_harm_category")
    if isinstance(harms, Mapping):
        yield from (f"harm:{name}" for name, flagged in harms.items() if flagged is True)
    if row.get("better_response_id") == worse:
        yield "rejected_more_helpful"
    if row.get("safer_response_id") == worse:
        yield "rejected_safer"
