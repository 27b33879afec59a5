"""The little words of a few languages in Latin letters: a text that has enough of them is in that language."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sources.text.characters import Kind

MIN_FUNCTION_WORDS = 0.12
MIN_OF_OTHERS = 0.18
"""Related languages have some of them in common."""

ENGLISH: Final = (
    r"(?i)\b(?:the|and|of|is|are|were|that|this|with|for|you|your|it|its|to|be|have|has|had|can|could|not|from|by|"
    r"they|their|them|would|should|which|what|how|when|where|why|do|does|did|my|his|her|she|he|we|our|or|if|"
    r"there|these|those|about|into|than|then|who|i)\b"
)
OTHERS: Final = {
    "fr": "le la les des une est et dans pour pas que qui sur avec vous nous cette ce du au aux",
    "de": "der die das und ist nicht ein eine zu den von mit für auf dem sich auch werden wird",
    "es": "el la los las una y es en por con para como está del al su más",
    "pt": "o os as uma e é em com não para do da dos das no na por mais",
    "it": "il lo gli le di che è un una per non sono della del nel con più",
    "nl": "de het een en van is niet dat voor met zijn op te ook je",
    "pl": "i w na z nie się jest do że to jak dla od",
    "id": "yang dan di untuk dengan ini itu dari pada adalah tidak dalam",
    "vi": "là của và không có được một cho những các trong với người",
}


def english_share(strings: pa.Array, counts: np.ndarray) -> np.ndarray:
    """float64[t]: the share of the words of each text that are function words of English."""
    return _share(strings, counts, ENGLISH)


def has_own_words(lang: str, strings: pa.Array, counts: np.ndarray) -> np.ndarray:
    """bool[t]: whether each text has so many little words of a language that nothing else need be asked."""
    if lang not in OTHERS:
        return np.zeros(len(strings), dtype=bool)
    pattern = rf"(?i)(?:^|[\s(\"'’«¿¡])(?:{'|'.join(OTHERS[lang].split())})(?:[\s,.;:!?)\"'’»]|$)"
    return np.asarray(_share(strings, counts, pattern) >= MIN_OF_OTHERS)


def _share(strings: pa.Array, counts: np.ndarray, pattern: str) -> np.ndarray:
    found = pc.count_substring_regex(strings, pattern).to_numpy(zero_copy_only=False)
    return np.asarray(found / (counts[:, Kind.SPACE] + 1))
