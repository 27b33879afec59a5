"""Answers in which a model is caught in a loop: the same characters, phrase, sentence or line over and over."""

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa

from sources.checks.check import CheckLimits, Hits, matches
from sources.command.printable import printable
from sources.pairs.schema import SIDES
from sources.text.codes import owners
from sources.text.texts import PairTexts

PROBES = (0.5, 1.0)
"""A loop that fills the middle of an answer, or its end, has an n-gram at one of these places many times."""

MIN_TIMES, MIN_LONG_TIMES, LONG_UNIT = 8, 4, 12
"""How often a unit must follow itself; a unit of LONG_UNIT characters says more than a word."""

MIN_LOOP_CHARS, MIN_LOOP_SHARE = 40, 0.2
MAX_UNIT, MAX_READ = 160, 6000

LOOP = re.compile(rf"(.{{1,{MAX_UNIT}}}?)\1{{3,}}", re.DOTALL)
LETTER = re.compile(r"[^\W\d_]")
SOUND = re.compile(r"[哈呵嘿嘻啊呜咚滴答叮当汪喵咩啦~～hae]+", re.IGNORECASE)
COUNTED = re.compile(r"\d+|[①-⑳]|(?<=第)[一二三四五六七八九十百]+")
ASKS_TO_REPEAT = (
    r"(?i)重复|反复|[0-9一二三四五六七八九十百千两]+\s?(?:遍|次|个字|行)|绕口令|歌词|"
    r"repeat|\btimes\b|over and over|lyrics|chant|loop"
)


@dataclass(frozen=True, slots=True)
class Loop:
    """What is said, how often, and whether that is the end of the text."""

    unit: str
    times: int
    at_end: bool


def repetition(texts: PairTexts, limits: CheckLimits) -> Hits:
    """An answer repeats a piece of itself, right behind itself, many times; no prompt asked for that."""
    found = loops(texts)
    rows = sorted({text // 3 for text in found})
    asked = {rows[at] for at in matches(texts.prompt.take(pa.array(rows, pa.int64())), ASKS_TO_REPEAT).tolist()}
    hits: Hits = {}
    for text, loop in found.items():
        if text // 3 not in asked:
            said = f"{SIDES[text % 3]} repeats {printable(loop.unit, max_chars=24)} {loop.times} times"
            hits.setdefault(text // 3, said)
    return hits


@lru_cache(maxsize=1)
def loops(texts: PairTexts) -> dict[int, Loop]:
    """The answers (by number of the text) that are caught in a loop."""
    suspects = _suspects(texts)
    found = zip(suspects.tolist(), texts.strings.take(pa.array(suspects)).to_pylist(), strict=True)
    return {text: loop for text, whole in found if (loop := find_loop(whole))}


def _suspects(texts: PairTexts) -> np.ndarray:
    """The answers in which an n-gram at one of the probes stands at least MIN_LONG_TIMES."""
    tokens, lengths = texts.tokens, np.diff(texts.tokens.offsets)
    answers = np.flatnonzero((lengths >= MIN_LOOP_CHARS // 2) & (np.arange(len(lengths)) % 3 > 0))
    halves = tokens.flat.view(np.uint32)[::2]
    found = [np.empty(0, np.int64)]
    for probe in PROBES:
        wanted = np.zeros(len(lengths), np.uint32)
        at = tokens.offsets[answers] + ((lengths[answers] - 1) * probe).astype(np.int64)
        wanted[answers] = halves[at]
        same = owners(tokens.offsets, np.flatnonzero(halves == np.repeat(wanted, lengths)))
        found.append(np.flatnonzero(np.bincount(same, minlength=len(lengths)) >= MIN_LONG_TIMES))
    return np.intersect1d(np.unique(np.concatenate(found)), answers)


def find_loop(text: str) -> Loop | None:
    """The piece that a text is caught in, and how often it says it; numbers that count along do not count."""
    plain = " ".join(COUNTED.sub("", text[-MAX_READ:]).split())
    for loop in LOOP.finditer(plain):
        unit, whole = loop[1], loop[0]
        times = len(whole) // len(unit)
        enough = MIN_LONG_TIMES if len(unit) >= LONG_UNIT else MIN_TIMES
        if times < enough or len(whole) < max(MIN_LOOP_CHARS, MIN_LOOP_SHARE * len(plain)):
            continue
        letters = "".join(LETTER.findall(unit))
        if letters and len(letters) >= 0.4 * len(unit) and not SOUND.fullmatch(letters):
            return Loop(unit.strip(), times, at_end=len(plain) - loop.end() < len(unit))
    return None
