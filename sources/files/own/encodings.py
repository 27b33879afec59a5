"""In which encoding a text is: by its mark, else by what it can only be; and the text as UTF-8.

UTF-8 is believed first: no other text looks like it. GB18030 (with GBK and GB2312) and Big5 are taken only where all
bytes decode, nearly all characters are those that people write, and the other of the two fits much worse.
"""

import codecs
import io
import re
from dataclasses import dataclass
from typing import BinaryIO

from sources.command.errors import BrokenFileError, UsageError

LOOKED_AT_BYTES = 1 << 20
STEP_BYTES = 1 << 20

MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
"""Byte order marks; that of UTF-32 LE begins like that of UTF-16 LE."""

FREQUENT = {
    "gb18030": (
        "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
        "用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实"
        "日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政"
        "美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员"
        "解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件"
        "计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象"
        "完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运笔吗呢吧请"
        "写怎哪答"
    ),
    "big5": (
        "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡"
        "用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實"
        "日軍者意無力它與長把機十民第公此已工使情明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政"
        "美相見被利什二等產或新己制身果加西斯月話合回特代內信表化老給世位次度門任常先海通教兒原東聲提立及比員"
        "解水名真論處走義各入幾口認條平系氣題活爾更別打女變四神總何電數安少報才結反受目太量再感建務做接必場件"
        "計管期市直德資命山金指克許統區保至隊形社便空決治展馬科司五基眼書非則聽白卻界達光放強即像難且權思王象"
        "完設式色路記南品住告類求據程北邊死張該交規萬取拉格望覺術領共確傳師觀清今切院讓識候帶導爭運筆嗎呢吧請"
        "寫怎哪答"
    ),
}
"""The characters that make up more than half of what is written in Simplified and in Traditional Chinese."""

CODECS = {"gb18030": "gb18030", "gbk": "gb18030", "gb2312": "gb18030", "big5": "big5hkscs", "cp950": "big5hkscs"}
"""The larger encodings that hold the older ones."""

COMMON_LEADS = {"gb18030": range(0xB0, 0xD8), "big5": range(0xA4, 0xC7)}
"""The first bytes of the characters that every schoolchild knows: level 1 of either standard."""

PUNCTUATION = re.compile("[\u3000-\u303f\uff00-\uffef\u2010-\u2027\u2030-\u205e\u00b7\u00d7\ufe30-\ufe4f]")
HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
BETWEEN_WORDS = re.compile('[\\n,:;"\\t]')
CONTROLS = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f]")
MIN_COMMON, MIN_FREQUENT, MARGIN = 0.9, 0.25, 1.5
MIN_CHARS, MAX_CHARS = 12, 20_000
MAX_BROKEN_SHARE = 0.1
"""Of the characters beyond ASCII so many may be broken in a text that is still UTF-8."""

OTHERS = (
    ("shift_jis", "cp932", "[\u3040-\u30ff]", 0.3),
    ("euc_jp", "euc_jp", "[\u3040-\u30ff]", 0.3),
    ("euc_kr", "cp949", "[\uac00-\ud7a3]", 0.9),
    ("windows-1251", "cp1251", "[\u0410-\u044f]{3,}", 0.6),
    ("windows-1252", "cp1252", "[\u00c0-\u00ff\u2018-\u201d\u2013\u2014\u20ac]", 0.9),
)
"""What is told, never taken: name, codec, what such a text is made of beyond ASCII, and the share of that."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding and whether a reader should be told, since no mark and no user says so."""

    name: str
    is_guess: bool = False


@dataclass(frozen=True, slots=True)
class _Chinese:
    """The share of frequent characters among the Chinese ones, that of common ones and punctuation among all beyond
    ASCII, and how many Chinese ones there are."""

    frequent: float
    common: float
    chars: int


def named_encoding(name: str, flag: str) -> str:
    """The codec of that name, or a larger one that holds it.

    Raises:
        UsageError: there is none for text.
    """
    try:
        codec = codecs.lookup(name)
        "".encode(codec.name)
    except (LookupError, ValueError) as error:
        expected = "a name such as gb18030, big5, utf-16 or shift_jis"
        raise UsageError(flag, f"no encoding is called {name}", expected=expected) from error
    return codec.name


