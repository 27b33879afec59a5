"""MinHash bands: what finds the candidates for near duplicates among millions of texts."""

from array import array
from itertools import chain

import numpy as np
from rensa import RMinHash

from sources.text.codes import mix
from sources.text.ngrams import Tokens

BANDS, ROWS_PER_BAND = 8, 4
"""Texts with Jaccard similarity s share a band with probability 1 - (1 - s**4)**8: 0.985 at 0.8, 0.9998 at 0.9."""

DIGESTS = BANDS * ROWS_PER_BAND
"""Of so many minima, texts with Jaccard similarity s have about a share s in common."""

MINHASH_SEED = 20240404
SKETCHES = 4
"""Minima and maxima kept of single texts: two with similarity s have each in common with probability s."""

SIDE_SALTS = np.array([0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0], dtype=np.uint64)
_MULTIPLIER = 0x9E3779B97F4A7C15


def side_tokens(texts: Tokens) -> Tokens:
    """The tokens of each text, salted by its side, so that swapped sides differ."""
    salts = SIDE_SALTS[np.arange(len(texts.offsets) - 1) % 3]
    return Tokens(texts.flat ^ np.repeat(salts, np.diff(texts.offsets)), texts.offsets)


def pair_tokens(texts: Tokens) -> Tokens:
    """The tokens of whole pairs: those of its three texts, salted by side."""
    return Tokens(side_tokens(texts).flat, texts.offsets[::3])


def sketches(texts: Tokens) -> np.ndarray:
    """uint32[texts, SKETCHES]: the least and the greatest token of each text, in two orders; 0 without a token."""
    found = np.zeros((len(texts.offsets) - 1, SKETCHES), np.uint32)
    some = np.flatnonzero(np.diff(texts.offsets))
    if len(some):
        starts = texts.offsets[some]
        for place, half in enumerate(((texts.flat >> np.uint64(32)).astype(np.uint32), texts.flat.astype(np.uint32))):
            found[some, 2 * place] = np.minimum.reduceat(half, starts)
            found[some, 2 * place + 1] = np.maximum.reduceat(half, starts)
    return found


def bands(documents: Tokens) -> np.ndarray:
    """uint32[documents, BANDS]: documents that are similar are likely to be equal in one of the columns."""
    return bands_of(digests(documents))


def digests(documents: Tokens) -> np.ndarray:
    """uint32[documents, DIGESTS]: the least hash of each document's tokens under as many hash functions."""
    count = len(documents.offsets) - 1
    if not count:
        return np.zeros((0, DIGESTS), np.uint32)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(
        documents.flat, documents.offsets.astype(np.uint64), DIGESTS, MINHASH_SEED
    )
    return np.frombuffer(array("I", chain.from_iterable(matrix.to_rows())), np.uint32).reshape(count, DIGESTS)


def bands_of(digests: np.ndarray) -> np.ndarray:
    """uint32[documents, BANDS]: ROWS_PER_BAND digests each as one hash."""
    powers = np.array([pow(_MULTIPLIER, k + 1, 1 << 64) for k in range(ROWS_PER_BAND)], dtype=np.uint64)
    bands = np.empty((len(digests), BANDS), np.uint32)
    for band in range(BANDS):
        rows = digests[:, band * ROWS_PER_BAND : (band + 1) * ROWS_PER_BAND]
        bands[:, band] = mix((rows * powers).sum(axis=1, dtype=np.uint64)) >> np.uint64(32)
    return bands
