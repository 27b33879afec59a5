"""Languages and scripts of a sample of each source."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from builders.report.sample import order_keys
from sources.pairs.schema import SIDES
from sources.text.characters import Kind
from sources.text.texts import PairTexts
from sources.text.verdict import NO, OPEN, YES

PAIRS_A_SOURCE = 400

PARTS: dict[str, tuple[Kind, ...]] = {
    "Han": (Kind.HAN,),
    "Latin": (Kind.LATIN,),
    "kana": (Kind.KANA,),
    "other scripts": (Kind.HANGUL, Kind.CYRILLIC, Kind.ARABIC, Kind.GREEK, Kind.LETTER),
    "digits and signs": (Kind.DIGIT, Kind.LIGHT, Kind.STOP, Kind.OTHER, Kind.MARK, Kind.BROKEN),
}


@dataclass(frozen=True, slots=True)
class Scripts:
    """One source: characters of each of PARTS (white space is none), and for each side the texts that are in the
    language of the set, in none (code, numbers, a few words), in another."""

    source: str
    pairs: int
    parts: dict[str, int]
    verdicts: dict[str, tuple[int, int, int]]


def find_scripts(drawn: pa.Table) -> list[Scripts]:
    """Of each source that has pairs, measured on the pairs with the lowest ids: a fair draw."""
    kept = drawn.filter(pc.is_null(drawn["stage"]))
    keys = order_keys(kept)
    names = np.array(kept["source"].to_pylist(), dtype=object)
    found = []
    for source in sorted(set(names.tolist())):
        places = np.flatnonzero(names == source)
        places = places[np.argsort(keys[places])][:PAIRS_A_SOURCE]
        found.append(_scripts(source, kept.take(pa.array(places)).combine_chunks()))
    return found


def _scripts(source: str, pairs: pa.Table) -> Scripts:
    texts = PairTexts(pairs)
    counts = texts.counts.sum(axis=0)
    verdicts = texts.verdicts.reshape(-1, len(SIDES))
    return Scripts(
        source,
        len(pairs),
        {part: int(counts[list(kinds)].sum()) for part, kinds in PARTS.items()},
        {
            side: tuple(int((verdicts[:, place] == verdict).sum()) for verdict in (YES, OPEN, NO))  # type: ignore[misc]
            for place, side in enumerate(SIDES)
        },
    )
