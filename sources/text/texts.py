"""Columns of text with all that checks ask of them, each computed once for a whole batch.

A batch of n pairs has 3n texts, interleaved: prompt, chosen and rejected of pair 0, then of pair 1, and so on.
Text t belongs to pair t // 3 and is side t % 3 of it.
"""

import unicodedata
from collections.abc import Iterable
from functools import cache, cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sources.pairs.languages import IS_DENSE, LANGS
from sources.pairs.reasoning import Reasoned, find_reasoning
from sources.pairs.schema import SIDES, joined_text
from sources.text.characters import Kind, kind_table, lower_table, nfkc_table, telltale_table
from sources.text.charsets import strange_table
from sources.text.codes import Codes, decode, mix, nfkc, owners, spans, text_keys
from sources.text.language import verdicts
from sources.text.ngrams import Tokens, replace_texts, tokens
from sources.text.simplified import simplified, simplified_table

NGRAMS = np.where(IS_DENSE, 4, 8)
"""Characters of an n-gram, by place in LANGS: about two words of any language."""

FINE_NGRAM = 4

LINE_BREAKS = np.array([0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029], dtype=np.uint32)


class Texts:
    """t texts, as they are and in NFKC form; `langs[t]` is the place in LANGS of the language each should be in."""

    def __init__(self, strings: pa.Array, langs: np.ndarray, *, simplify: bool = False) -> None:
        self.strings, self.langs, self._simplify = strings, langs, simplify

    @cached_property
    def codes(self) -> Codes:
        """The code points of the texts in NFKC: full-width and half-width forms are one.

        With `simplify`, Traditional characters are Simplified ones.
        """
        codes = nfkc(decode(self.strings))
        return simplified(codes) if self._simplify else codes

    def normal(self, text: int) -> str:
        """One text in NFKC."""
        return unicodedata.normalize("NFKC", self.strings[text].as_py())

    @cached_property
    def kinds(self) -> np.ndarray:
        """uint8[c]: the Kind of each code point of `codes`."""
        return np.asarray(kind_table()[self.codes.flat])

    @cached_property
    def counts(self) -> np.ndarray:
        """int64[t, 16]: how many characters of each Kind a text has."""
        size = len(Kind)
        cells = np.repeat(np.arange(len(self.strings)) * size, self.codes.lengths)
        cells += self.kinds
        return np.bincount(cells, minlength=len(self.strings) * size).reshape(-1, size)

    @cached_property
    def solid(self) -> Codes:
        """The code points without white space and control characters."""
        return self.codes.where(self.kinds > Kind.CONTROL)

    @cached_property
    def folded(self) -> Codes:
        """The texts as near duplicates are compared: no white space, no light punctuation, lower case."""
        codes = self.codes.where(self.kinds > Kind.LIGHT)
        return Codes(lower_table()[codes.flat], codes.offsets)

    def letters(self, texts: np.ndarray) -> Codes:
        """Some of the texts, by number, as questions are compared: letters and digits, lower case, Simplified."""
        places, offsets = spans(self.codes.offsets, texts)
        codes = Codes(self.codes.flat[places], offsets).where(self.kinds[places] >= Kind.DIGIT)
        return Codes(_lower_simplified_table()[codes.flat], codes.offsets)

    @cached_property
    def _ngram_sizes(self) -> np.ndarray:
        return np.asarray(NGRAMS[self.langs])

    @cached_property
    def tokens(self) -> Tokens:
        """The n-grams of the folded texts, as wide as the language asks for."""
        return tokens(self.folded, self._ngram_sizes)

    def simplified_tokens(self, texts: np.ndarray) -> Tokens:
        """The n-grams of some of the texts, by number, the same in Traditional as in Simplified characters."""
        places = np.flatnonzero(np.isin(texts, self.traditional))
        new = tokens(simplified(self.folded.select(texts[places])), self._ngram_sizes[texts[places]])
        return replace_texts(self.tokens.select(texts), places, new)

    @cached_property
    def fine_tokens(self) -> Tokens:
        """The n-grams of the folded texts, FINE_NGRAM wide in every language: more of them survive an edit."""
        if IS_DENSE[self.langs].all():
            return self.tokens
        return tokens(self.folded, np.full(len(self.langs), FINE_NGRAM))

    @cached_property
    def _telltales(self) -> tuple[np.ndarray, np.ndarray]:
        """The code points that are TELLTALES, strange or Traditional, and the texts that they stand in."""
        places = np.flatnonzero(_noticed_table()[self.codes.flat])
        return self.codes.flat[places], owners(self.codes.offsets, places)

    def holding(self, telltales: str) -> np.ndarray:
        """The numbers of the texts that hold one of these TELLTALES: those that a costly pattern must be tried on."""
        found, texts = self._telltales
        return np.unique(texts[np.isin(found, [ord(character) for character in telltales])])

    @cached_property
    def traditional(self) -> np.ndarray:
        """The numbers of the texts that hold a character which is written otherwise in Simplified ones."""
        found, texts = self._telltales
        return np.unique(texts[simplified_table()[found] != found])

    @cached_property
    def strange_counts(self) -> np.ndarray:
        """int64[t]: how many characters of each text Chinese and English hardly have."""
        found, texts = self._telltales
        return np.bincount(texts[strange_table()[found] > 0], minlength=len(self.strings))

    @cached_property
    def verdicts(self) -> np.ndarray:
        """int8[t]: whether each text is in its language: YES, OPEN or NO."""
        return verdicts(self.counts, self.strings, self.langs)


