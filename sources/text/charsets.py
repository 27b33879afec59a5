"""Text that was decoded by the wrong charset, found by trying the way back.

Each way encodes the text as it was wrongly read and decodes it as it was written. What comes out right is Chinese
made of common characters; what went in was not.
"""

import codecs
from functools import cache

import numpy as np

from sources.text.characters import CODE_POINTS, SCRIPTS, Kind, kind_table

WAYS_BACK = (
    ("gb18030", "utf-8"),
    ("latin-1", "utf-8"),
    ("cp1252", "utf-8"),
    ("latin-1", "gbk"),
    ("cp1252", "gbk"),
    ("big5", "gbk"),
    ("gb18030", "big5"),
    ("cp932", "utf-8"),
    ("cp932", "gbk"),
    ("latin-1", "big5"),
    ("big5", "utf-8"),
)
"""(read as, written as)."""

AS_LATIN_1 = "latin-1-or-nothing"
"""The name under which Python knows what to do with a character that a charset has not."""

WESTERN_CHARSETS = ("latin-1", "cp1252")

UNCOMMON, WESTERN = 1, 2
MIN_STRANGE, MIN_STRANGE_SHARE, MIN_CHINESE = 4, 0.25, 6
MIN_COMMON, MAX_COMMON_BEFORE = 0.75, 0.7
MAX_LOST_SHARE = 0.25
"""Of a text that lost bytes on the way, so much may come back as nothing."""


@cache
def strange_table() -> np.ndarray:
    """uint8[0x110000]: UNCOMMON for Han characters that neither GB 2312 nor Big5 has among its common ones, and for
    letters that Chinese text hardly has; WESTERN for the upper half of Latin-1 and of cp1252."""
    table = np.zeros(CODE_POINTS, np.uint8)
    table[np.isin(kind_table(), [Kind.HAN, Kind.CYRILLIC, Kind.GREEK, Kind.KANA])] = UNCOMMON
    table[[*common_characters()]] = 0
    table[0xE000:0xF900] = UNCOMMON
    table[0x80:0x100] = WESTERN
    table[[ord(bytes([code]).decode("cp1252", "ignore") or "\x80") for code in range(0x80, 0xA0)]] = WESTERN
    return table


@cache
def common_characters() -> frozenset[int]:
    """The code points of level 1 of GB 2312 and of Big5: about 7,000 that write nearly all of Chinese."""
    simplified = (bytes([row, cell]) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF))
    cells = [*range(0x40, 0x7F), *range(0xA1, 0xFF)]
    traditional = (bytes([row, cell]) for row in range(0xA4, 0xC7) for cell in cells)
    found = [code.decode("gb2312", "ignore") for code in simplified]
    found += [code.decode("big5", "ignore") for code in traditional]
    return frozenset(ord(char) for char in found if len(char) == 1)


def way_back(text: str) -> str | None:
    """What the text was before it was read by the wrong charset, and which; None if no way leads to Chinese."""
    before = _common_share(text)
    if before > MAX_COMMON_BEFORE:
        return None
    eastern = _is_mostly_eastern(text)
    for read_as, written_as in WAYS_BACK:
        if read_as not in WESTERN_CHARSETS and not eastern:
            continue
        data = _encode(text, read_as)
        if 2 * len(data) < len(text):
            continue  # most of the text is not of this charset
        again = data.decode(written_as, "replace")
        broken = again.count("\ufffd") + len(text) - len(data.decode(read_as, "ignore"))
        if broken > MAX_LOST_SHARE * len(again):
            continue
        whole = again.replace("\ufffd", "")
        if _common_share(whole) >= max(MIN_COMMON, before + 0.2) and _is_chinese(whole):
            return f"{written_as} read as {read_as}: {whole}"
    return None


def _encode(text: str, charset: str) -> bytes:
    """The text as bytes, without what the charset has not; browsers take what cp1252 leaves undefined as Latin-1."""
    return text.encode(charset, AS_LATIN_1 if charset == "cp1252" else "ignore")


def _as_latin_1(error: UnicodeError) -> tuple[bytes, int]:
    assert isinstance(error, UnicodeEncodeError)
    return error.object[error.start : error.end].encode("latin-1", "ignore"), error.end


codecs.register_error(AS_LATIN_1, _as_latin_1)


def _is_mostly_eastern(text: str) -> bool:
    """Whether Han and kana outnumber other letters beyond ASCII: Russian in GB 18030 is no Chinese in Big5."""
    counts = np.bincount(kind_table()[_beyond_ascii(text)], minlength=len(Kind))
    return bool(counts[[Kind.HAN, Kind.KANA]].sum() >= max(MIN_STRANGE, counts[list(SCRIPTS)].sum() / 2))


def _is_chinese(text: str) -> bool:
    """Whether there are some common characters, and no more Latin letters than those."""
    common = int(_common_table()[_beyond_ascii(text)].sum())
    return common >= MIN_CHINESE and common >= sum(char.isascii() and char.isalpha() for char in text)


def _common_share(text: str) -> float:
    """How much of what is not ASCII, a mark or white space is common Chinese."""
    codes = _beyond_ascii(text)
    codes = codes[kind_table()[codes] > Kind.STOP]
    return float(_common_table()[codes].mean()) if len(codes) else 0.0


def _beyond_ascii(text: str) -> np.ndarray:
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    return codes[codes >= 0x80]


@cache
def _common_table() -> np.ndarray:
    """bool[0x110000]: whether a code point is one of the common characters."""
    table = np.zeros(CODE_POINTS, dtype=bool)
    table[[*common_characters()]] = True
    return table
