"""Is the pair in the language of the dataset, and does the answer speak the language of the prompt."""

import numpy as np
import pyarrow as pa

from sources.checks.check import CheckLimits, Hits, matches
from sources.pairs.languages import IS_LATIN
from sources.pairs.schema import SIDES
from sources.text.language import name_language
from sources.text.texts import PairTexts
from sources.text.verdict import NO, YES

ASKS_FOR_A_LANGUAGE = (
    r"(?i)翻[译譯]|[译譯]成|[译譯][为為]|[译譯]文|英[译譯]|[汉漢][译譯]|[英日法德俄韩韓汉漢粤粵泰藏蒙外][语語]|[英日法德俄韩韓外]文|"
    r"西班牙|葡萄牙|意大利|義大利|阿拉伯|拉丁|越南|印尼|希腊|希臘|荷[兰蘭]|波[兰蘭]|瑞典|土耳其|希伯[来來]|拼音|[单單]词|[单單]詞|"
    r"[广廣][东東][话話]|\btranslat|\blanguages?\b|"
    r"\b(?:english|chinese|mandarin|cantonese|french|spanish|german|japanese|korean|russian|italian|latin|portuguese|arabic|"
    r"dutch|greek|hindi|turkish|vietnamese|thai|indonesian|polish|swedish|hebrew|persian|farsi|urdu|bengali|ukrainian)\b"
)
"""A prompt that names a language may well be answered in it."""

HAS_LATIN_WORD = r"[A-Za-z]{3}"
"""A prompt in other than Latin letters about a Latin word may be answered in such words (synonyms, code, names)."""


def wrong_language(texts: PairTexts, limits: CheckLimits) -> Hits:
    """The pair is not in its language: neither prompt nor chosen, or, unasked, neither of the answers."""
    verdict = texts.verdicts.reshape(-1, 3)
    foreign = (verdict[:, :2] != YES).all(axis=1) & (verdict[:, :2] == NO).any(axis=1)
    unasked = _without_request(texts, (verdict[:, 1:] == NO).all(axis=1) & ~foreign)
    return {
        row: ", ".join(f"{SIDES[side]} {_name(texts, 3 * row + side)}" for side in range(3))
        + f"; expected {texts.pairs['lang'][row].as_py()}"
        for row in sorted([*np.flatnonzero(foreign).tolist(), *unasked])
    }


def answer_language(texts: PairTexts, limits: CheckLimits) -> Hits:
    """The prompt is in the language of the pair, an answer in another, and the prompt did not ask for it."""
    verdict = texts.verdicts.reshape(-1, 3)
    strange = (verdict[:, 0] == YES) & (verdict[:, 1:] == NO).any(axis=1)
    return {
        row: ", ".join(f"{SIDES[side]} {_name(texts, 3 * row + side)}" for side in (1, 2) if verdict[row, side] == NO)
        for row in _without_request(texts, strange)
    }


def _without_request(texts: PairTexts, strange: np.ndarray) -> list[int]:
    """The strange rows whose prompt asks for no other language."""
    rows = np.flatnonzero(strange)
    if not len(rows):
        return []
    prompts = texts.prompt.take(pa.array(rows))
    asked = np.zeros(len(rows), dtype=bool)
    asked[matches(prompts, ASKS_FOR_A_LANGUAGE)] = True
    in_other_letters = ~IS_LATIN[texts.langs[3 * rows]]
    asked[np.intersect1d(matches(prompts, HAS_LATIN_WORD), np.flatnonzero(in_other_letters))] = True
    kept: list[int] = rows[~asked].tolist()
    return kept


def _name(texts: PairTexts, text: int) -> str:
    return name_language(texts.counts[text], texts.normal(text))
