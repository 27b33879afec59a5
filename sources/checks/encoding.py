"""Is the text what its author wrote: no broken encoding, no control characters, no tokens of a chat template."""

import re

import numpy as np
import pyarrow as pa

from sources.checks.check import CheckLimits, Hits, matches, quote
from sources.pairs.schema import SIDES
from sources.text.characters import Kind
from sources.text.texts import PairTexts

BROKEN = re.compile(
    "\ufffd|锟斤拷|烫烫烫|屯屯屯|(?:[ÃÂ][\u0080-\u00bf]|[äåæçèé][\u0080-\u00bf]{2}){2}|â€[™œ\u009d“”¦\u0093\u0094]"
)
"""Replacement characters; what is left of text that went through GBK and UTF-8 in the wrong order, or of memory that
was never set; UTF-8 read as Latin-1, twice in a row, or a quotation mark of that kind."""

CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")

CHAT_TEMPLATE = (
    r"[<＜][|｜][A-Za-z_▁][A-Za-z0-9_▁]{0,30}[|｜][>＞]|<[/]?s>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|"
    r"<reserved_[0-9]+>|<(?:bos|eos|pad|unk)>|\[(?:UNK|PAD|CLS|SEP|gMASK)\]|"
    r"###\s?(?:Response|Instruction|Input|Human|Assistant)[:：]|\n\n(?:Human|Assistant): "
)
"""Also in full-width forms, as DeepSeek writes its tokens."""


def mojibake(texts: PairTexts, limits: CheckLimits) -> Hits:
    """Prompt or chosen has a replacement character, or what broken encodings leave behind."""
    return _broken(texts, (0, 1))


def mojibake_rejected(texts: PairTexts, limits: CheckLimits) -> Hits:
    """Only rejected has any: it is not what the model learns to write, so the pair may stay."""
    others = _broken(texts, (0, 1))
    return {row: evidence for row, evidence in _broken(texts, (2,)).items() if row not in others}


def _broken(texts: PairTexts, sides: tuple[int, ...]) -> Hits:
    """The rows with broken text on one of these sides."""
    suspects = texts.holding("\ufffd锟烫屯ÃÂâäåæçèé")
    suspects = suspects[np.isin(suspects % 3, sides)]
    hits: Hits = {}
    for text, whole in zip(suspects.tolist(), texts.strings.take(pa.array(suspects)).to_pylist(), strict=True):
        if broken := BROKEN.search(whole):
            hits.setdefault(text // 3, f"{SIDES[text % 3]}: {quote(whole, broken.start())}")
    return hits


def control_characters(texts: PairTexts, limits: CheckLimits) -> Hits:
    """A control character other than white space: NUL, a terminal escape."""
    hits: Hits = {}
    for text in np.flatnonzero(texts.counts[:, Kind.CONTROL]).tolist():
        whole = texts.strings[text].as_py()
        found = CONTROL.search(whole)
        hits.setdefault(text // 3, f"{SIDES[text % 3]}: {quote(whole, found.start() if found else 0)}")
    return hits


def template_token(texts: PairTexts, limits: CheckLimits) -> Hits:
    """A token of a chat template stands in the text."""
    hits: Hits = {}
    suspects = np.union1d(texts.holding("<[#"), matches(texts.strings, r"\n\n(?:Human|Assistant): "))
    for place in matches(texts.strings.take(pa.array(suspects)), CHAT_TEMPLATE).tolist():
        text = int(suspects[place])
        token = re.search(CHAT_TEMPLATE, texts.strings[text].as_py())
        hits.setdefault(text // 3, f"{SIDES[text % 3]} has {quote(token[0], 0) if token else 'one'}")
    return hits
