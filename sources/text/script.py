"""Which language a text is in, for rows that do not say: by its script, and by langdetect where a language is asked for
that shares its script with a commoner one."""

import re
from collections.abc import Sequence
from functools import cache

import numpy as np
import pyarrow as pa

from sources.pairs.languages import LANGS, SCRIPT_OF, UNKNOWN, USUAL, Lang
from sources.text.characters import Kind, character_class, code_ranges, kind_table
from sources.text.codes import Codes, decode, owners
from sources.text.detect import DETECT_CHARS, MIN_DETECT_LETTERS, detect, prior_for, profile_of, prose
from sources.text.script_counts import letter_script

HAN = re.compile(f"[{character_class(Kind.HAN)}]")
BEGINNING_CHARS = 2000

AT_ONCE = 512
"""Texts whose characters are looked at together."""

IS_HAN, IS_LATIN, IS_KANA, IS_HANGUL, IS_OTHER = 1, 2, 3, 4, 5
TOLD = tuple(lang for lang in LANGS if lang in USUAL.values() or profile_of(lang))
"""The languages that can be told from the text alone."""

ALPHABETS = {Kind.CYRILLIC: "ru", Kind.ARABIC: "ar", Kind.GREEK: "el"}
OTHERS = (Kind.CYRILLIC, Kind.ARABIC, Kind.GREEK, Kind.LETTER)
"""The scripts of which letters are counted from IS_OTHER on."""

MIN_SYLLABLES, MIN_LETTERS = 2, 8
MIN_JAPANESE_KANA = 0.35
"""Of kana and Han together; less may be a word that a Chinese text is about."""

MIN_TIMES_THE_REST = 2
"""A text with a task in Chinese or English, and so much less of its result in another language, is in the first."""


def script_language(*texts: str) -> Lang:
    """The language of the texts together, as `script_languages` tells it."""
    return script_languages(["\n".join(text[:BEGINNING_CHARS] for text in texts)])[0]


def script_languages(beginnings: "Sequence[str] | pa.Array") -> list[Lang]:
    """zh where there are at least half as many Han characters as Latin words, else en; or the commonest language of
    another script, where that says at least twice as much; UNKNOWN of a script that is none of a language here."""
    langs: list[Lang] = []
    for start in range(0, len(beginnings), AT_ONCE):
        some = beginnings[start : start + AT_ONCE]
        strings = some if isinstance(some, pa.Array) else pa.array(some, pa.string())
        codes = decode(strings)
        kinds = _kinds()[codes.flat]
        latin = kinds == IS_LATIN
        begins = latin & np.concatenate([[True], ~latin[:-1]])[: len(latin)]
        starts = codes.offsets[:-1][codes.lengths > 0]
        begins[starts] = latin[starts]
        han, words = (_sums(kinds == IS_HAN, codes.offsets), _sums(begins, codes.offsets))
        found = list(map(_by_counts, han.tolist(), words.tolist()))
        for text, lang in _in_other_scripts(kinds, codes, words, strings):
            found[text] = lang
        langs += found
    return langs


def tell_languages(beginnings: "Sequence[str] | pa.Array", lang: Lang | None) -> list[Lang]:
    """The same, for a build of `lang`: where other languages share its script, langdetect tells it from them. English
    it does not: a text in Latin letters counts as English there, and the check wrong_language finds what is not."""
    found = script_languages(beginnings)
    usual = USUAL.get(SCRIPT_OF.get(lang or "", ""))
    if lang in (None, "en") or profile_of(lang) is None:
        return found
    texts = beginnings.to_pylist() if isinstance(beginnings, pa.Array) else beginnings
    return [_detected(text, lang) or told if told == usual else told for text, told in zip(texts, found, strict=True)]


def name_told(lang: Lang, text: str) -> str:
    """The language that was told, or the script of a text whose language is unknown."""
    return lang if lang != UNKNOWN else f"{letter_script(text)} script"


def _detected(text: str, lang: Lang) -> Lang:
    """`lang`, or another that langdetect finds; empty where there is too little to tell."""
    said = prose(text[:DETECT_CHARS]) if SCRIPT_OF[lang] == "Latin" else text[:DETECT_CHARS]
    if len(said) < MIN_DETECT_LETTERS // 2:
        return ""
    found, _ = detect(said, prior_for(lang))
    return lang if found == profile_of(lang) else "" if found == "unknown" else found


def _by_counts(han: int, latin_words: int) -> Lang:
    return "zh" if 2 * han >= max(latin_words, 1) else "en"


def _in_other_scripts(
    kinds: np.ndarray, codes: Codes, latin_words: np.ndarray, strings: pa.Array
) -> list[tuple[int, Lang]]:
    """(text, language) of the texts that say most in a script that is neither Han nor Latin."""
    told = []
    for text in np.unique(owners(codes.offsets, np.flatnonzero(kinds > IS_LATIN))).tolist():
        counts = np.bincount(kinds[codes.offsets[text] : codes.offsets[text + 1]], minlength=IS_OTHER + len(OTHERS))
        lang = _other(counts, int(latin_words[text]))
        if lang == UNKNOWN:
            lang = USUAL.get(letter_script(strings[text].as_py()), UNKNOWN)
        if lang:
            told.append((text, lang))
    return told


def _other(counts: np.ndarray, latin_words: int) -> Lang:
    """The language of the script other than Han and Latin that says most; empty where that is too little."""
    kana, hangul, others = counts[IS_KANA], counts[IS_HANGUL], counts[IS_OTHER:]
    is_japanese = kana >= MIN_SYLLABLES and kana >= MIN_JAPANESE_KANA * (kana + counts[IS_HAN])
    said = {"ja": (kana + counts[IS_HAN]) / 2 if is_japanese else 0, "ko": hangul / 2 if hangul >= MIN_SYLLABLES else 0}
    for kind, letters in zip(OTHERS, others.tolist(), strict=True):
        said[ALPHABETS.get(kind, UNKNOWN)] = letters / 4 if letters >= MIN_LETTERS else 0
    most = max(said, key=lambda lang: said[lang])
    rest = latin_words + (0 if is_japanese else counts[IS_HAN] / 2)
    return most if said[most] > 0 and said[most] >= MIN_TIMES_THE_REST * rest else ""


def _sums(flags: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """How many of the flags between each two offsets are set."""
    return np.diff(np.concatenate([[0], np.cumsum(flags, dtype=np.int64)])[offsets])


@cache
def _kinds() -> np.ndarray:
    """uint8[0x110000]: the script of a letter; 0 for what is none, and for a Latin letter that is not in ASCII."""
    table = np.zeros(0x110000, np.uint8)
    kinds = kind_table()
    for place, kind in enumerate((Kind.KANA, Kind.HANGUL, *OTHERS), IS_KANA):
        table[kinds == kind] = place
    for first, last in code_ranges(Kind.HAN):
        table[first : last + 1] = IS_HAN
    for letters in ("AZ", "az"):
        table[ord(letters[0]) : ord(letters[1]) + 1] = IS_LATIN
    return table
