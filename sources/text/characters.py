"""What kind of character each code point is, as a lookup table for whole columns of text."""

import unicodedata
from enum import IntEnum
from functools import cache

import numpy as np


class Kind(IntEnum):
    """The kinds that checks tell apart; scripts are kinds of letters.

    The order is meant: what is above CONTROL makes two texts the same or not, what is above LIGHT makes them similar.
    """

    SPACE = 0
    CONTROL = 1
    LIGHT = 2
    STOP = 3
    OTHER = 4
    BROKEN = 5
    DIGIT = 6
    MARK = 7
    LATIN = 8
    HAN = 9
    KANA = 10
    HANGUL = 11
    CYRILLIC = 12
    ARABIC = 13
    GREEK = 14
    LETTER = 15


SCRIPTS = (
    Kind.LATIN,
    Kind.HAN,
    Kind.KANA,
    Kind.HANGUL,
    Kind.CYRILLIC,
    Kind.ARABIC,
    Kind.GREEK,
    Kind.LETTER,
)
"""The kinds that are letters; LETTER is a letter of a script not named here."""

RANGES = {
    Kind.HAN: "2e80-2fdf 3005-3007 3021-3029 3038-303b 3400-4dbf 4e00-9fff f900-faff 20000-323af",
    Kind.KANA: "3041-3096 309d-309f 30a1-30fa 30fc-30ff 31f0-31ff ff66-ff9f",
    Kind.HANGUL: "1100-11ff 3130-318f a960-a97f ac00-d7ff ffa0-ffdc",
    Kind.LATIN: "0041-005a 0061-007a 00aa-00aa 00ba-00ba 00c0-00d6 00d8-00f6 00f8-02af 1e00-1eff ff21-ff3a ff41-ff5a",
    Kind.CYRILLIC: "0400-052f 1c80-1c8f 2de0-2dff a640-a69f",
    Kind.ARABIC: "0620-064a 066e-06d3 06d5-06d5 06ee-06ef 06fa-06ff 0750-077f 08a0-08c9 fb50-fdff fe70-fefc",
    Kind.GREEK: "0370-03ff 1f00-1fff",
}
"""The letters of each script: the one place that says which they are."""

CODE_POINTS = 0x110000
CLASSIFIED = 0x20000
"""Code points from here on are Han or OTHER."""

NO_SINGLE_FORM = 0xFFFFFFFF
JAMO = "".join(map(chr, range(0x1161, 0x1200)))
"""Medial and final Hangul letters, which join the letter before them."""

STOPS = "。！？!?.…"
LIGHT_MARKS = "，、；：,;:“”‘’\"'《》〈〉「」『』【】()（）—·"
"""Punctuation that a near duplicate may add or lose; marks that carry meaning (+ - / % = #) are not among it."""

TELLTALES = "\ufffd锟烫屯ÃÂâäåæçèé<[#\\&%`{"
"""Characters without which no text is broken or holds a template token, an escape or code in a fence or in brackets."""

SPACE_LIKE = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\xad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
CONTROLS_ALLOWED = "\t\n\v\f\r\x85"


def code_ranges(kind: Kind) -> list[tuple[int, int]]:
    """The first and the last code point of each range of a script that RANGES names."""
    spans = (span.split("-") for span in RANGES[kind].split())
    return [(int(first, 16), int(last, 16)) for first, last in spans]


def character_class(kind: Kind) -> str:
    """The letters of a script as the inside of a [...] of a regular expression."""
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in code_ranges(kind))


@cache
def kind_table() -> np.ndarray:
    """uint8[0x110000]: the Kind of each code point."""
    table = np.full(CODE_POINTS, Kind.OTHER, dtype=np.uint8)
    for code in range(CLASSIFIED):
        table[code] = _by_category(unicodedata.category(chr(code)))
    for kind in RANGES:
        for first, last in code_ranges(kind):
            letters = slice(first, last + 1)
            table[letters] = np.where(table[letters] == Kind.MARK, Kind.MARK, kind)
    for chars, kind in ((STOPS, Kind.STOP), (LIGHT_MARKS, Kind.LIGHT), (SPACE_LIKE, Kind.SPACE)):
        table[[ord(char) for char in chars]] = kind
    table[[code for code in range(0x20) if chr(code) not in CONTROLS_ALLOWED]] = Kind.CONTROL
    table[0xFFFD] = Kind.BROKEN
    return table


def _by_category(category: str) -> Kind:
    match category[0]:
        case "L":
            return Kind.LETTER
        case "M":
            return Kind.MARK
        case "N":
            return Kind.DIGIT
        case "Z":
            return Kind.SPACE
    return Kind.CONTROL if category == "Cc" else Kind.OTHER


@cache
def lower_table() -> np.ndarray:
    """uint32[0x110000]: each code point in lower case, where that is one code point."""
    table = np.arange(CODE_POINTS, dtype=np.uint32)
    for code in range(CLASSIFIED):
        lowered = chr(code).lower()
        if len(lowered) == 1:
            table[code] = ord(lowered)
    return table


@cache
def nfkc_table() -> np.ndarray:
    """uint32[0x110000]: each code point in NFKC, or NO_SINGLE_FORM where its form depends on its neighbours or is long.

    Marks combine with what stands before them, and so do JAMO.
    """
    table = np.arange(CODE_POINTS, dtype=np.uint32)
    for code in [*range(0xA0, CLASSIFIED), *range(0x2F800, 0x2FA20)]:
        char = chr(code)
        if 0xD800 <= code <= 0xDFFF or 0x4E00 <= code <= 0x9FFF or 0xAC00 <= code <= 0xD7A3:
            continue
        normal = unicodedata.normalize("NFKC", char)
        if len(normal) != 1 or unicodedata.category(normal)[0] == "M" or normal in JAMO:
            table[code] = NO_SINGLE_FORM
        elif normal != char:
            table[code] = ord(normal)
    return table


@cache
def telltale_table() -> np.ndarray:
    """bool[0x110000]: whether a code point is one of TELLTALES."""
    table = np.zeros(CODE_POINTS, dtype=bool)
    table[[ord(character) for character in TELLTALES]] = True
    return table
