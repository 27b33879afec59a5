"""What shows of an answer at a glance, and what only looks like it."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.measures.surface import MAX_MARKS, Sign, surface_of
from sources.text.texts import PairTexts

MakeTexts = Callable[..., PairTexts]

MARKDOWN = [
    "# 标题\n正文",
    "### Steps\nDo this.",
    "这是**重点**内容。",
    "**Note** that it rains.",
    "```python\nprint(1)\n```",
    "| 甲 | 乙 |\n| --- | --- |\n| 1 | 2 |",
    "one **two** three",
    "说明：\n**注意：**不要。",
]
NO_MARKDOWN = [
    "2**3 + 4**5 = 1032",
    "x ** 2 ** 3",
    "#话题# 今天下雨",
    "#1 is the best",
    "密码是 ****",
    "***",
    "a * b * c",
    "**",
    "",
    "用 `x` 表示",
    "他说：“好。”",
    "5*3=15，6*2=12",
    "#",
]
LISTS = [
    "- one\n- two",
    "* 苹果\n* 梨",
    "1. First\n2. Second",
    "1、先洗\n2、再切",
    "好的：\n• 甲\n• 乙",
    "一、开头\n二、结尾",
    "10. ten\n11. eleven",
    "1) a\n2) b",
    "１．先洗\n２．再切",
]
NO_LISTS = [
    "- 你好吗？",
    "3.14 is pi\n2.71 is e",
    "2023 was dry.\n2024 was wet.",
    "12.5 米\n13.5 米",
    "-5 度\n-7 度",
    "第一、第二",
    "1. only one",
    "一二三四\n五六七八",
    "*sighs*\n*smiles*",
    "1\n2",
    "-\n-",
]
EMOJI = ["好的😀", "Great 👍", "✅ 完成", "我爱你❤", "🇨🇳"]
NO_EMOJI = ["好的：）", "★★★☆☆", "✓ done", "→ next", "①②③", "𝄞 𠀀", "½ … —", "♠ ♥"]
REFUSALS = ["抱歉，我无法回答这个问题。", "I'm sorry, but I can't help with that."]
NO_REFUSALS = ["他道歉了。", "Sorry is a song by Justin Bieber.", "不能吃太多糖。"]


def signs(make_texts: MakeTexts, text: str, lang: str = "zh") -> Sign:
    """The signs of an answer; those of another beside it must not touch it."""
    surface = surface_of(make_texts(("问", text, "1"), ("# 问", "1", text), lang=lang))
    assert surface.signs[0, 0] == surface.signs[1, 1]
    return Sign(int(surface.signs[0, 0]))


@pytest.mark.parametrize(
    ("sign", "having", "lacking"),
    [
        (Sign.MARKDOWN, MARKDOWN, NO_MARKDOWN),
        (Sign.LIST, LISTS, NO_LISTS),
        (Sign.EMOJI, EMOJI, NO_EMOJI),
        (Sign.REFUSAL, REFUSALS, NO_REFUSALS),
    ],
)
def test_a_sign_is_seen_and_what_looks_like_it_is_not(
    make_texts: MakeTexts, sign: Sign, having: list[str], lacking: list[str]
) -> None:
    assert [text for text in having if sign not in signs(make_texts, text)] == []
    assert [text for text in lacking if sign in signs(make_texts, text)] == []


ENGLISH = "The weather is fine today, so we are going to walk in the park with our friends."
CHINESE = "今天天气很好，我们和朋友一起去公园散步吧。"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_another_language_is_not_that_of_the_prompt_whatever_the_pair_is_said_to_be_in(
    make_texts: MakeTexts, lang: str
) -> None:
    surface = surface_of(make_texts((CHINESE, ENGLISH, CHINESE), (ENGLISH, ENGLISH, CHINESE), lang=lang))
    assert (surface.signs & Sign.OTHER_LANGUAGE > 0).tolist() == [[True, False], [False, True]]


@pytest.mark.parametrize("prompt", [CHINESE, "1 + 1 = ?"])
def test_code_and_answers_to_a_prompt_in_no_language_are_in_no_other(make_texts: MakeTexts, prompt: str) -> None:
    surface = surface_of(make_texts((prompt, "print(1 + 2)", "x = {}"), ("1 + 1 = ?", ENGLISH, CHINESE)))
    assert (surface.signs & Sign.OTHER_LANGUAGE).tolist() == [[0, 0], [0, 0]]


def test_marks_are_counted_up_to_a_limit(make_texts: MakeTexts) -> None:
    surface = surface_of(make_texts(("问", "# 标题\n- **甲**\n- 乙", "好"), ("问", "- 一\n" * 300, "")))
    assert surface.marks.tolist() == [[4, 0], [MAX_MARKS, 0]]


def test_lengths_are_those_of_the_texts_as_they_are(make_texts: MakeTexts) -> None:
    surface = surface_of(make_texts(("问", " ㍿ \n", "😀"), ("问", "", "ab")))
    assert surface.chars.tolist() == [[4, 1], [0, 2]]


TEXTS = st.text(st.sampled_from("a1 \n*-#|`.、好😀一"), max_size=12)


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=6), st.data())
def test_the_surface_of_a_pair_does_not_depend_on_its_neighbours(
    make_texts: MakeTexts, rows: list[tuple[str, str, str]], data: st.DataObject
) -> None:
    row = data.draw(st.integers(0, len(rows) - 1))
    whole, alone = surface_of(make_texts(*rows)), surface_of(make_texts(rows[row]))
    for name in ("chars", "marks", "signs"):
        np.testing.assert_array_equal(getattr(whole, name)[row], getattr(alone, name)[0])
