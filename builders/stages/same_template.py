"""Whether two similar pairs are one text with edits, or two items in one template.

Ten comments under one long instruction to moderate them are ten tasks, however little of each prompt is its own. Two
such prompts differ where all of their kind differ: what stands there is rare among the similar pairs, and the rest is
in all of them. An edited copy differs where the others do not, or shares with its original what nobody else has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from builders.stages.found import TextReader, kept_in_memory
from builders.stages.keys import Keys
from builders.stages.substitutions import replaced_alike
from builders.stages.uncrowd import TokenCounts, count_tokens, in_parts
from sources.pairs.languages import IS_DENSE
from sources.text.characters import Kind
from sources.text.codes import text_keys
from sources.text.minhash import pair_tokens, side_tokens
from sources.text.ngrams import TOKEN_BITS, TokenSets, token_sets
from sources.text.texts import PairTexts

MIN_TEMPLATE_ROWS, MIN_TEMPLATE_SHARE = 3, 0.6
"""A template is in more similar pairs than the two, and it is so much of what the two share."""

MAX_ITEM_SHARE = 0.6
"""An n-gram belongs to an item if at most this share of the pairs that have the template have it."""

MIN_ITEM_TOKENS = 0.8
"""Where two items differ, so much of each text belongs to its item: an edit breaks n-grams of the template."""

MAX_OWN_SIMILARITY = 0.3
"""Two items share less of what hardly another pair has than this."""

MAX_LABEL_CHARS, MIN_SLOT_CHARS = np.where(IS_DENSE, 12, 24), np.where(IS_DENSE, 3, 6)
"""By place in LANGS."""

LOW_BITS = (np.uint64(1) << TOKEN_BITS) - np.uint64(1)


def drop_other_items(
    pairs: np.ndarray, keys: Keys, read_texts: TextReader, sides: Sequence[int] = range(3)
) -> np.ndarray:
    """bool[p]: which of the similar pairs of rows are not two items of one template.

    `sides[s]` is the side of the later row that side s of the earlier is like.
    """
    other = np.array(sides)
    same = np.ones(len(pairs), dtype=bool)
    read_texts = kept_in_memory(read_texts, np.unique(pairs))
    counts = count_tokens(np.unique(pairs), lambda rows: pair_tokens(read_texts(rows).tokens))
    for part in in_parts(np.arange(len(pairs))) if len(pairs) else []:
        rows, places = np.unique(pairs[part], return_inverse=True)
        earlier, later = places.reshape(-1, 2).T
        texts = read_texts(rows)
        differ = keys.sides[pairs[part, 0]] != keys.sides[pairs[part, 1]][:, other]
        which, side = np.nonzero(differ)
        differing = _Differing(texts, counts, which, 3 * earlier[which] + side, 3 * later[which] + other[side])
        items = _differ_in_items(differing.where(side == other[side]), len(part))
        items |= _labelled_apart(texts, earlier, later)
        items |= replaced_alike(texts, differing.which, differing.left, differing.right, len(part))
        same[part] = ~(_differ_in_numbers(differing, len(part)) | (items & differ[:, 0]))
    return same


@dataclass(frozen=True, slots=True)
class _Differing:
    """Sides of pairs that are not equal: text left[i] and text right[i] are one side of pair which[i]."""

    texts: PairTexts
    counts: TokenCounts
    which: np.ndarray
    left: np.ndarray
    right: np.ndarray

    def where(self, chosen: np.ndarray) -> "_Differing":
        """Some of the sides."""
        return _Differing(self.texts, self.counts, self.which[chosen], self.left[chosen], self.right[chosen])

    def tokens(self, numbers: np.ndarray, sets: TokenSets) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The n-grams of these texts, keyed by their place among them; of which pair each is, and in how many rows."""
        keyed, sizes = sets.keyed(numbers)
        return keyed, np.repeat(self.which, sizes), self.counts.of(keyed & LOW_BITS).astype(np.float64)


