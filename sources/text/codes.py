"""Columns of text as flat arrays of code points, and hashes of them."""

import unicodedata
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from xxhash import xxh3_64_intdigest

from sources.text.characters import NO_SINGLE_FORM, nfkc_table


@dataclass(frozen=True, slots=True)
class Codes:
    """Code points of many texts in a row: text t is `flat[offsets[t]:offsets[t + 1]]`."""

    flat: np.ndarray
    offsets: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        return np.diff(self.offsets)

    def of(self, text: int) -> np.ndarray:
        return self.flat[self.offsets[text] : self.offsets[text + 1]]

    def select(self, texts: np.ndarray) -> "Codes":
        """Some of the texts, by number."""
        places, offsets = spans(self.offsets, texts)
        return Codes(self.flat[places], offsets)

    def where(self, keep: np.ndarray) -> "Codes":
        """The code points for which `keep` (bool, as long as flat) holds."""
        lost = np.flatnonzero(~keep)
        return Codes(self.flat[keep], self.offsets - np.searchsorted(lost, self.offsets))


def decode(texts: pa.Array) -> Codes:
    """The code points (uint32) of a string column without nulls."""
    lengths = pc.utf8_length(texts).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    bounds = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
    if not len(texts) or bounds[0] == bounds[-1]:
        return Codes(np.empty(0, np.uint32), offsets)
    utf8 = memoryview(texts.buffers()[2])[int(bounds[0]) : int(bounds[-1])]
    return Codes(np.frombuffer(str(utf8, "utf-8").encode("utf-32-le"), np.uint32), offsets)


def nfkc(codes: Codes) -> Codes:
    """The texts in NFKC. Nearly all characters have a form of one code point, which a table knows; texts with others
    (ligatures, combining marks, an ellipsis) are normalised one by one."""
    flat = nfkc_table()[codes.flat]
    texts = np.unique(owners(codes.offsets, np.flatnonzero(flat == NO_SINGLE_FORM)))
    if not len(texts):
        return Codes(flat, codes.offsets)
    parts, lengths, done = [], codes.lengths, 0
    for text in texts.tolist():
        start, end = codes.offsets[text], codes.offsets[text + 1]
        normal = unicodedata.normalize("NFKC", codes.flat[start:end].tobytes().decode("utf-32-le"))
        parts += [flat[done:start], np.frombuffer(normal.encode("utf-32-le"), np.uint32)]
        lengths[text], done = len(normal), end
    return Codes(np.concatenate([*parts, flat[done:]]), np.concatenate([[0], np.cumsum(lengths)]))


def owners(offsets: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The text in which each place of a flat array lies."""
    return np.searchsorted(offsets, places, side="right") - 1


def spans(offsets: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The places that the chosen spans of a flat array cover, in order, and the offsets of the spans among them."""
    lengths = np.diff(offsets)[chosen]
    new = np.concatenate([[0], np.cumsum(lengths)])
    return np.repeat(offsets[:-1][chosen] - new[:-1], lengths) + np.arange(new[-1]), new


def mix(values: np.ndarray) -> np.ndarray:
    """uint64 values, each scattered over all 64 bits (the finaliser of splitmix64)."""
    mixed = values * np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def below_share(hashes: np.ndarray, share: float) -> np.ndarray:
    """bool: whether each hash (uint64) is in the lowest `share` of all numbers; all of them are in the whole."""
    return np.ones(len(hashes), dtype=bool) if share >= 1 else hashes < np.uint64(share * 2.0**64)


def text_keys(codes: Codes) -> np.ndarray:
    """uint64[t]: a 64-bit hash (XXH3) of the code points of each text."""
    utf32 = np.ascontiguousarray(codes.flat).data.cast("B")
    bounds = (codes.offsets * 4).tolist()
    hashes = (xxh3_64_intdigest(utf32[start:end]) for start, end in pairwise(bounds))
    return np.fromiter(hashes, np.uint64, len(bounds) - 1)
