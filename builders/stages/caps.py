"""How many pairs a source, and how many a prompt, may give; the choice goes by id, so it is the same in any order."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from builders.stages.found import Found, run_starts
from builders.stages.keys import Keys
from sources.text.codes import below_share


@dataclass(frozen=True, slots=True)
class Cap:
    """`share` keeps about that part of a source's pairs, `max_pairs_per_prompt` at most that many of each prompt,
    `max_pairs` at most that many of all."""

    share: Annotated[float, Field(ge=0.0, le=1.0)] = 1.0
    max_pairs: Annotated[int, Field(ge=0)] | None = None
    max_pairs_per_prompt: Annotated[int, Field(gt=0)] | None = None


def find_surplus(
    keys: Keys, alive: np.ndarray, caps: Mapping[int, Cap], max_pairs_per_prompt: int | None
) -> list[Found]:
    """The pairs beyond a source's share, beyond its number per prompt, beyond its cap, then beyond the number that all
    sources together may give of a prompt."""
    alive = alive.copy()
    found = []
    for source, cap in caps.items():
        rows = np.flatnonzero(alive & (keys.source == source))
        beyond = rows[~below_share(keys.ids[rows, 1], cap.share)]
        found.append(Found("beyond_share", beyond, note=f"share {cap.share:g}"))
        alive[beyond] = False
        if cap.max_pairs_per_prompt is not None:
            crowd = _over_pairs_per_prompt(keys, alive & (keys.source == source), cap.max_pairs_per_prompt)
            found.append(crowd)
            alive[crowd.rows] = False
        rows = np.flatnonzero(alive & (keys.source == source))
        surplus = rows[np.lexsort(keys.ids[rows].T[::-1])][cap.max_pairs :] if cap.max_pairs is not None else rows[:0]
        found.append(Found("over_cap", np.sort(surplus), note=f"cap {cap.max_pairs}"))
        alive[surplus] = False
    if max_pairs_per_prompt is not None:
        found.append(_over_pairs_per_prompt(keys, alive, max_pairs_per_prompt))
    return [part for part in found if len(part.rows)]


def _over_pairs_per_prompt(keys: Keys, alive: np.ndarray, most: int) -> Found:
    rows = np.flatnonzero(alive)
    rows = rows[np.lexsort((keys.ids[rows, 1], keys.ids[rows, 0], keys.sides[rows, 0]))]
    prompts = keys.sides[rows, 0]
    starts = run_starts(prompts)
    rank = np.arange(len(rows)) - np.repeat(starts, np.diff(np.append(starts, len(rows))))
    surplus = np.sort(rows[rank >= most])
    return Found("over_pairs_per_prompt", surplus, note=f"{most} per prompt")