def _differ_in_numbers(differing: _Differing, size: int) -> np.ndarray:
    """bool[size]: whether prompts, or short answers, are the same but for their digits: another sum, another year."""
    texts = differing.texts
    whole = text_keys(texts.folded)
    words = text_keys(texts.codes.where((texts.kinds > Kind.LIGHT) & (texts.kinds != Kind.DIGIT)))
    left, right = differing.left, differing.right
    telling = (left % 3 == 0) | (texts.folded.lengths[left] <= MAX_LABEL_CHARS[texts.langs[left]])
    found = np.zeros(size, dtype=bool)
    found[differing.which[telling & (whole[left] != whole[right]) & (words[left] == words[right])]] = True
    return found


def _differ_in_items(differing: _Differing, size: int) -> np.ndarray:
    """bool[size]: whether what the two of a pair share is in many rows, and what only one of them has is not.

    Takes the same side of both only: the n-grams of prompt, chosen and rejected are counted apart.
    """
    sets = token_sets(side_tokens(differing.texts.tokens))
    (a, owner_a, rows_a), (b, owner_b, rows_b) = (
        differing.tokens(numbers, sets) for numbers in (differing.left, differing.right)
    )
    in_b, in_a = _inside(a, b), _inside(b, a)
    level = _mean(owner_a[in_b], rows_a[in_b], size)
    found = _mean(owner_a[in_b], rows_a[in_b] >= MIN_TEMPLATE_ROWS, size) >= MIN_TEMPLATE_SHARE
    for owner, rows in ((owner_a[~in_b], rows_a[~in_b]), (owner_b[~in_a], rows_b[~in_a])):
        found &= _mean(owner, rows <= MAX_ITEM_SHARE * level[owner], size) >= MIN_ITEM_TOKENS
    own = in_b & (rows_a <= np.maximum(2, MAX_ITEM_SHARE * level[owner_a]))
    alike = np.bincount(owner_a[own], 1 / np.maximum(rows_a[own] - 1, 1), size)
    unlike = np.bincount(owner_a[~in_b], minlength=size) + np.bincount(owner_b[~in_a], minlength=size)
    return np.asarray(found & (alike < MAX_OWN_SIMILARITY * (alike + unlike)))


def _inside(wanted: np.ndarray, ranked: np.ndarray) -> np.ndarray:
    """bool: which of the values are among the sorted others."""
    if not len(ranked):
        return np.zeros(len(wanted), dtype=bool)
    places = np.minimum(np.searchsorted(ranked, wanted), len(ranked) - 1)
    return np.asarray(ranked[places] == wanted)


def _mean(owner: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    """The mean of the values of each owner; 0 without any."""
    return np.asarray(np.bincount(owner, values, size) / np.maximum(np.bincount(owner, minlength=size), 1))


def _labelled_apart(texts: PairTexts, earlier: np.ndarray, later: np.ndarray) -> np.ndarray:
    """Whether the answers are labels, which say nothing, and the prompts differ in one whole piece: an item."""
    short = (texts.folded.lengths <= MAX_LABEL_CHARS[texts.langs]).reshape(-1, 3)[:, 1:].all(axis=1)
    labels = short[earlier] & short[later]
    found = np.zeros(len(earlier), dtype=bool)
    for at in np.flatnonzero(labels).tolist():
        a, b = (texts.folded.of(3 * int(row[at])) for row in (earlier, later))
        found[at] = _is_one_piece(a, b, int(MIN_SLOT_CHARS[texts.langs[3 * earlier[at]]]))
    return found


def _is_one_piece(a: np.ndarray, b: np.ndarray, min_chars: int) -> bool:
    """Whether two texts differ in one piece of both, at least so long, that have little in common."""
    size = min(len(a), len(b))
    before = int(np.argmin(np.append(a[:size] == b[:size], False)))
    after = int(np.argmin(np.append((a[::-1][:size] == b[::-1][:size])[: size - before], False)))
    pieces = [set(pairwise(text[before : len(text) - after].tolist())) for text in (a, b)]
    return size - before - after >= min_chars and 2 * len(pieces[0] & pieces[1]) < min(map(len, pieces))
