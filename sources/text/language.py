"""Whether a text is in the language it should be in: by script first, by langdetect only for what scripts leave open.

Scripts decide nearly everything: a text with Han and no share of kana worth mentioning is Chinese, one in Cyrillic
is not. Code, formulas, numbers and short answers are in no language: they are OPEN, and no reason to drop a pair.
Only Latin prose that lacks the function words of English goes to langdetect, with a prior and a fixed seed.
"""

import re
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sources.pairs.schema import LANGS
from sources.text.characters import SCRIPTS, Kind

YES, OPEN, NO = 1, 0, -1

LETTERS_PER_WORD = np.array([4, 1, 1, 1, 4, 4, 4, 3], dtype=np.float64)
"""About how many letters of each of SCRIPTS say as much as one Han character."""

MIN_KANA_SHARE = 0.15
MIN_HAN_SHARE = 0.05
MIN_LATIN_LETTERS = 20
MAX_SYMBOL_SHARE = 0.03
"""A Latin text with more symbols than this (= { } _ < > ...) may be code."""

MIN_FUNCTION_WORDS = 0.12
FUNCTION_WORDS: Final = (
    r"(?i)\b(?:the|and|of|is|are|were|that|this|with|for|you|your|it|its|to|be|have|has|had|can|could|not|from|by|"
    r"they|their|them|would|should|which|what|how|when|where|why|do|does|did|my|his|her|she|he|we|our|or|if|"
    r"there|these|those|about|into|than|then|who|i)\b"
)

SCRIPT_NAMES = {
    Kind.LATIN: "Latin script",
    Kind.HAN: "zh",
    Kind.KANA: "ja",
    Kind.HANGUL: "ko",
    Kind.CYRILLIC: "Cyrillic script",
    Kind.ARABIC: "Arabic script",
    Kind.GREEK: "Greek script",
    Kind.LETTER: "another script",
}

PRIOR = {"en": 0.6, "fr": 0.06, "de": 0.06, "es": 0.06, "it": 0.04, "pt": 0.04, "nl": 0.04, "id": 0.02, "vi": 0.02}
"""How likely a language is before the text is read; langdetect may answer no other. Latin script only."""

MIN_DETECT_LETTERS = 60
MIN_DETECT_PROBABILITY = 0.99
DETECT_CHARS = 400
EDGES = ".,;:!?()\"'“”‘’«»¿¡…"
PROSE_WORD = re.compile(r"(?:[^\W\d_A-Z]|[^\W\d_][^\W\d_A-Z]*|[^\W\d_a-z]+)(?:['’-][^\W\d_]+)*")
"""A word in lower case, with a capital at its beginning, or in capitals; parts may be joined by ' and -."""


def verdicts(counts: np.ndarray, strings: pa.Array, langs: np.ndarray) -> np.ndarray:
    """int8[t]: whether each text is in its language: YES, OPEN or NO.

    `counts` is int64[t, kinds], `strings` the texts, `langs` the place of each one's language in LANGS.
    """
    verdict = _is_zh(counts)
    english = np.flatnonzero(langs == LANGS.index("en"))
    if len(english):
        verdict[english] = _is_en(counts[english], strings.take(pa.array(english)))
    return verdict


def name_language(counts: np.ndarray, normal: str) -> str:
    """A word for the language of one text, for people to read; `counts` is int64[kinds]."""
    letters = counts[list(SCRIPTS)]
    if not letters.any():
        return "no letters"
    if _kana_heavy(counts[None])[0]:
        return "ja"
    script = SCRIPTS[int(np.argmax(letters / LETTERS_PER_WORD))]
    if script != Kind.LATIN:
        return SCRIPT_NAMES[script]
    words = re.findall(FUNCTION_WORDS, normal)
    return "en" if len(words) >= MIN_FUNCTION_WORDS * (counts[Kind.SPACE] + 1) else detect(normal[:DETECT_CHARS])[0]


