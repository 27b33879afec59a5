"""What comparing stages see of each pair: a few hashes and numbers, never its text. About 270 bytes a pair.

Which texts have equal hashes is decided in sources/text/texts.py (`keys`, `exact_keys`) and minhash.py.
"""

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from builders.measures.surface import Surface, surface_of
from sources.text.codes import decode, mix, text_keys
from sources.text.minhash import BANDS, DIGESTS, SKETCHES, bands, digests, pair_tokens, sketches
from sources.text.ngrams import token_sets
from sources.text.texts import PairTexts


@dataclass(frozen=True, slots=True)
class Keys:
    """One entry a pair, in the order of precedence (of two equal pairs the earlier is kept)."""

    ids: np.ndarray
    """uint64[n, 2]: the content id."""
    sides: np.ndarray
    """uint64[n, 3]: hashes of prompt, chosen and rejected, NFKC and without white space, salted by language."""
    exact: np.ndarray
    """uint64[n]: one hash of the three texts with the spaces inside their lines, salted by language."""
    prompt_sizes: np.ndarray
    """uint16[n]: how many distinct n-grams the prompt has, at most 65,535."""
    side_sizes: np.ndarray
    """uint16[n, 3]: how many characters each side has when it is compared for near duplicates, at most 65,535."""
    items: np.ndarray
    """uint64[n]: a hash of the item that the source names, 0 for none."""
    pair_digests: np.ndarray
    """uint32[n, DIGESTS]: MinHash digests of the whole pair, salted by language."""
    chosen_sketches: np.ndarray
    """uint32[n, SKETCHES]: the prompt together with the chosen answer; near contradictions have one of them in common
    with the `rejected_sketches` of the other pair."""
    rejected_sketches: np.ndarray
    """uint32[n, SKETCHES]: the prompt together with the rejected answer."""
    prompt_bands: np.ndarray
    """uint32[n, BANDS]: MinHash bands of the prompt, Traditional characters read as Simplified."""
    answer_chars: np.ndarray
    """uint32[n, 2]: how many characters chosen and rejected have as they are."""
    answer_marks: np.ndarray
    """uint8[n, 2]: how many marks of Markdown and list items they have (`builders.measures.surface`)."""
    answer_signs: np.ndarray
    """uint8[n, 2]: the `Sign` of each."""
    source: np.ndarray
    """uint16[n]: the place of the source in the build."""
    lang: np.ndarray
    """uint8[n]: the place of the language in LANGS."""
    alive: np.ndarray
    """bool[n]: not dropped by a check."""

    def __len__(self) -> int:
        return len(self.ids)

    def surface(self, rows: np.ndarray) -> Surface:
        """What shows of the answers of these rows."""
        return Surface(self.answer_chars[rows], self.answer_marks[rows], self.answer_signs[rows])

    @classmethod
    def none(cls) -> "Keys":
        """The keys of no pair."""
        n, wide = np.empty, np.uint64
        return cls(
            ids=n((0, 2), wide),
            sides=n((0, 3), wide),
            exact=n(0, wide),
            prompt_sizes=n(0, np.uint16),
            side_sizes=n((0, 3), np.uint16),
            items=n(0, wide),
            pair_digests=n((0, DIGESTS), np.uint32),
            chosen_sketches=n((0, SKETCHES), np.uint32),
            rejected_sketches=n((0, SKETCHES), np.uint32),
            prompt_bands=n((0, BANDS), np.uint32),
            answer_chars=n((0, 2), np.uint32),
            answer_marks=n((0, 2), np.uint8),
            answer_signs=n((0, 2), np.uint8),
            source=n(0, np.uint16),
            lang=n(0, np.uint8),
            alive=n(0, bool),
        )


def compute_keys(texts: PairTexts, source: int, alive: np.ndarray) -> Keys:
    """The keys of one batch of pairs of one source."""
    langs = texts.langs[::3]
    salt = mix(langs.astype(np.uint64) + np.uint64(1))
    prompts = texts.simplified_tokens(np.arange(0, 3 * len(texts), 3))
    pairs = pair_tokens(texts.fine_tokens)
    prompt, chosen, rejected = sketches(texts.fine_tokens).reshape(-1, 3, SKETCHES).transpose(1, 0, 2).astype(np.uint64)
    surface = surface_of(texts)
    narrow_salt = (salt >> np.uint64(32)).astype(np.uint32)[:, None]
    return Keys(
        ids=np.frombuffer(bytes.fromhex("".join(texts.pairs["id"].to_pylist())), ">u8")
        .reshape(-1, 2)
        .astype(np.uint64),
        sides=texts.keys ^ salt[:, None],
        exact=pair_hashes(texts.exact_keys) ^ salt,
        prompt_sizes=np.minimum(np.diff(token_sets(prompts).offsets), 65_535).astype(np.uint16),
        side_sizes=np.minimum(texts.folded.lengths.reshape(-1, 3), 65_535).astype(np.uint16),
        items=_item_keys(texts.pairs["item"]),
        pair_digests=digests(pairs) ^ narrow_salt,
        chosen_sketches=_narrow(mix(prompt) + chosen) ^ narrow_salt,
        rejected_sketches=_narrow(mix(prompt) + rejected) ^ narrow_salt,
        prompt_bands=bands(prompts) ^ narrow_salt,
        answer_chars=surface.chars,
        answer_marks=surface.marks,
        answer_signs=surface.signs,
        source=np.full(len(texts), source, np.uint16),
        lang=langs.astype(np.uint8),
        alive=alive,
    )


def pair_hashes(sides: np.ndarray) -> np.ndarray:
    """uint64[n]: one hash of prompt, chosen and rejected, which are uint64[n, 3]."""
    return mix(sides[:, 0] + mix(sides[:, 1] + mix(sides[:, 2])))


def _narrow(values: np.ndarray) -> np.ndarray:
    """uint32: a hash of uint64 values."""
    return (mix(values) >> np.uint64(32)).astype(np.uint32)


def concatenate(batches: list[Keys]) -> Keys:
    """The keys of all batches; empties the list as it goes, so that the peak is one column more than the whole."""
    columns = {field.name: [getattr(batch, field.name) for batch in batches] for field in fields(Keys)}
    batches.clear()
    joined = {}
    for name in list(columns):
        joined[name] = np.concatenate(columns.pop(name))
    return Keys(**joined)


def _item_keys(items: pa.ChunkedArray) -> np.ndarray:
    named = pc.fill_null(items, "").combine_chunks()
    keys = text_keys(decode(named))
    keys[pc.equal(named, "").to_numpy(zero_copy_only=False)] = 0
    return keys
