"""Text that was decoded by the wrong charset, found by trying the way back.

Each way encodes the text as it was wrongly read and decodes it as it was written. What comes out right is Chinese
made of common characters; what went in was not.
"""

from collections.abc import Callable
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
    for read_as, written_as in WAYS_BACK:
        if read_as not in WESTERN_CHARSETS and not _is_mostly_eastern(text):
            continue
        kept = [char for char in map(_encoder(read_as), text) if char]
        again = b"".join(kept).decode(written_as, "replace")
        whole = again.replace("\ufffd", "")
        broken = len(again) - len(whole) + len(text) - len(kept)
        enough = _common_share(whole) >= max(MIN_COMMON, before + 0.2) and _is_chinese(whole)
        if broken <= MAX_LOST_SHARE * len(again) and enough:
            return f"{written_as} read as {read_as}: {whole}"
    return None


def _encoder(charset: str) -> Callable[[str], bytes]:
    """One character as bytes, none if the charset has it not; browsers take what cp1252 leaves undefined as Latin-1."""

    def encode(char: str) -> bytes:
        return char.encode(charset, "ignore") or (char.encode("latin-1", "ignore") if charset == "cp1252" else b"")

    return encode


def _is_mostly_eastern(text: str) -> bool:
    """Whether Han and kana outnumber other letters beyond ASCII: Russian in GB 18030 is no Chinese in Big5."""
    kinds = [kind_table()[ord(char)] for char in text if ord(char) >= 0x80]
    eastern = sum(kind in (Kind.HAN, Kind.KANA) for kind in kinds)
    return eastern >= max(MIN_STRANGE, sum(kind in SCRIPTS for kind in kinds) / 2)


def _is_chinese(text: str) -> bool:
    """Whether there are some common characters, and no more Latin letters than those."""
    common = sum(ord(char) in common_characters() for char in text)
    return common >= MIN_CHINESE and common >= sum(char.isascii() and char.isalpha() for char in text)


def _common_share(text: str) -> float:
    """How much of what is not ASCII is common Chinese."""
    common = common_characters()
    marks = "，。！？、；：“”‘’（）《》…—·"
    codes = [char for char in text if ord(char) >= 0x80 and char not in marks and not char.isspace()]
    return sum(ord(char) in common for char in codes) / len(codes) if codes else 0.0
