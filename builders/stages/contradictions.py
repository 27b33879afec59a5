"""Contradictions: the same prompt with the same two answers, or nearly the same, once one way round and once the other;
or answers in a circle, A over B, B over C and C over A.

What counts as the same text is decided where the keys are made: `PairTexts.keys` in sources/text/texts.py.
"""

from collections import defaultdict

import numpy as np

from builders.stages.found import Found, TextReader, run_starts
from builders.stages.keys import Keys, pair_hashes
from builders.stages.near_contradictions import find_near_contradictions
from sources.text.codes import mix


def find_contradictions(
    keys: Keys, alive: np.ndarray, read_texts: TextReader, threshold: float, workers: int
) -> list[Found]:
    """Both pairs of every contradiction, each the other's twin; then those of every near contradiction; then the pairs
    of every circle that is left, each with the next of its circle. A ranking A > B > C contradicts nothing."""
    swapped = _swapped(keys, alive)
    near = find_near_contradictions(keys, alive, read_texts, threshold, workers).without(swapped.rows)
    left = alive.copy()
    left[swapped.rows] = left[near.rows] = False
    return [swapped, near, _circles(keys, left)]


def _swapped(keys: Keys, alive: np.ndarray) -> Found:
    rows = np.flatnonzero(alive)
    sides = keys.sides[rows]
    forward, backward = pair_hashes(sides), pair_hashes(sides[:, [0, 2, 1]])
    order = np.argsort(forward, kind="stable")
    place = np.searchsorted(forward[order], backward)
    twin = order[np.minimum(place, len(rows) - 1)] if len(rows) else place
    swapped = (sides[twin][:, [0, 2, 1]] == sides).all(axis=1) if len(rows) else np.empty(0, bool)
    swapped &= sides[:, 1] != sides[:, 2]
    return Found("contradiction", rows[swapped], rows[twin[swapped]])


def _circles(keys: Keys, alive: np.ndarray) -> Found:
    """The pairs whose rejected answer is, by other pairs of the same prompt, better than their chosen one."""
    rows = _of_prompts_with(3, keys, np.flatnonzero(alive))
    prompts, answers = keys.sides[rows, 0], keys.sides[rows, 1:]
    better, worse = (mix(mix(prompts) + answer) for answer in answers.T)
    rows, better, worse = (part[better != worse] for part in (rows, better, worse))
    while True:  # an answer that nothing beats, or that beats nothing, is in no circle
        inside = np.isin(better, worse) & np.isin(worse, better)
        if inside.all():
            break
        rows, better, worse = rows[inside], better[inside], worse[inside]
    beats: dict[int, list[int]] = defaultdict(list)
    for place, answer in enumerate(better.tolist()):
        beats[answer].append(place)
    ends = worse.tolist()
    twins = {place: _next_in_circle(place, beats, better.tolist(), ends) for place in range(len(rows))}
    found = [(place, twin) for place, twin in twins.items() if twin is not None]
    places, following = np.array(found, np.int64).reshape(-1, 2).T
    return Found("preference_cycle", rows[places], rows[following])


def _of_prompts_with(least: int, keys: Keys, rows: np.ndarray) -> np.ndarray:
    """The rows of prompts that have at least so many of the rows: a circle takes three pairs."""
    order = np.argsort(keys.sides[rows, 0], kind="stable")
    starts = run_starts(keys.sides[rows[order], 0])
    sizes = np.diff(np.append(starts, len(rows)))
    return np.sort(rows[order[np.repeat(sizes >= least, sizes)]])


def _next_in_circle(start: int, beats: dict[int, list[int]], better: list[int], worse: list[int]) -> int | None:
    """The pair by which a way leads from what `start` rejects back to what it chooses; None if there is no way."""
    for first in beats[worse[start]]:
        seen, waiting = {worse[start]}, [worse[first]]
        while waiting:
            answer = waiting.pop()
            if answer == better[start]:
                return first
            if answer not in seen:
                seen.add(answer)
                waiting += [worse[place] for place in beats[answer]]
    return None
