"""Whether a text is in a language other than Chinese and English, as far as its script and langdetect tell.

Not tested as those two are. A language that langdetect does not know is told from others of its script by nothing but
the function words of English.
"""

from typing import Final

import numpy as np
import pyarrow as pa

from sources.pairs.languages import SCRIPT_OF, Lang
from sources.text.characters import SCRIPTS, Kind
from sources.text.detect import DETECT_CHARS, MIN_DETECT_LETTERS, detect, prior_for, profile_of, prose
from sources.text.function_words import MIN_FUNCTION_WORDS, english_share, has_own_words
from sources.text.script_counts import MIN_LATIN_LETTERS, is_latin_prose, letter_script, words
from sources.text.verdict import MIN_DETECT_PROBABILITY, MIN_OWN_SHARE, NO, OPEN, YES

KINDS_OF: Final = {
    "Kana": (Kind.KANA, Kind.HAN),
    "Hangul": (Kind.HANGUL,),
    "Cyrillic": (Kind.CYRILLIC,),
    "Arabic": (Kind.ARABIC,),
    "Greek": (Kind.GREEK,),
}
"""The letters of a script that has kinds of its own; those of another are LETTER."""

MIN_ONLY_HAN, MAX_CHINESE_KANA = 12, 0.02
"""A text of so many Han characters in which hardly any kana stand is no Japanese one."""


def verdicts_in(lang: Lang, counts: np.ndarray, strings: pa.Array) -> np.ndarray:
    """int8[t]: whether each text is in that language: YES, OPEN or NO."""
    script = SCRIPT_OF.get(lang, "")
    if not script:
        return np.full(len(counts), OPEN, np.int8)
    if script == "Latin":
        return _in_latin(lang, counts, strings)
    verdict = _by_script(script, counts)
    for text in np.flatnonzero(verdict == YES).tolist():
        said = strings[text].as_py()
        if script not in KINDS_OF and letter_script(said) != script:
            verdict[text] = NO
        elif profile_of(lang):
            verdict[text] = _detected(lang, said[:DETECT_CHARS], YES)
    return verdict


def _by_script(script: str, counts: np.ndarray) -> np.ndarray:
    """What the script says: Latin letters may stand in any text, as names and code."""
    own_kinds = KINDS_OF.get(script, (Kind.LETTER,))
    said = words(counts)
    total, latin = said.sum(axis=1), said[:, SCRIPTS.index(Kind.LATIN)]
    own = said[:, [SCRIPTS.index(kind) for kind in own_kinds]].sum(axis=1)
    foreign = total - own - latin
    yes = (own >= np.where(foreign + latin > 0, 2, 1)) & (own > foreign) & (own >= MIN_OWN_SHARE * total)
    no = ((foreign >= 2) & (foreign >= total / 2)) | is_latin_prose(counts)
    if script == "Kana":
        kana, han = counts[:, Kind.KANA], counts[:, Kind.HAN]
        yes &= kana > 0
        no |= (han >= MIN_ONLY_HAN) & (kana < MAX_CHINESE_KANA * (kana + han))
        yes &= ~no
    return np.where(yes, YES, np.where(no, NO, OPEN)).astype(np.int8)


def _in_latin(lang: Lang, counts: np.ndarray, strings: pa.Array) -> np.ndarray:
    said = words(counts)
    total, latin = said.sum(axis=1), said[:, SCRIPTS.index(Kind.LATIN)]
    verdict = np.where((total - latin >= 2) & (total > 2 * latin), NO, OPEN).astype(np.int8)
    long = np.flatnonzero((verdict == OPEN) & (counts[:, Kind.LATIN] >= MIN_LATIN_LETTERS))
    own = has_own_words(lang, strings.take(pa.array(long)), counts[long])
    verdict[long[own]] = YES
    prosaic = long[~own & is_latin_prose(counts[long])]
    if profile_of(lang) is None:
        english = english_share(strings.take(pa.array(prosaic)), counts[prosaic]) >= MIN_FUNCTION_WORDS
        verdict[prosaic[english]] = NO
        return verdict
    for text in prosaic[counts[prosaic, Kind.LATIN] >= MIN_DETECT_LETTERS].tolist():
        verdict[text] = _detected(lang, prose(strings[text].as_py()[:DETECT_CHARS]), OPEN)
    return verdict


def _detected(lang: Lang, said: str, unsure: int) -> int:
    """What langdetect says of a text in the script of that language."""
    if len(said) < MIN_DETECT_LETTERS:
        return unsure
    found, probability = detect(said, prior_for(lang))
    if found == profile_of(lang):
        return YES
    return NO if probability >= MIN_DETECT_PROBABILITY else OPEN
