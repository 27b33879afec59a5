"""MinHash bands: what finds the candidates for near duplicates among millions of texts."""

import numpy as np
from rensa import RMinHash

from sources.text.codes import mix
from sources.text.ngrams import Tokens

BANDS, ROWS_PER_BAND = 8, 4
"""Texts with Jaccard similarity s share a band with probability 1 - (1 - s**4)**8: 0.985 at 0.8, 0.9998 at 0.9."""

MINHASH_SEED = 20240404
SIDE_SALTS = np.array([0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0], dtype=np.uint64)
_MULTIPLIER = 0x9E3779B97F4A7C15


def pair_tokens(texts: Tokens) -> Tokens:
    """The tokens of whole pairs: those of its three texts, salted by side, so that swapped sides differ."""
    salts = SIDE_SALTS[np.arange(len(texts.offsets) - 1) % 3]
    return Tokens(texts.flat ^ np.repeat(salts, np.diff(texts.offsets)), texts.offsets[::3])


def prompt_tokens(texts: Tokens) -> Tokens:
    """The tokens of the prompts only."""
    return texts.select(np.arange(0, len(texts.offsets) - 1, 3))


def bands(documents: Tokens, bands_count: int = BANDS, rows_per_band: int = ROWS_PER_BAND) -> np.ndarray:
    """uint32[documents, bands]: documents that are similar are likely to be equal in one of the columns."""
    size = bands_count * rows_per_band
    count = len(documents.offsets) - 1
    if not count:
        return np.zeros((0, bands_count), np.uint32)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(
        documents.flat, documents.offsets.astype(np.uint64), size, MINHASH_SEED
    )
    digests = np.array(matrix.to_rows(), dtype=np.uint32).reshape(count, bands_count, rows_per_band)
    powers = np.array([pow(_MULTIPLIER, k + 1, 1 << 64) for k in range(rows_per_band)], dtype=np.uint64)
    return (mix((digests.astype(np.uint64) * powers).sum(axis=2, dtype=np.uint64)) >> np.uint64(32)).astype(np.uint32)