def _is_zh(counts: np.ndarray) -> np.ndarray:
    words = _words(counts)
    total, han, latin = words.sum(axis=1), words[:, SCRIPTS.index(Kind.HAN)], words[:, SCRIPTS.index(Kind.LATIN)]
    foreign = total - han - latin
    kana = _kana_heavy(counts)
    yes = (han >= np.where(foreign + latin > 0, 2, 1)) & (han > foreign) & (han >= MIN_HAN_SHARE * total) & ~kana
    no = kana | ((foreign >= 2) & (foreign >= total / 2)) | _is_latin_prose(counts)
    return np.where(yes, YES, np.where(no, NO, OPEN)).astype(np.int8)


def _is_en(counts: np.ndarray, strings: pa.Array) -> np.ndarray:
    words = _words(counts)
    total, latin = words.sum(axis=1), words[:, SCRIPTS.index(Kind.LATIN)]
    verdict = np.where((total - latin >= 2) & (total > 2 * latin), NO, OPEN).astype(np.int8)
    readable = np.flatnonzero((verdict == OPEN) & (counts[:, Kind.LATIN] >= MIN_LATIN_LETTERS))
    function_words = pc.count_substring_regex(strings.take(pa.array(readable)), FUNCTION_WORDS)
    share = function_words.to_numpy(zero_copy_only=False) / (counts[readable, Kind.SPACE] + 1)
    verdict[readable[share >= MIN_FUNCTION_WORDS]] = YES
    doubtful = readable[(share < MIN_FUNCTION_WORDS) & _is_latin_prose(counts[readable])]
    for text in doubtful[counts[doubtful, Kind.LATIN] >= MIN_DETECT_LETTERS].tolist():
        prose = _prose(strings[text].as_py()[:DETECT_CHARS])
        if len(prose) < MIN_DETECT_LETTERS:
            continue
        found, probability = detect(prose)
        verdict[text] = YES if found == "en" else NO if probability >= MIN_DETECT_PROBABILITY else OPEN
    return verdict


def _words(counts: np.ndarray) -> np.ndarray:
    """float64[t, scripts]: how much is said in each script, in words."""
    return np.asarray(counts[:, list(SCRIPTS)] / LETTERS_PER_WORD)


def _kana_heavy(counts: np.ndarray) -> np.ndarray:
    kana, han = counts[:, Kind.KANA], counts[:, Kind.HAN]
    return np.asarray((kana >= 2) & (kana >= MIN_KANA_SHARE * (kana + han)))


def _is_latin_prose(counts: np.ndarray) -> np.ndarray:
    """Words of Latin letters with spaces between them, no Han to speak of, and too few symbols to be code."""
    latin, spaces, symbols = counts[:, Kind.LATIN], counts[:, Kind.SPACE], counts[:, Kind.OTHER]
    chars = counts.sum(axis=1)
    spoken = (latin >= MIN_LATIN_LETTERS) & (spaces >= 3) & (latin + spaces >= 0.75 * chars)
    return np.asarray(spoken & (symbols <= MAX_SYMBOL_SHARE * chars))


def _prose(text: str) -> str:
    """The words of a text without names of code, paths, keys and numbers, which look like any language; no JSON."""
    if text.lstrip()[:1] in ("{", "["):
        return ""
    words = (word.strip(EDGES) for word in text.split())
    return " ".join(word for word in words if PROSE_WORD.fullmatch(word))


@cache
def _factory() -> object:
    from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory

    factory = DetectorFactory()
    factory.load_json_profile([Path(PROFILES_DIRECTORY, lang).read_text(encoding="utf-8") for lang in PRIOR])
    factory.set_seed(0)
    return factory


_FACTORY_LOCK = Lock()


@lru_cache(maxsize=4096)
def detect(text: str) -> tuple[str, float]:
    """The language that langdetect finds in a text of Latin letters, with its probability; the same on every run."""
    from langdetect.lang_detect_exception import LangDetectException

    with _FACTORY_LOCK:
        factory = _factory()
    detector = factory.create()  # type: ignore[attr-defined]
    detector.set_prior_map(PRIOR)
    detector.append(text)
    try:
        found = detector.get_probabilities()
    except LangDetectException:
        return "unknown", 0.0
    return (found[0].lang, found[0].prob) if found else ("unknown", 0.0)
