"""What tools leave in an answer: the mark of a speaker, a missing value as text, characters escaped twice."""

import re

import numpy as np
import pyarrow as pa

from sources.checks.check import CheckLimits, Hits, matches, quote
from sources.pairs.schema import SIDES
from sources.text.texts import PairTexts

SPEAKER = (
    r"(?i)^\s*(?:\*\*)?(?:assistant|ai(?: assistant)?|bot|chatbot|chatgpt|gpt-?[0-9]?|answer|response|reply|human|"
    r"user|"
    r"(?:ai|智能|人工智能)?助手|助理|人工智[能慧]|机器人|機器人|答|回答|回复|回覆|用户|用戶|使用者|客服)(?:\*\*)?\s?[:：]"
)
SPOKEN_LINE = re.compile(r"(?m)^\s*(?:\*\*)?[^\W\d][^\n:：]{0,11}[:：]")
MAX_SPOKEN_LINES = 2
"""An answer with more lines that begin with a name is a dialogue or a form."""

MISSING = (
    r"(?i)^[\s\"']*(?:nan|none|null|nil|n/?a|#n/a|undefined|\[\]|\{\}|\[null\]|<na>|nonetype|\[object object\])"
    r"[\s\"'.]*$"
)
MAX_MISSING_CHARS = 40
"""Of a name for a missing value with the quotation marks around it, white space not counted."""

ESCAPED = (
    r"\\n(?:\\n|[^a-zA-Z]|[A-Z]|$)|\\u[0-9a-fA-F]{4}|&(?:lt|gt|amp|quot|nbsp|#[0-9]{2,5});|<br ?/?>|</?p>|&nbsp;|"
    r"(?:%[0-9A-F]{2}){3,}"
)
CODE_OR_MARKUP = (
    r"(?i)```|`[^`\n]+`|代码|编程|程序|函数|正则|转义|网页|标签|换行符|字符串|编码|解码|链接|脚本|格式化|爬虫|前端|接口|"
    r"程式|編程|函數|函式|正則|轉義|跳脫|網頁|標籤|換行|字串|編碼|解碼|連結|腳本|爬蟲|介面|"
    r"https?://|www\.|\\(?:begin|frac|text|left|mathbb|nabla|neq|nu)\b|"
    r"\bcode\b|\bpython|\bjava|\bhtml|\bxml|\bjson\b|\bregex|"
    r"\bescape|\burl\b|\bsql\b|\blatex|\bprintf?\b|\bstring\b|\bmarkdown|\bfunction\b|\bscript\b|\bshell\b|\bbash\b|\bc\+\+|"
    r"\bnewline|\bunicode\b|\bencod|\bdecod"
)


def speaker_mark(texts: PairTexts, limits: CheckLimits) -> Hits:
    """An answer begins with the name of the one who speaks ("Assistant:", "助手：")."""
    hits: Hits = {}
    for row, side, text in _answers(texts, SPEAKER):
        mark = re.match(SPEAKER, text)
        said = mark[0].strip() if mark else ""
        if len(SPOKEN_LINE.findall(text)) <= MAX_SPOKEN_LINES and said not in texts.prompt[row].as_py():
            hits.setdefault(row, f"{SIDES[side]} begins with {quote(said, 0)}")
    return hits


def nan_text(texts: PairTexts, limits: CheckLimits) -> Hits:
    """A whole answer is what a program writes for a missing value, and the prompt does not name it."""
    hits: Hits = {}
    for row, side, text in _answers(texts, MISSING, max_chars=MAX_MISSING_CHARS):
        word = text.strip(" \t\r\n\"'.")
        if word.lower() not in texts.prompt[row].as_py().lower():
            hits.setdefault(row, f"{SIDES[side]} is {quote(word, 0)}")
    return hits


def escaped_text(texts: PairTexts, limits: CheckLimits) -> Hits:
    """Prose with escapes that should have been read: \\n as two characters, \\u4e2d, &lt;, <br>, %E4%BD%A0."""
    suspects = texts.holding("\\&<%")
    suspects = suspects[suspects % 3 > 0]
    suspects = suspects[matches(texts.strings.take(pa.array(suspects)), ESCAPED)]
    ranked = np.unique(suspects // 3)
    spoken = [
        set(ranked[matches(texts.side(side).take(pa.array(ranked)), CODE_OR_MARKUP)].tolist()) for side in range(3)
    ]
    hits: Hits = {}
    for number, text in zip(suspects.tolist(), texts.strings.take(pa.array(suspects)).to_pylist(), strict=True):
        row, side = divmod(number, 3)
        found = re.search(ESCAPED, text)
        if found and row not in spoken[0] | spoken[side] and text.lstrip()[:1] not in "{[":
            hits.setdefault(row, f"{SIDES[side]}: {quote(text, found.start())}")
    return hits


def _answers(texts: PairTexts, pattern: str, max_chars: int | None = None) -> list[tuple[int, int, str]]:
    """(row, side, text) of the answers, of at most so many characters, in which a pattern is found."""
    found = []
    for side in (1, 2):
        column = texts.side(side)
        rows = np.arange(len(texts)) if max_chars is None else np.flatnonzero(texts.solid.lengths[side::3] <= max_chars)
        rows = rows[matches(column if max_chars is None else column.take(pa.array(rows)), pattern)]
        found += [(row, side, text) for row, text in zip(rows.tolist(), texts.read(rows, side), strict=True)]
    return found
