"""Tokens of chat templates in a text: left there by a tool, or written about.

A token that a tokenizer takes for its own ends an answer in the middle. One in code, in quotation marks or beside words
about templates is what the answer speaks of.
"""

import re
from functools import lru_cache

import numpy as np
import pyarrow as pa

from sources.checks.check import CheckLimits, Hits, matches, quote
from sources.pairs.schema import SIDES
from sources.text.texts import PairTexts

CHAT_TEMPLATE = (
    r"[<＜][|｜][A-Za-z_▁][A-Za-z0-9_▁]{0,30}[|｜][>＞]|<\|[a-z_]{2,20}>|<[a-z_]{2,20}\|>|<[/]?s>|\[/?INST\]|<</?SYS>>|"
    r"<(?:start|end)_of_turn>|<reserved_[0-9]+>|<(?:bos|eos|pad|unk|eod|sop|eop|eoa|eoh)>|\[unused[0-9]+\]|"
    r"\[(?:UNK|PAD|CLS|SEP|gMASK|sMASK)\]|<0x[0-9A-F]{2}>|<extra_id_[0-9]+>|\[/?TOOL_(?:CALLS|RESULTS)\]|"
    r"\[/?(?:AVAILABLE_TOOLS|SYSTEM_PROMPT)\]|"
    r"###\s?(?:Response|Instruction|Input|Human|Assistant)[:：]|\n\n(?:Human|Assistant): "
)
"""Tokens of Llama, Mistral, Gemma, Qwen, DeepSeek, GLM, Baichuan, InternLM, T5 and BERT, and marks of Alpaca and
Vicuna; also in full-width forms, as DeepSeek writes its tokens."""

ABOUT_TOKENS = re.compile(
    r"(?i)标记|标签|记号|词元|分词|模板|特殊符|占位|结束符|起始符|删除线|语法|格式|令牌|元素|字节|\btokens?\b|\btokeni[sz]|"
    r"\btemplates?\b|\btags?\b|\bmarkers?\b|\bdelimiters?\b|\bplaceholders?\b|\bBERT\b|\bChatML\b|"
    r"\bHTML\b|\bstrikethrough\b|\bsyntax\b|\bprompt format|\bpadding\b|\bvocabulary\b|\bbytes?\b"
)
NEAR_CHARS = 40

CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
OPENING, CLOSING = "“\"'‘「『《（(", "”\"'’」』》）)"
HTML = re.compile(r"(?i)</?(?:p|div|span|b|i|del|em|strong|table|tr|td|li|ul|h[1-6]|br ?/?)>|&nbsp;")
ROLE_AFTER = re.compile(r"(?i)\s*(?:assistant|user|system|human|model|助手|用户)\b")


def template_token(texts: PairTexts, limits: CheckLimits) -> Hits:
    """A token of a chat template stands at an end of a text, before a role, or where nothing speaks of it."""
    return _found(texts, limits.template_tokens)[0]


def template_token_named(texts: PairTexts, limits: CheckLimits) -> Hits:
    """A token of a chat template stands in code, in quotation marks, or beside words about such tokens."""
    return _found(texts, limits.template_tokens)[1]


@lru_cache(maxsize=1)
def _found(texts: PairTexts, more: tuple[str, ...]) -> tuple[Hits, Hits]:
    """The rows with a token that was left, and those others with one that is spoken of."""
    pattern = "|".join([CHAT_TEMPLATE, *map(re.escape, sorted(more, key=len, reverse=True))])
    suspects = np.union1d(texts.holding("<[#"), matches(texts.strings, r"\n\n(?:Human|Assistant): "))
    if more:
        suspects = np.union1d(suspects, matches(texts.strings, "|".join(map(re.escape, more))))
    compiled = re.compile(pattern)
    left, named = Hits(), Hits()
    for place in matches(texts.strings.take(pa.array(suspects)), pattern).tolist():
        text = int(suspects[place])
        row, whole = text // 3, texts.strings[text].as_py()
        tokens = list(compiled.finditer(whole))
        code = [span.span() for span in CODE.finditer(whole)]
        stray = [token for token in tokens if not _is_named(token, whole, code)]
        hits, token = (left, stray[0]) if stray else (named, tokens[0])
        hits.setdefault(row, f"{SIDES[text % 3]} has {quote(token[0], 0)}")
    return left, {row: evidence for row, evidence in named.items() if row not in left}


def _is_named(token: re.Match[str], text: str, code: list[tuple[int, int]]) -> bool:
    """Whether the text speaks of the token: it is code or quoted, or words about tokens stand near it."""
    start, end = token.span()
    if any(first <= start and end <= last for first, last in code):
        return True
    before, after = text[:start], text[end:]
    if before[-1:] and after[:1] and before[-1] in OPENING and after[0] in CLOSING:
        return True
    if not before.strip() or not after.strip() or ROLE_AFTER.match(after):
        return False
    if token[0] in ("<s>", "</s>") and HTML.search(text):
        return True
    near = before[-NEAR_CHARS:] + after[:NEAR_CHARS]
    return bool(ABOUT_TOKENS.search(near)) and not before.endswith("\n")
