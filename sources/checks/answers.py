"""Remarks on the answers: refusals, answers cut off, lost letters, echoes of the prompt, names of other models."""

import re
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sources.checks.check import CheckLimits, Hits, matches
from sources.checks.repetition import loops
from sources.pairs.languages import IS_DENSE, LANGS
from sources.pairs.schema import SIDES
from sources.text.characters import Kind, kind_table
from sources.text.codes import Codes, owners
from sources.text.simplified import simplify_rows
from sources.text.texts import PairTexts

BEGINNING_CHARS = 64
"""A refusal says so at the beginning, and so does a model that introduces itself."""

REFUSAL = (
    r"(?i)(?:抱歉|对不起|对唔住|唔好意思|不好意思|遗憾)[^。！!?？\n]{0,24}"
    r"(?:无法|不能|没法|冇办法|唔可以|唔能够|不可以|不会|没有办法|不便)|"
    r"我(?:们|哋)?(?:是不会|无法|不能|没办法|冇办法|不会|唔会|不可以|唔可以|拒绝)"
    r"(?:直接)?(?:为您|为你|帮您|帮你|向您|给您)?(?:回答|提供|帮助|协助|给出|满足|完成|执行|支持|鼓励|参与|讨论|生成)|"
    r"作为(?:一个|一名|一款)?(?:AI|人工智[能慧]|大?语言模型|智能助手)[^。！!?？\n]{0,20}(?:无法|不能|不会|没有)|"
    r"\bsorry,? (?:but )?(?:i|we) (?:can(?:no|['’])t|can not|am unable|am not able|am not allowed|won['’]t|will not)|"
    r"\bi(?:['’]m| am) (?:unable|not able|not allowed) to (?:help|assist|provide|answer|fulfil|comply|give|discuss|do)|"
    r"\bi (?:can(?:no|['’])t|can not|won['’]t|will not) "
    r"(?:help (?:you|with|to)|assist|provide|answer|fulfil|comply|give|discuss|support|do that)|"
    r"\bas an ai\b[^.!?\n]{0,60}\bi (?:can(?:no|['’])t|can not|do not|don['’]t|am (?:not|unable)|have (?:no|never))"
)
"""In Mandarin, Cantonese and English; Chinese is written in Simplified characters here (`_beginnings`)."""

MODEL = (
    r"(?:(?i:chatgpt)|GPT-?[345]|OpenAI|Anthropic|Claude|Bard|Gemini|ChatGLM|GLM-?\d|文心一言|通义千问|讯飞星火|星火认知|"
    r"智谱|百川|Baichuan|Kimi|豆包|DeepSeek|Qwen|Vicuna|Alpaca|LLaMA|Bing|必应|MOSS|Open ?Assistant|盘古|混元|元宝|"
    r"Grok|Mistral|Copilot|ERNIE|InternLM|MiniMax)"
)
MAKER = (
    r"(?:OpenAI|Anthropic|Google|Meta AI|Baidu|Alibaba|Moonshot|ByteDance|Tencent|Zhipu|Mistral AI|xAI|Microsoft|百度|"
    r"阿里巴?巴?|科大讯飞|智谱|谷歌|微软|深度求索|月之暗面|字节跳动|腾讯)"
)
IDENTITY = (
    rf"(?i)我(?:叫|名叫|的名字是|嘅名系|是)[^。！!?？\n，,]{{0,16}}{MODEL}|我系(?:一个|一款)?\s?{MODEL}|"
    rf"我[^。！!?？\n]{{0,24}}(?:由|来自)\s?{MAKER}"
    r"[^。！!?？\n]{0,10}(?:开发|训练|创建|创造|研发|推出|的语言模型|嘅语言模型)|"
    rf"\bI(?:['’]m| am)(?: called| named)?(?: an?| the)? ?{MODEL}\b|"
    rf"\bmy name is {MODEL}\b|\bI(?:['’]m| am| was)\b[^.!?\n]{{0,60}}\b(?:trained|developed|created|made) by {MAKER}\b"
)

MIN_CUT_CHARS = np.where(IS_DENSE, 40, 120)
"""By place in LANGS."""
LIST_LINE = re.compile(r"\s*(?:[-*•·–—]|\(?[0-9一二三四五六七八九十]{1,3}[.、)）:：]|[A-Za-z][.)])")
NO_SENTENCE = re.compile(r"#\S+$|https?:|www\.|[={}<>`|\\]")
LETTER_KINDS = (Kind.LATIN, Kind.HAN, Kind.LIGHT)
MIN_LAST_LINE_CHARS = 12
BRACKETS_ONLY = re.compile(r"\s*(?:\{\s*\"|\[\s*[\[{\"0-9])")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"?')

MIN_PROMPT_TOKENS = 8
MIN_LOST_CHARS = 20


def refusal_chosen(texts: PairTexts, limits: CheckLimits) -> Hits:
    """Chosen begins with a refusal."""
    return _refusals(texts)[0]


def refusal_rejected(texts: PairTexts, limits: CheckLimits) -> Hits:
    """Rejected begins with a refusal."""
    return _refusals(texts)[1]


@lru_cache(maxsize=1)
def _refusals(texts: PairTexts) -> tuple[Hits, Hits]:
    """The rows in which chosen, and those in which rejected, refuses; found in one go."""
    rows, sides = _rows_and_sides(matches(_beginnings(texts), REFUSAL), len(texts))
    chosen, rejected = (
        dict.fromkeys(rows[sides == side].tolist(), f"{SIDES[side]} begins with a refusal") for side in (1, 2)
    )
    return chosen, rejected


