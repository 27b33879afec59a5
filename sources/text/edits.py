"""How many characters of a text would have to be edited to make another of it."""

from collections.abc import Iterable

import numpy as np

from sources.text.codes import Codes


def edit_similarity(codes: Codes, left: np.ndarray, right: np.ndarray, threshold: float) -> np.ndarray:
    """float64: 1 - Levenshtein distance / length of the longer text, of left[i] and right[i]; 0 below the threshold."""
    from rapidfuzz.distance import Levenshtein

    pairs = zip(_strings(codes, left), _strings(codes, right), strict=True)
    found = (Levenshtein.normalized_similarity(a, b, score_cutoff=threshold) for a, b in pairs)
    return np.fromiter(found, np.float64, len(left))


def _strings(codes: Codes, texts: np.ndarray) -> Iterable[str]:
    return (codes.of(text).tobytes().decode("utf-32-le") for text in texts.tolist())
