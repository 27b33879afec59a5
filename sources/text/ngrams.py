"""The n-grams of a text as hashes: what near duplicates share.

The n-grams are of characters, also for English, because a Chinese text has no words to split at. A text shorter
than the window has one token, the hash of all of it, so short texts are only similar when they are equal.
"""

from dataclasses import dataclass

import numpy as np

from sources.text.codes import Codes, mix, spans, text_keys

TOKEN_BITS, DROPPED_BITS = np.uint64(48), np.uint64(16)
MAX_TEXTS = 1 << 16


@dataclass(frozen=True, slots=True)
class Tokens:
    """n-gram hashes (uint64) of many texts in a row: text t has `flat[offsets[t]:offsets[t + 1]]`."""

    flat: np.ndarray
    offsets: np.ndarray

    def of(self, text: int) -> np.ndarray:
        return self.flat[self.offsets[text] : self.offsets[text + 1]]

    def select(self, texts: np.ndarray) -> "Tokens":
        """The tokens of some of the texts, by number."""
        places, offsets = spans(self.offsets, texts)
        return Tokens(self.flat[places], offsets)


def tokens(folded: Codes, sizes: np.ndarray) -> Tokens:
    """The n-grams of each text, `sizes[t]` characters wide; equal texts have equal tokens."""
    if not len(sizes) or (sizes == sizes[0]).all():
        return _tokens(folded, int(sizes[0]) if len(sizes) else 1)
    parts = [(at, _tokens(folded.select(at), int(sizes[at[0]]))) for at in _places_by_value(sizes)]
    return _interleave(parts, len(sizes))


def _places_by_value(values: np.ndarray) -> list[np.ndarray]:
    return [np.flatnonzero(values == value) for value in np.unique(values)]


def _tokens(folded: Codes, size: int) -> Tokens:
    lengths = folded.lengths
    counts = np.where(lengths >= size, lengths - size + 1, np.minimum(lengths, 1))
    hashes = window_hashes(folded.flat, size)
    short = np.flatnonzero((lengths > 0) & (lengths < size))
    if len(short):
        hashes[folded.offsets[short]] = text_keys(folded.select(short))
    whole = np.ones(len(hashes), dtype=bool)
    for back in range(1, size):
        whole[folded.offsets[1:][lengths > back] - back] = False
    return Tokens(hashes[whole], np.concatenate([[0], np.cumsum(counts)]))


def replace_texts(tokens: Tokens, texts: np.ndarray, new: Tokens) -> Tokens:
    """The same tokens, those of the texts by number (sorted) replaced by `new`."""
    if not len(texts):
        return tokens
    count = len(tokens.offsets) - 1
    others = np.setdiff1d(np.arange(count), texts)
    return _interleave([(others, tokens.select(others)), (texts, new)], count)


def _interleave(parts: list[tuple[np.ndarray, Tokens]], count: int) -> Tokens:
    """The tokens of `count` texts from parts that each hold some of them."""
    lengths = np.zeros(count, np.int64)
    for at, part in parts:
        lengths[at] = np.diff(part.offsets)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    flat = np.zeros(offsets[-1], np.uint64)
    for at, part in parts:
        flat[spans(offsets, at)[0]] = part.flat
    return Tokens(flat, offsets)


def window_hashes(flat: np.ndarray, size: int) -> np.ndarray:
    """uint64[len(flat)]: the hash of `size` (a multiple of 4) code points from each place on; meaningless at the end.

    Four code points of 16 bits fill a uint64 by themselves, so their hash is as good as they are; beyond the basic
    plane the upper bits are folded in.
    """
    units = np.zeros(len(flat) + 4, np.uint16)
    units[: len(flat)] = flat ^ (flat >> np.uint32(16)) * np.uint32(0x9E3B)
    packed = np.ndarray(len(flat), np.uint64, units.data, strides=(2,))
    hashes = mix(packed)
    for done in range(4, size, 4):
        hashes[: max(len(flat) - done, 0)] += mix(packed[done:]) * np.uint64(2 * done + 1)
    return hashes


@dataclass(frozen=True, slots=True)
class TokenSets:
    """The distinct tokens of at most MAX_TEXTS texts, sorted, cut to their upper 48 bits; of text t from offsets[t]."""

    flat: np.ndarray
    offsets: np.ndarray

    def keyed(self, texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The tokens of text `texts[i]` with i in the upper 16 bits, in one sorted array; and how many each has."""
        places, offsets = spans(self.offsets, texts)
        sizes = np.diff(offsets)
        return self.flat[places] | np.repeat(np.arange(len(texts), dtype=np.uint64) << TOKEN_BITS, sizes), sizes


def token_sets(tokens: Tokens) -> TokenSets:
    """The tokens of each text as a set."""
    count = len(tokens.offsets) - 1
    owner = np.repeat(np.arange(count, dtype=np.uint64), np.diff(tokens.offsets))
    keys = np.sort((tokens.flat >> DROPPED_BITS) | (owner << TOKEN_BITS))
    keys = keys[np.concatenate([[True], keys[1:] != keys[:-1]])] if len(keys) else keys
    sizes = np.bincount((keys >> TOKEN_BITS).astype(np.int64), minlength=count)
    return TokenSets(keys & ((np.uint64(1) << TOKEN_BITS) - np.uint64(1)), np.concatenate([[0], np.cumsum(sizes)]))


def similarities(sets: TokenSets, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """float64: the Jaccard similarity of texts left[i] and right[i], at most MAX_TEXTS pairs; 1 for two empty ones."""
    if not len(left):
        return np.empty(0)
    (a, sizes_a), (b, sizes_b) = sets.keyed(left), sets.keyed(right)
    place = np.searchsorted(b, a)
    hits = np.zeros(len(a), dtype=bool)
    inside = place < len(b)
    hits[inside] = b[place[inside]] == a[inside]
    shared = np.bincount((a[hits] >> TOKEN_BITS).astype(np.int64), minlength=len(left))
    union = sizes_a + sizes_b - shared
    return np.where(union > 0, shared / np.maximum(union, 1), 1.0)