def identity_leak(texts: PairTexts, limits: CheckLimits) -> Hits:
    """An answer says that it is, or was made by the makers of, another model."""
    beginnings = _beginnings(texts)
    named = matches(beginnings, f"{MODEL}|{MAKER}")
    if not len(named):
        return {}
    rows, sides = _rows_and_sides(named[matches(beginnings.take(pa.array(named)), IDENTITY)], len(texts))
    hits: Hits = {}
    for row, side in zip(rows.tolist(), sides.tolist(), strict=True):
        hits.setdefault(row, f"{SIDES[side]} names a model as itself")
    return hits


@lru_cache(maxsize=1)
def _beginnings(texts: PairTexts) -> pa.Array:
    """The first characters of all chosen answers, then of all rejected ones, in Simplified characters."""
    sides = []
    for side in (1, 2):
        rows = texts.traditional[texts.traditional % 3 == side] // 3
        sides.append(simplify_rows(pc.utf8_slice_codeunits(texts.side(side), 0, BEGINNING_CHARS), rows))
    return pa.concat_arrays(sides)


def _rows_and_sides(places: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows, and 1 for chosen or 2 for rejected, of places among `_beginnings`."""
    return places % size, 1 + places // size


def cut_off_chosen(texts: PairTexts, limits: CheckLimits) -> Hits:
    """Chosen ends in the middle of a sentence."""
    return _cut_off(texts, 1)


def cut_off_rejected(texts: PairTexts, limits: CheckLimits) -> Hits:
    """Rejected ends in the middle of a sentence."""
    return _cut_off(texts, 2)


def _cut_off(texts: PairTexts, side: int) -> Hits:
    """Long prose whose last character is a letter or a comma, and whose last line is no list item and not short."""
    lengths, counts = texts.codes.lengths[side::3], texts.counts[side::3]
    wanted = MIN_CUT_CHARS[texts.langs[::3]]
    long_prose = np.flatnonzero((lengths >= wanted) & (counts[:, Kind.STOP] > 0))
    unended = long_prose[_ends_open(texts.solid, 3 * long_prose + side)]
    looping = {text for text, loop in loops(texts).items() if loop.at_end}
    hits: Hits = {}
    for row, text in zip(unended.tolist(), texts.read(unended, side), strict=True):
        line = text.rstrip().rpartition("\n")[2]
        if 3 * row + side in looping:
            continue
        if len(line) >= MIN_LAST_LINE_CHARS and not LIST_LINE.match(line) and not NO_SENTENCE.search(line):
            hits[row] = f"{SIDES[side]} ends with …{line[-12:]}"
    return {**_open_code(texts, side), **hits}


def _open_code(texts: PairTexts, side: int) -> Hits:
    """Code whose fence is not closed, and an answer that is JSON or code in brackets and does not close them."""
    suspects = texts.holding("`[{")
    rows = suspects[suspects % 3 == side] // 3
    rows = rows[matches(texts.side(side).take(pa.array(rows)), r"```|^\s*[\[{]")]
    hits: Hits = {}
    for row, text in zip(rows.tolist(), texts.read(rows, side), strict=True):
        if len(re.findall(r"(?m)^\s*```", text)) % 2 and not text.rstrip().endswith("```"):
            hits[row] = f"{SIDES[side]} ends in an open block of code"
        elif BRACKETS_ONLY.match(text) and (missing := _missing(text)) > 0:
            hits[row] = f"{SIDES[side]} ends with {missing} brackets open"
    return hits


def _missing(text: str) -> int:
    """How many brackets stay open, those in strings left out."""
    bare = STRING.sub("", text)
    return sum(bare.count(char) for char in "[{") - sum(bare.count(char) for char in "]}")


def _ends_open(solid: Codes, numbers: np.ndarray) -> np.ndarray:
    """Whether the last character of each of these texts is a letter or a comma-like mark that closes nothing."""
    last = solid.flat[solid.offsets[numbers + 1] - 1]
    closing = np.isin(last, [ord(char) for char in "”’\"'）)》】」』〉"])
    return np.isin(kind_table()[last], LETTER_KINDS) & ~closing


def first_letter_lost(texts: PairTexts, limits: CheckLimits) -> Hits:
    """An English chosen answer of which only the first sentence begins in lower case ("ophie sat at her desk")."""
    english = texts.langs[::3] == LANGS.index("en")
    if not english.any():
        return {}
    found = matches(texts.chosen, r"^[a-z][a-z’'-]*[ ,!][^\n=(){}\[\];<>]*[.!?]")
    found = np.setdiff1d(found, found[matches(texts.chosen.take(pa.array(found)), r"[.!?]\s+[a-z]")])
    hits = [row for row in found.tolist() if english[row] and texts.codes.lengths[3 * row + 1] >= MIN_LOST_CHARS]
    return {row: f"chosen begins with {text[:12]!r}" for row, text in zip(hits, texts.read(hits, 1), strict=True)}


def prompt_repeated(texts: PairTexts, limits: CheckLimits) -> Hits:
    """An answer repeats the whole prompt; light punctuation, white space and case do not count."""
    tokens, lengths = texts.tokens, np.diff(texts.tokens.offsets)
    prompts = np.flatnonzero(lengths[::3] >= MIN_PROMPT_TOKENS)
    first = np.zeros((len(texts), 3), np.uint64)
    first[prompts, 1:] = tokens.flat[tokens.offsets[3 * prompts], None]
    same = owners(tokens.offsets, np.flatnonzero(tokens.flat == np.repeat(first.ravel(), lengths)))
    hits: Hits = {}
    for text in np.unique(same).tolist():
        row = text // 3
        if row not in hits and texts.folded.of(3 * row).tobytes() in texts.folded.of(text).tobytes():
            hits[row] = f"{SIDES[text % 3]} repeats the prompt"
    return hits
