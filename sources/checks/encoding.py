"""Is the text what its author wrote: no broken encoding, no control characters."""

import re
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pyarrow as pa

from sources.checks.check import CheckLimits, Hits, quote
from sources.command.printable import printable
from sources.pairs.languages import TESTED
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
    return _by_row(texts, (0, 1))


def mojibake_rejected(texts: PairTexts, limits: CheckLimits) -> Hits:
    """Only rejected has any: it is not what the model learns to write, so the pair may stay."""
    others = _by_row(texts, (0, 1))
    return {row: evidence for row, evidence in _by_row(texts, (2,)).items() if row not in others}


def _by_row(texts: PairTexts, sides: tuple[int, ...]) -> Hits:
    """The rows with broken text on one of these sides."""
    hits: Hits = {}
    for found in (_remains(texts), _led_back(texts)):
        for text, evidence in found.items():
            if text % 3 in sides:
                hits.setdefault(text // 3, f"{SIDES[text % 3]}: {evidence}")
    return hits


@lru_cache(maxsize=1)
def _remains(texts: PairTexts) -> dict[int, str]:
    """The numbers of the texts in which broken encodings left their commonest remains."""
    suspects = texts.holding("\ufffd锟烫屯ÃÂâäåæçèé")
    searched = ((text, whole, BROKEN.search(whole)) for text, whole in _numbered(texts, suspects))
    return {text: quote(whole, broken.start()) for text, whole, broken in searched if broken}


@lru_cache(maxsize=1)
def _led_back(texts: PairTexts) -> dict[int, str]:
    """The numbers of the texts that become Chinese when a wrong decoding is reversed."""
    found = ((text, way_back(whole[:MAX_TRIED_CHARS])) for text, whole in _numbered(texts, _strange(texts)))
    return {text: printable(again, max_chars=60) for text, again in found if again}


def _numbered(texts: PairTexts, suspects: np.ndarray) -> Iterator[tuple[int, str]]:
    """(number, text) of these texts."""
    yield from zip(suspects.tolist(), texts.strings.take(pa.array(suspects)).to_pylist(), strict=True)


def _strange(texts: PairTexts) -> np.ndarray:
    """The texts that should be in Chinese or English and have many characters that these hardly have."""
    counts = np.where(texts.langs < len(TESTED), texts.strange_counts, 0)
    return np.flatnonzero((counts >= MIN_STRANGE) & (counts >= MIN_STRANGE_SHARE * texts.solid.lengths))


def control_characters(texts: PairTexts, limits: CheckLimits) -> Hits:
    """A control character other than white space: NUL, a terminal escape."""
    hits: Hits = {}
    for text in np.flatnonzero(texts.counts[:, Kind.CONTROL]).tolist():
        whole = texts.strings[text].as_py()
        found = CONTROL.search(whole)
        hits.setdefault(text // 3, f"{SIDES[text % 3]}: {quote(whole, found.start() if found else 0)}")
    return hits