def find_encoding(head: bytes, name: str, *, is_all: bool) -> Encoding:
    """The encoding of a text that begins so; `is_all` says that it also ends there.

    Raises:
        BrokenFileError: it is no text, or its encoding is not certain; says which it may be.
    """
    for mark, encoding in MARKS:
        if head.startswith(mark):
            return Encoding(encoding, is_guess=encoding != "utf-8")
    if b"\0" in head:
        return Encoding(_wide(head, name), is_guess=True)
    if _is_utf8(head, is_all=is_all):
        return Encoding("utf-8")
    chinese = {encoding: _plausible(head, encoding, is_all=is_all) for encoding in FREQUENT}
    likely, other = sorted(chinese, key=lambda encoding: chinese[encoding].frequent, reverse=True)
    share = chinese[likely].frequent
    is_likely = share >= MIN_FREQUENT and chinese[likely].common >= MIN_COMMON
    if is_likely and share >= MARGIN * chinese[other].frequent and chinese[likely].chars >= MIN_CHARS:
        return Encoding(likely, is_guess=True)
    looks = "" if is_likely else _other(head, is_all=is_all)
    looks = looks or (likely if share else "")
    raise BrokenFileError(
        name,
        f"not UTF-8; it looks like {looks.upper()}" if looks else "not UTF-8, and the encoding cannot be detected",
        expected="UTF-8, or an encoding that can be detected with certainty",
        hint=f"Give --encoding {looks or 'NAME'}",
    )


def _wide(head: bytes, name: str) -> str:
    """UTF-16 of the order in which more of what stands between words and cells is found.

    Raises:
        BrokenFileError: the bytes are no text.
    """
    even = head[: len(head) // 2 * 2]
    texts = {encoding: _decoded(even, encoding, is_all=False) or "" for encoding in ("utf-16-le", "utf-16-be")}
    encoding = max(texts, key=lambda each: len(BETWEEN_WORDS.findall(texts[each])))
    if not BETWEEN_WORDS.search(texts[encoding]) or CONTROLS.search(texts[encoding]):
        found = "is no text: it holds zero bytes"
        raise BrokenFileError(name, found, expected="JSON, CSV, Parquet, Arrow or xlsx", hint="Get the file again.")
    return encoding


def _is_utf8(head: bytes, *, is_all: bool) -> bool:
    """Whether the bytes are UTF-8 but for a broken character here and there."""
    if _decoded(head, "utf-8", is_all=is_all) is not None:
        return True
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(head, final=is_all)
    beyond = sum(char > "\x7f" for char in text)
    return text.count("\ufffd") <= MAX_BROKEN_SHARE * beyond


def _decoded(head: bytes, encoding: str, *, is_all: bool) -> str | None:
    """The text, the last character of which may be cut off unless that is all; None where it does not decode."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(head, final=is_all)
    except UnicodeDecodeError:
        return None


def _plausible(head: bytes, encoding: str, *, is_all: bool) -> _Chinese:
    """How much the text looks like Chinese of that encoding."""
    codec = CODECS[encoding]
    text = _decoded(head, codec, is_all=is_all)
    beyond = [char for char in text or "" if char > "\x7f"][:MAX_CHARS]
    han = [char for char in beyond if HAN.match(char)]
    common = sum(char.encode(codec)[0] in COMMON_LEADS[encoding] for char in han)
    common += sum(PUNCTUATION.match(char) is not None for char in beyond)
    frequent = sum(char in FREQUENT[encoding] for char in han) / max(len(han), 1)
    return _Chinese(frequent, common / max(len(beyond), 1), len(han))


def _other(head: bytes, *, is_all: bool) -> str:
    """The encoding of another language that the bytes fit; empty where there is none."""
    for name, codec, wanted, share in OTHERS:
        text = _decoded(head, codec, is_all=is_all) or ""
        beyond = sum(char > "\x7f" for char in text)
        if beyond and sum(map(len, re.findall(wanted, text))) >= share * beyond:
            return name
    return ""


class Utf8Stream(io.RawIOBase):
    """A text that begins with `head` and goes on in `rest`, as UTF-8.

    What does not decode stays as the bytes that it was, so that it costs the row that it stands in.
    """

    def __init__(self, head: bytes, rest: BinaryIO, encoding: str, name: str) -> None:
        self._rest, self._name, self._encoding = rest, name, encoding
        self._errors = "surrogatepass" if encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"
        decoder = codecs.getincrementaldecoder(CODECS.get(encoding, encoding))
        self._decoder = None if encoding == "utf-8" else decoder(self._errors)
        self._ready = memoryview(head if self._decoder is None else self._as_utf8(head))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        while not self._ready:
            data = self._rest.read(max(len(buffer), STEP_BYTES))
            self._ready = memoryview(data if self._decoder is None else self._as_utf8(data))
            if not data:
                break
        taken = self._ready[: len(buffer)]
        self._ready = self._ready[len(taken) :]
        buffer[: len(taken)] = taken
        return len(taken)

    def _as_utf8(self, data: bytes) -> bytes:
        assert self._decoder is not None
        try:
            return self._decoder.decode(data, final=not data).encode("utf-8", self._errors)
        except UnicodeError as error:
            found = f"ends in the middle of a character, or is not {self._encoding} ({error})"
            hint = "Get the file again, or give another --encoding."
            raise BrokenFileError(self._name, found, hint=hint) from error
