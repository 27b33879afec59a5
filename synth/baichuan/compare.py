"""The converted tokenizer against sentencepiece: the same ids and the same text back, on every string tried."""

import random
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from sources.command.errors import ReadError
from synth.baichuan.pieces import NORMAL, SPACE, USER_DEFINED, symbols
from synth.baichuan.tokenizer import Settings

SEED = 20231
SAMPLED = 400
SHOWN = 40
"""How many ids a message shows."""

SENTENCES = (
    "今天天气不错，我们去公园散步吧。",
    "《红楼梦》的作者是谁？“曹雪芹”——清代作家。",
    "请把下面这句话翻译成英文：知之为知之，不知为不知。",
    "The quick brown fox jumps over the lazy dog.",
    "It's 3:45 p.m.; don't you think we've waited long enough?",
    "用Python写一个quick sort，时间复杂度O(n log n)。",
    "2023年12月31日，价格为￥1,234.56元（约$170.99）",
    "def f(x):\n    if x > 0:\n\treturn x ** 2  # 平方\n    return None\n",
    "<html><body class='a'>&nbsp;{\"k\": [1, 2.5e-3, null]}</body></html>",
    "ＡＢＣ　１２３，全角！～",
    "\U00020bb7野家 龘靐齉爩 㐂 \U0002a6a5 \U00030000",
    "😀👍🏽👨‍👩‍👧‍👦🇨🇳 ❤️ ☃",
    "naïve café Ångström e\u0301 ﬁ ß Ǆ",
    "Привет мир, שלום עולם, مرحبا, こんにちは, 안녕하세요",
    "a" * 33 + "哈" * 17 + "0" * 20 + "=" * 40 + "。" * 9,
    "一二三\r\n四五六\u3000七八九\u00a0十\u200b百\ufeff千",
    f"a{SPACE}b{SPACE}{SPACE}c x<0x41>y",
    "$\\frac{a_1}{b^2}$ \\\\ 100% #tag @you ~/.x/*.py",
)
BEFORE = ("", " ", "   ", "\n", "\t ", "。")
AFTER = ("", " ", "    ", "\n\n", " \n ")


def check_same(model: Any, fast: Any, settings: Settings, where: Path) -> int:
    """How many strings gave the same ids and the same text in sentencepiece and in `fast`: all that were tried.

    Raises:
        ReadError: one did not.
    """
    from sentencepiece import SentencePieceProcessor

    known = SentencePieceProcessor()
    known.LoadFromSerializedProto(model.SerializeToString())
    count = 0
    for text in texts(model):
        _check_text(known, fast, text, where)
        count += 1
    _check_around(known, fast, settings, where)
    return count


def texts(model: Any) -> Iterator[str]:
    """Strings to try: sentences with all kinds of space around, every piece, and pieces and characters at random."""
    yield ""
    yield from (before + text + after for before, text, after in product(BEFORE, SENTENCES, AFTER))
    yield from (" " * count for count in range(1, 9))
    pieces = [piece.piece.replace(SPACE, " ") for piece in model.pieces if piece.type in (NORMAL, USER_DEFINED)]
    yield from pieces
    yield from (cut + piece for cut in symbols(model)[:1] for piece in pieces)
    draw = random.Random(SEED)  # noqa: S311  a sample, no secret
    characters = sorted({character for piece in pieces for character in piece} | set("\n\t 𠮷🙂"))
    for _ in range(SAMPLED):
        yield "".join(draw.choices(characters, k=draw.randint(1, 40)))
        yield "".join(draw.choices(pieces, k=draw.randint(1, 20)))


def _check_text(known: Any, fast: Any, text: str, where: Path) -> None:
    ids = known.encode(text)
    got = fast.encode(text, add_special_tokens=False).ids
    if ids != got:
        at = next((at for at, (one, other) in enumerate(zip(ids, got, strict=False)) if one != other), 0)
        first = max(0, at - SHOWN // 2)
        found, wanted = got[first : first + SHOWN], ids[first : first + SHOWN]
        raise _difference(where, f"{_short(text)} became the ids {found} (from token {first})", f"{wanted}")
    if known.unk_id() in ids:
        return  # what is unknown does not come back, in neither
    back, wanted_text = fast.decode(ids, skip_special_tokens=False), known.decode(ids)
    if back != wanted_text:
        raise _difference(where, f"{_short(text)}, ids {ids[:SHOWN]}, came back as {back!r}", f"{wanted_text!r}")


def _check_around(known: Any, fast: Any, settings: Settings, where: Path) -> None:
    """BOS and EOS stand around a text exactly where they should."""
    wanted = [settings.bos_id] * settings.add_bos + known.encode("a") + [settings.eos_id] * settings.add_eos
    got = fast.encode("a").ids
    if got != wanted:
        raise _difference(where, f"'a' with its marks became the ids {got}", f"{wanted}")


def _short(text: str) -> str:
    return repr(text if len(text) <= 120 else text[:120] + "…")


def _difference(where: Path, found: str, wanted: str) -> ReadError:
    return ReadError(
        where,
        f"the converted tokenizer differs from sentencepiece: {found}",
        expected=wanted,
        hint="Nothing was written; please report this tokenizer.",
    )