class PairTexts(Texts):
    """The 3n texts of n pairs."""

    def __init__(self, pairs: pa.Table, *, simplify: bool = False) -> None:
        self.pairs = pairs
        self.prompt, self.chosen, self.rejected = (joined_text(pairs[side].combine_chunks()) for side in SIDES)
        columns = pa.concat_arrays([self.prompt, self.chosen, self.rejected])
        interleaved = columns.take(pa.array(np.arange(len(columns)).reshape(3, -1).T.ravel()))
        super().__init__(interleaved, np.repeat(lang_index(pairs["lang"]), 3), simplify=simplify)

    def __len__(self) -> int:
        return len(self.pairs)

    def take(self, rows: np.ndarray) -> "PairTexts":
        """The texts of some of the pairs, by number."""
        return PairTexts(self.pairs.take(pa.array(rows)), simplify=self._simplify)

    @cached_property
    def reasoned(self) -> dict[int, tuple[Reasoned, Reasoned]]:
        """Chosen and rejected, taken apart, of the pairs of which an answer reasons."""
        holding = self.holding("<")
        return find_reasoning(self.pairs, np.unique(holding[holding % 3 > 0] // 3))

    @cached_property
    def keys(self) -> np.ndarray:
        """uint64[n, 3]: a hash of prompt, chosen and rejected, equal for texts that differ in white space only."""
        keys = text_keys(self.solid).reshape(-1, 3)
        keys[:, 0] ^= _by_turns(self.pairs["prompt"].combine_chunks())
        return keys

    @cached_property
    def exact_keys(self) -> np.ndarray:
        """uint64[n, 3]: like `keys`, but a space inside a line counts, while line breaks and margins do not."""
        loose = np.flatnonzero(self.kinds <= Kind.CONTROL)
        gap = (self.kinds[loose] == Kind.SPACE) & ~np.isin(self.codes.flat[loose], LINE_BREAKS)
        owner = owners(self.codes.offsets, loose)
        solid_before = loose - np.arange(len(loose)) - self.solid.offsets[owner]
        inside = gap & (solid_before > 0) & (solid_before < self.solid.lengths[owner])
        keys = self.keys.ravel().copy()
        texts, starts = np.unique(owner[inside], return_index=True)
        if len(texts):
            keys[texts] += np.add.reduceat(mix(solid_before[inside].astype(np.uint64)), starts)
        return keys.reshape(-1, 3)

    def side(self, side: int) -> pa.Array:
        """The texts of one side as they are: 0 prompt, 1 chosen, 2 rejected."""
        return (self.prompt, self.chosen, self.rejected)[side]

    def read(self, rows: Iterable[int], side: int) -> list[str]:
        """Some texts of one side."""
        taken: list[str] = self.side(side).take(pa.array(list(rows), pa.int64())).to_pylist()
        return taken


@cache
def _lower_simplified_table() -> np.ndarray:
    """uint32[0x110000]: each code point in lower case and Simplified."""
    return np.asarray(simplified_table()[lower_table()])


@cache
def _noticed_table() -> np.ndarray:
    """bool[0x110000]: the code points that are looked for in every text at once."""
    table = simplified_table()
    return np.asarray(telltale_table() | (strange_table() > 0) | (table != np.arange(len(table))))


def prompt_keys(prompts: pa.Array, *, simplify: bool = False) -> np.ndarray:
    """uint64[n]: the hashes of prompts alone, as `PairTexts.keys` has them."""
    texts = Texts(joined_text(prompts), np.zeros(len(prompts), np.int64), simplify=simplify)
    return np.asarray(text_keys(texts.solid) ^ _by_turns(prompts))


def _by_turns(prompts: pa.Array) -> np.ndarray:
    """uint64[n]: what tells prompts of several turns from one turn that says the same; 0 for one turn."""
    turns = pc.list_value_length(prompts).to_numpy(zero_copy_only=False)
    return np.asarray(np.where(turns > 1, mix(turns.astype(np.uint64)), np.uint64(0)))


def load_tables() -> None:
    """Make the tables of characters now, which otherwise the first text does."""
    for table in (kind_table, lower_table, nfkc_table, _lower_simplified_table, _noticed_table):
        table()


def lang_index(langs: pa.ChunkedArray | pa.Array) -> np.ndarray:
    """int64: the place in LANGS of each language."""
    places = pc.index_in(langs, value_set=pa.array(LANGS))
    return np.asarray(places.to_numpy(zero_copy_only=False), dtype=np.int64)
