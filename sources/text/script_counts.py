"""How much of a text is said in each script, from how many characters of each Kind it has."""

import unicodedata
from collections import Counter

import numpy as np

from sources.text.characters import SCRIPTS, Kind, kind_table

LETTERS_PER_WORD = np.array([4, 1, 1, 1, 4, 4, 4, 3], dtype=np.float64)
"""About how many letters of each of SCRIPTS say as much as one Han character."""

MIN_KANA_SHARE = 0.15
MIN_LATIN_LETTERS = 20
MAX_SYMBOL_SHARE = 0.03
"""A Latin text with more symbols than this (= { } _ < > ...) may be code."""

NAMED_CHARS = 400
"""So many characters of a text say which script its letters are of."""


def words(counts: np.ndarray) -> np.ndarray:
    """float64[t, scripts]: how much is said in each script, in words."""
    return np.asarray(counts[:, list(SCRIPTS)] / LETTERS_PER_WORD)


def kana_heavy(counts: np.ndarray) -> np.ndarray:
    """bool[t]: whether kana are a share of kana and Han that Chinese never has."""
    kana, han = counts[:, Kind.KANA], counts[:, Kind.HAN]
    return np.asarray((kana >= 2) & (kana >= MIN_KANA_SHARE * (kana + han)))


def is_latin_prose(counts: np.ndarray) -> np.ndarray:
    """Words of Latin letters with spaces between them, no Han to speak of, and too few symbols to be code."""
    latin, spaces, symbols = counts[:, Kind.LATIN], counts[:, Kind.SPACE], counts[:, Kind.OTHER]
    chars = counts.sum(axis=1)
    spoken = (latin >= MIN_LATIN_LETTERS) & (spaces >= 3) & (latin + spaces >= 0.75 * chars)
    return np.asarray(spoken & (symbols <= MAX_SYMBOL_SHARE * chars))


def letter_script(text: str) -> str:
    """The script, as Unicode names it, of most letters that no Kind of their own stands for; empty if there is none."""
    kinds = kind_table()
    letters = Counter(char for char in text[:NAMED_CHARS] if kinds[ord(char)] == Kind.LETTER)
    scripts = Counter[str]()
    for letter, count in letters.items():
        scripts[unicodedata.name(letter, "unnamed").split()[0].capitalize()] += count
    return scripts.most_common(1)[0][0] if scripts else ""
