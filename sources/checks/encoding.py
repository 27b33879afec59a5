"""Is the text what its author wrote: no broken encoding, no control characters."""

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from sources.checks.check import CheckLimits, Hits, quote
from sources.command.printable import printable
from sources.pairs.schema import SIDES
from sources.text.characters import Kind
from sources.text.charsets import MIN_STRANGE, MIN_STRANGE_SHARE, way_back
from sources.text.texts import PairTexts

BROKEN = re.compile(
    "\ufffd|锟斤拷|烫烫烫|屯屯屯|(?:[ÃÂ][\u0080-\u00bf]|[äåæçèé][\u0080-\u00bf]{2}){2}|â€[™œ\u009d“”¦\u0093\u0094]"
)
"""Replacement characters; what is left of text that went through GBK and UTF-8 in the wrong order, or of memory that
was never set; UTF-8 read as Latin-1, twice in a row, or a quotation mark of that kind."""

CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")

MAX_TRIED_CHARS = 400


def mojibake(texts: PairTexts, limits: CheckLimits) -> Hits:
    """Prompt or chosen has a replacement character, or what broken encodings leave behind."""
    return _broken(texts, (0, 1))


def mojibake_rejected(texts: PairTexts, limits: CheckLimits) -> Hits:
    """Only rejected has any: it is not what the model learns to write, so the pair may stay."""
    others = _broken(texts, (0, 1))
    return {row: evidence for row, evidence in _broken(texts, (2,)).items() if row not in others}


def _broken(texts: PairTexts, sides: tuple[int, ...]) -> Hits:
    """The rows with broken text on one of these sides."""
    suspects = texts.holding("\ufffd锟烫屯ÃÂâäåæçèé")
    hits: Hits = {}
    for text, whole in _of_sides(texts, suspects, sides):
        if broken := BROKEN.search(whole):
            hits.setdefault(text // 3, f"{SIDES[text % 3]}: {quote(whole, broken.start())}")
    for text, whole in _of_sides(texts, _strange(texts), sides):
        if text // 3 not in hits and (again := way_back(whole[:MAX_TRIED_CHARS])):
            hits[text // 3] = f"{SIDES[text % 3]}: {printable(again, max_chars=60)}"
    return hits


def _of_sides(texts: PairTexts, suspects: np.ndarray, sides: tuple[int, ...]) -> Iterator[tuple[int, str]]:
    """(number, text) of those of the texts that are on one of these sides."""
    ours = suspects[np.isin(suspects % 3, sides)]
    yield from zip(ours.tolist(), texts.strings.take(pa.array(ours)).to_pylist(), strict=True)


def _strange(texts: PairTexts) -> np.ndarray:
    """The texts with many characters that Chinese and English hardly have."""
    counts = texts.strange_counts
    return np.flatnonzero((counts >= MIN_STRANGE) & (counts >= MIN_STRANGE_SHARE * texts.solid.lengths))


def control_characters(texts: PairTexts, limits: CheckLimits) -> Hits:
    """A control character other than white space: NUL, a terminal escape."""
    hits: Hits = {}
    for text in np.flatnonzero(texts.counts[:, Kind.CONTROL]).tolist():
        whole = texts.strings[text].as_py()
        found = CONTROL.search(whole)
        hits.setdefault(text // 3, f"{SIDES[text % 3]}: {quote(whole, found.start() if found else 0)}")
    return hits
