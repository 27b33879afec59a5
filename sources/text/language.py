"""Whether a text is in the language it should be in: by script first, by langdetect only for what scripts leave open.

Scripts decide nearly everything: a text with Han and no share of kana worth mentioning is Chinese, one in Cyrillic
is not. Code, formulas, numbers and short answers are in no language: they are OPEN, and no reason to drop a pair.
Only Latin prose that lacks the function words of English goes to langdetect, with a prior and a fixed seed.
"""

import re

import numpy as np
import pyarrow as pa

from sources.pairs.languages import LANGS, TESTED
from sources.text.characters import SCRIPTS, Kind
from sources.text.detect import DETECT_CHARS, MIN_DETECT_LETTERS, detect, prose
from sources.text.function_words import ENGLISH, MIN_FUNCTION_WORDS, english_share
from sources.text.other_language import verdicts_in
from sources.text.script_counts import (
    LETTERS_PER_WORD,
    MIN_LATIN_LETTERS,
    is_latin_prose,
    kana_heavy,
    letter_script,
    words,
)
from sources.text.verdict import MIN_DETECT_PROBABILITY, MIN_OWN_SHARE, NO, OPEN, YES

SCRIPT_NAMES = {
    Kind.LATIN: "Latin script",
    Kind.HAN: "zh",
    Kind.KANA: "ja",
    Kind.HANGUL: "ko",
    Kind.CYRILLIC: "Cyrillic script",
    Kind.ARABIC: "Arabic script",
    Kind.GREEK: "Greek script",
}


def verdicts(counts: np.ndarray, strings: pa.Array, langs: np.ndarray) -> np.ndarray:
    """int8[t]: whether each text is in its language: YES, OPEN or NO.

    `counts` is int64[t, kinds], `strings` the texts, `langs` the place of each one's language in LANGS.
    """
    verdict = _is_zh(counts)
    english = np.flatnonzero(langs == LANGS.index("en"))
    if len(english):
        verdict[english] = _is_en(counts[english], strings.take(pa.array(english)))
    for lang in np.unique(langs[langs >= len(TESTED)]).tolist():
        texts = np.flatnonzero(langs == lang)
        verdict[texts] = verdicts_in(LANGS[lang], counts[texts], strings.take(pa.array(texts)))
    return verdict


def name_language(counts: np.ndarray, normal: str) -> str:
    """A word for the language of one text, for people to read; `counts` is int64[kinds]."""
    letters = counts[list(SCRIPTS)]
    if not letters.any():
        return "no letters"
    if kana_heavy(counts[None])[0]:
        return "ja"
    script = SCRIPTS[int(np.argmax(letters / LETTERS_PER_WORD))]
    if script == Kind.LETTER:
        return f"{letter_script(normal) or 'another'} script"
    if script != Kind.LATIN:
        return SCRIPT_NAMES[script]
    english = re.findall(ENGLISH, normal)
    return "en" if len(english) >= MIN_FUNCTION_WORDS * (counts[Kind.SPACE] + 1) else detect(normal[:DETECT_CHARS])[0]


def _is_zh(counts: np.ndarray) -> np.ndarray:
    said = words(counts)
    total, han, latin = said.sum(axis=1), said[:, SCRIPTS.index(Kind.HAN)], said[:, SCRIPTS.index(Kind.LATIN)]
    foreign = total - han - latin
    kana = kana_heavy(counts)
    yes = (han >= np.where(foreign + latin > 0, 2, 1)) & (han > foreign) & (han >= MIN_OWN_SHARE * total) & ~kana
    no = kana | ((foreign >= 2) & (foreign >= total / 2)) | is_latin_prose(counts)
    return np.where(yes, YES, np.where(no, NO, OPEN)).astype(np.int8)


def _is_en(counts: np.ndarray, strings: pa.Array) -> np.ndarray:
    said = words(counts)
    total, latin = said.sum(axis=1), said[:, SCRIPTS.index(Kind.LATIN)]
    verdict = np.where((total - latin >= 2) & (total > 2 * latin), NO, OPEN).astype(np.int8)
    readable = np.flatnonzero((verdict == OPEN) & (counts[:, Kind.LATIN] >= MIN_LATIN_LETTERS))
    share = english_share(strings.take(pa.array(readable)), counts[readable])
    verdict[readable[share >= MIN_FUNCTION_WORDS]] = YES
    doubtful = readable[(share < MIN_FUNCTION_WORDS) & is_latin_prose(counts[readable])]
    for text in doubtful[counts[doubtful, Kind.LATIN] >= MIN_DETECT_LETTERS].tolist():
        plain = prose(strings[text].as_py()[:DETECT_CHARS])
        if len(plain) < MIN_DETECT_LETTERS:
            continue
        found, probability = detect(plain)
        verdict[text] = YES if found == "en" else NO if probability >= MIN_DETECT_PROBABILITY else OPEN
    return verdict
