"""What shows of an answer at a glance: how long it is, its Markdown, lists and emoji, a refusal, another language."""

from dataclasses import dataclass
from enum import IntFlag

import numpy as np
import pyarrow.compute as pc

from sources.checks import CheckLimits
from sources.checks.answers import refusal_chosen, refusal_rejected
from sources.text.characters import Kind
from sources.text.codes import owners
from sources.text.texts import PairTexts
from sources.text.verdict import NO, YES

MAX_MARKS = 255
MIN_LIST_LINES = 2
"""A single line that begins with a dash may be a piece of dialogue."""

BULLETS, BARE_BULLETS = "-*+", "•●▪◦‣"
"""Before a space; before anything."""

AFTER_NUMBER = ".、)"
CHINESE_NUMBERS = "一二三四五六七八九十"
STAR, GRAVE = ord("*"), ord("`")

EMOJI_PLANE, EMOJI_END = 0x1F000, 0x1FB00
SYMBOL_EMOJI = "⌚⌛⏩⏪⏰⏳☀☔☕♿⚠⚡⚽⚾⛄⛅⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓❔❕❗❤➕➖➗➡⭐⭕☺"
"""Those among the older symbols; stars, ticks and card suits are plain text."""


class Sign(IntFlag):
    """What an answer has."""

    MARKDOWN = 1
    LIST = 2
    EMOJI = 4
    REFUSAL = 8
    OTHER_LANGUAGE = 16


@dataclass(frozen=True, slots=True)
class Surface:
    """Of the answers of n pairs, chosen first: `chars` uint32[n, 2]; `marks` uint8[n, 2], how many marks of Markdown
    and list items, at most MAX_MARKS; `signs` uint8[n, 2], a Sign."""

    chars: np.ndarray
    marks: np.ndarray
    signs: np.ndarray


def surface_of(texts: PairTexts) -> Surface:
    """The surface of the answers of each pair. Lengths are those of the texts as they are."""
    items, lines, bold = _line_marks(texts)
    signs = Sign.MARKDOWN * (lines + bold > 0) + Sign.LIST * (items >= MIN_LIST_LINES) + Sign.EMOJI * _emoji(texts)
    signs = _answers(signs) + Sign.OTHER_LANGUAGE * _other_language(texts.verdicts.reshape(-1, 3))
    for side, refused in enumerate(check(texts, CheckLimits()) for check in (refusal_chosen, refusal_rejected)):
        signs[list(refused), side] += Sign.REFUSAL
    chars = np.stack([pc.utf8_length(texts.side(side)).to_numpy(zero_copy_only=False) for side in (1, 2)], axis=1)
    marks = np.minimum(_answers(items + lines + bold), MAX_MARKS)
    return Surface(chars.astype(np.uint32), marks.astype(np.uint8), signs.astype(np.uint8))


def _other_language(verdicts: np.ndarray) -> np.ndarray:
    """bool[n, 2]: whether each answer is in another language than the prompt. That of the pair may be that of chosen,
    which would give chosen away; so an answer in it to a prompt in another is one in another."""
    prompt, answers = verdicts[:, :1], verdicts[:, 1:]
    return np.asarray(((prompt == YES) & (answers == NO)) | ((prompt == NO) & (answers == YES)))


def _answers(of_texts: np.ndarray) -> np.ndarray:
    """[n, 2]: chosen and rejected, from a value for each of the 3n texts."""
    return of_texts.reshape(-1, 3)[:, 1:]


def _line_marks(texts: PairTexts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """int64[3n] each: list items; headings, rows of tables and fences of code; bold passages."""
    flat, offsets = texts.codes.flat, texts.codes.offsets
    begins = np.zeros(len(flat) + 1, dtype=bool)
    begins[np.flatnonzero(flat == ord("\n")) + 1] = True
    begins[offsets[:-1]] = True
    starts = np.flatnonzero(begins[:-1])
    owner = owners(offsets, starts)
    left = offsets[owner + 1] - starts

    def ahead(steps: int) -> np.ndarray:
        """The character so many places on in the same text, 0 where there is none."""
        return np.where(left > steps, flat[np.minimum(starts + steps, len(flat) - 1)], 0)

    first, second, third, fourth = map(ahead, range(4))
    items = _one_of(first, BULLETS) & (second == ord(" ")) | _one_of(first, BARE_BULLETS)
    items |= _digit(first) & _one_of(second, AFTER_NUMBER) & ~_digit(third)
    items |= _digit(first) & _digit(second) & _one_of(third, AFTER_NUMBER) & ~_digit(fourth)
    items |= _one_of(first, CHINESE_NUMBERS) & (second == ord("、"))
    marks = (first == ord("#")) & _one_of(second, "# ") | (first == ord("|"))
    marks |= (first == GRAVE) & (second == GRAVE) & (third == GRAVE)
    count = len(offsets) - 1
    return (
        np.bincount(owner[items], minlength=count),
        np.bincount(owner[marks], minlength=count),
        _bold(texts),
    )


def _bold(texts: PairTexts) -> np.ndarray:
    """int64[3n]: passages between two `**`. In 2**3 no passage begins: what begins one follows no letter or digit."""
    flat, offsets = texts.codes.flat, texts.codes.offsets
    count = len(offsets) - 1
    stars = np.flatnonzero(flat == STAR)
    pairs = stars[np.flatnonzero(np.diff(stars) == 1)]
    owner = owners(offsets, pairs)
    inside = pairs + 1 < offsets[owner + 1]
    pairs, owner = pairs[inside], owner[inside]
    at_start = pairs == offsets[owner]
    before = np.where(at_start, Kind.SPACE, texts.kinds[pairs - 1])
    after = flat[np.minimum(pairs + 2, len(flat) - 1)]
    stuck = np.isin(before, (Kind.LATIN, Kind.DIGIT)) | (~at_start & (flat[pairs - 1] == STAR))
    begins = ~stuck & ~np.isin(after, (ord(" "), ord("\n"), STAR)) & (pairs + 2 < offsets[owner + 1])
    begun, all_pairs = (np.bincount(owner[which], minlength=count) for which in (begins, slice(None)))
    return np.minimum(begun, all_pairs // 2)


def _emoji(texts: PairTexts) -> np.ndarray:
    """bool[3n]: whether a text has an emoji."""
    flat, offsets = texts.codes.flat, texts.codes.offsets
    others = np.flatnonzero(texts.kinds == Kind.OTHER)
    codes = flat[others]
    places = others[((codes >= EMOJI_PLANE) & (codes < EMOJI_END)) | _one_of(codes, SYMBOL_EMOJI)]
    found = np.zeros(len(offsets) - 1, dtype=bool)
    found[owners(offsets, places)] = True
    return found


def _one_of(codes: np.ndarray, characters: str) -> np.ndarray:
    return np.isin(codes, [ord(character) for character in characters])


def _digit(codes: np.ndarray) -> np.ndarray:
    return (codes >= ord("0")) & (codes <= ord("9"))
