"""Two answers that are nearly the same text: little to prefer, and a loss that pushes both ways at once."""

import re

import numpy as np

from sources.checks.check import CheckLimits, Hits
from sources.text.characters import Kind
from sources.text.codes import text_keys
from sources.text.edits import edit_similarity
from sources.text.texts import PairTexts

MIN_SIMILARITY, MIN_CHARS = 0.95, 20
MIN_PREFIX_CHARS, MIN_PREFIX_SHARE = 20, 0.5

MEANT = re.compile(
    r"(?i)[0-9+\-*/=<>≤≥²√π]|[不没未无非否错对真假是零一二三四五六七八九十百千万左右上下大小多少高低东西南北男女前后]|"
    r"\b(?:not?|never|n't|true|false|yes|left|right|more|less|before|after|above|below|un|in)\b"
)
SIGNS = re.compile("[<>=≤≥≠+]|(?<=[0-9])[-*/.](?=[0-9])")
"""What turns an answer round with few characters: numbers, signs, words that deny."""


def nearly_identical_sides(texts: PairTexts, limits: CheckLimits) -> Hits:
    """Chosen and rejected differ in hardly a character or in marks only, or one goes on where the other ends."""
    different = texts.keys[:, 1] != texts.keys[:, 2]
    letters = texts.counts[:, Kind.DIGIT :].sum(axis=1).reshape(-1, 3)
    rows = np.flatnonzero(different & (letters[:, 1] > 0) & (letters[:, 1] == letters[:, 2]))
    chosen, rejected = (text_keys(texts.letters(3 * rows + side)) for side in (1, 2))
    same = rows[chosen == rejected].tolist()
    marks_only = [row for row in same if not _is_meant(texts, row, SIGNS)]
    different[same] = False
    hits: Hits = dict.fromkeys(marks_only, "they differ in marks and symbols only")
    sizes = texts.folded.lengths.reshape(-1, 3)[:, 1:].astype(np.float64)
    shorter, longer = sizes.min(axis=1), sizes.max(axis=1)
    begun = np.flatnonzero(different & (shorter >= MIN_PREFIX_CHARS) & (shorter >= MIN_PREFIX_SHARE * longer))
    starts = texts.folded.offsets[3 * begun[:, None] + [1, 2]]
    for place in (0, MIN_PREFIX_CHARS // 2, MIN_PREFIX_CHARS - 1):
        same = texts.folded.flat[starts[:, 0] + place] == texts.folded.flat[starts[:, 1] + place]
        begun, starts = begun[same], starts[same]
    for row in begun.tolist():
        size = int(shorter[row])
        if np.array_equal(texts.folded.of(3 * row + 1)[:size], texts.folded.of(3 * row + 2)[:size]):
            hits[row] = f"{'rejected' if sizes[row, 0] == size else 'chosen'} goes on where the other ends"
    close = np.flatnonzero(different & (shorter >= MIN_CHARS) & (shorter >= MIN_SIMILARITY * longer))
    found = edit_similarity(texts.folded, 3 * close + 1, 3 * close + 2, MIN_SIMILARITY)
    for row, similarity in zip(close.tolist(), found.tolist(), strict=True):
        if similarity >= MIN_SIMILARITY and row not in hits and not _is_meant(texts, row):
            hits[row] = f"{similarity:.1%} of the characters are the same"
    return dict(sorted(hits.items()))


def _is_meant(texts: PairTexts, row: int, meant: re.Pattern[str] = MEANT) -> bool:
    """Whether the few characters that differ change what is said: a number, a sign, a denial."""
    from rapidfuzz.distance import Levenshtein

    chosen, rejected = texts.normal(3 * row + 1), texts.normal(3 * row + 2)
    edits = Levenshtein.opcodes(chosen, rejected)
    pieces = [
        _word(chosen, edit.src_start, edit.src_end) + " " + _word(rejected, edit.dest_start, edit.dest_end)
        for edit in edits
        if edit.tag != "equal"
    ]
    return any(meant.search(piece) for piece in pieces)


def _word(text: str, start: int, end: int) -> str:
    """A piece of a text, and the rest of an English word that it begins or ends in."""
    while start > 0 and text[start - 1].isascii() and text[start - 1].isalpha():
        start -= 1
    while end < len(text) and text[end].isascii() and text[end].isalpha():
        end += 1
    return text[start:end]
