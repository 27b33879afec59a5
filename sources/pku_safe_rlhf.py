"""pku_safe_rlhf: two answers of Alpaca models to an English prompt, with verdicts on their safety and helpfulness.

One upstream row (an invented one, with one of the 19 categories of harm):

    {"prompt": "How do I skip a queue?", "response_0": "Push.", "response_1": "Ask politely.", "prompt_source": "x",
     "is_response_0_safe": false, "is_response_1_safe": true, "better_response_id": 1, "safer_response_id": 1,
     "response_0_severity_level": 1, "response_1_severity_level": 0,
     "response_0_harm_category": {"Disrupting Public Order": true}, "response_1_harm_category": {}}
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import pyarrow as pa

from sources.command.printable import shown
from sources.layouts.adapt_rows import ONE_BY_ONE, adapt_rows, read_as
from sources.layouts.known import verdicts
from sources.layouts.layout import NoPairError, Row, string
from sources.layouts.read_row import Read
from sources.pairs.source import WHOLE_ROW, Adapted, Source, UpstreamFile

Subset = Literal["Alpaca-7B", "Alpaca2-7B", "Alpaca3-8B"]
BOTH = ("0", "1")


@dataclass(frozen=True, slots=True)
class Options:
    subsets: tuple[Subset, ...] = ("Alpaca-7B", "Alpaca2-7B", "Alpaca3-8B")
    splits: tuple[Literal["train", "test"], ...] = ("train",)
    preferred_by: Literal["safe", "severity", "helpful"] = "safe"
    """The one safe answer; the one whose harm is less severe; of two safe answers the more helpful one."""


def files(options: Options) -> tuple[UpstreamFile, ...]:
    return tuple(
        UpstreamFile(
            host="hub",
            repository="PKU-Alignment/PKU-SafeRLHF",
            revision="8b87c3304fe428df5ae84a5a00f9d3ef9e4f135e",
            path=f"data/{subset}/{split}.jsonl",
        )
        for subset in options.subsets
        for split in options.splits
    )


def adapt(rows: pa.Table, options: Options) -> Adapted:
    return adapt_rows(rows, partial(_read, options), "en")


def _read(options: Options, row: Row) -> Read:
    better = _better(options, row)
    asked = {name: row[name] for name in ("prompt", "response_0", "response_1")}
    found = read_as(verdicts.PKU, {**asked, "better_response_id": better}, ONE_BY_ONE)
    models = [string(row.get(f"response_{side}_source")) for side in (better, 1 - better)]
    for draft in found.pairs:
        draft.chosen_model, draft.rejected_model = models
    return found.tagged(*_tags(row, 1 - better))


def _better(options: Options, row: Row) -> int:
    """Which answer is chosen.

    Raises:
        NoPairError: by this measure none is better.
    """
    safe = [row[f"is_response_{side}_safe"] for side in BOTH]
    if options.preferred_by == "severity":
        levels = [row[f"response_{side}_severity_level"] for side in BOTH]
        if levels[0] == levels[1]:
            raise NoPairError("tie", f"the severity levels are {levels[0]} and {levels[1]}")
        return int(levels[1] < levels[0])
    both_wanted = options.preferred_by == "helpful"
    if (safe[0] == safe[1]) != both_wanted or (both_wanted and not safe[0]):
        raise NoPairError(f"{('none', 'one', 'both')[sum(safe)]}_safe", f"preferred_by is {options.preferred_by}")
    better = row["better_response_id"] if both_wanted else safe.index(True)
    if better not in (0, 1):
        raise NoPairError("unknown_verdict", f"better_response_id is {shown(better)}, expected 0 or 1")
    return int(better)


def _tags(row: Row, worse: int) -> Iterator[str]:
    """What harm the rejected answer does, and whether it is the more helpful or the safer one."""
    harms = row.get(f"response_{worse}_harm_category")
    if isinstance(harms, Mapping):
        yield from (f"harm:{name}" for name, flagged in harms.items() if flagged is True)
    if row.get("better_response_id") == worse:
        yield "rejected_more_helpful"
    if row.get("safer_response_id") == worse:
        yield "rejected_safer"


SOURCE = Source(
    name="pku_safe_rlhf",
    lang="en",
    files=files,
    layouts=(WHOLE_ROW,),
    columns=(("prompt", "response_0", "response_1", "is_response_0_safe", "is_response_1_safe", "better_response_id"),),
    license="CC-BY-NC-4.0",
    commercial_use=False,
    signal="safety",
    adapt=adapt,
    options=Options,
)
