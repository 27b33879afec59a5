"""Traditional characters read as Simplified ones, so that two copies of a text in either script are found to be one.

Only what is compared is read so; the text of a pair is never converted. The table is OpenCC's, one character at a time.
"""

from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from opencc import OpenCC

from sources.text.characters import CODE_POINTS, Kind, code_ranges
from sources.text.codes import Codes, decode

ALSO = {"著": "着"}
"""OpenCC decides by the word whether this one changes (看著, but 著名); compared texts need it the same everywhere."""


def simplified(codes: Codes) -> Codes:
    """The texts with each Traditional character as its Simplified one."""
    return Codes(simplified_table()[codes.flat], codes.offsets)


def simplify_rows(strings: pa.Array, rows: np.ndarray) -> pa.Array:
    """A column of texts without nulls; in these (sorted) rows each Traditional character as its Simplified one."""
    codes = simplified(decode(strings.take(pa.array(rows))))
    new = [codes.of(text).tobytes().decode("utf-32-le") for text in range(len(rows))]
    mask = np.zeros(len(strings), dtype=bool)
    mask[rows] = True
    return pc.replace_with_mask(strings, pa.array(mask), pa.array(new, pa.string()))


@cache
def simplified_table() -> np.ndarray:
    """uint32[0x110000]: each code point, a Traditional character as the Simplified one that it is written with."""
    table = np.arange(CODE_POINTS, dtype=np.uint32)
    han = [code for first, last in code_ranges(Kind.HAN) for code in range(first, last + 1)]
    converted = OpenCC("t2s").convert("\n".join(map(chr, han))).split("\n")
    for code, character in zip(han, converted, strict=True):
        table[code] = ord(ALSO.get(character, character))
    return table
