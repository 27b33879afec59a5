"""Two answers that are nearly one text, and those that differ little but in what counts."""

from collections.abc import Callable

import pytest

from sources.checks import CheckLimits
from sources.checks.alike import nearly_identical_sides
from sources.text.texts import PairTexts

MakeTexts = Callable[..., PairTexts]
LIMITS = CheckLimits()
ZH = "等盆土干透以后再浇，一次浇透，避开叶心，冬天减少浇水的次数，夏天放在通风的地方，避免暴晒。"
EN = "Let the soil dry out completely before you water it again, and keep the leaves dry in winter."

ALIKE = [
    (ZH, ZH[:-1]),
    (ZH, f"{ZH} 😊🌱"),
    (ZH, ZH.replace("，", ",") + "！"),
    (ZH, ZH.replace("通风", "透风")),
    (ZH, ZH[:30]),
    (EN, EN.replace("completely", "complitely")),
    (EN, EN[:60]),
    (EN, f"{EN} 👍"),
    (EN, EN.upper() + "!!"),
    (EN + " Thanks.", EN),
]
APART = [
    (ZH, ZH.replace("避开", "不避开")),
    (ZH, "每天早中晚各浇一次，把叶子也淋湿就好了，这样它会长得很快，也不容易生病，放在太阳下面就行。"),
    (ZH, "等盆土干"),
    (f"{ZH}一共是 216 个。", f"{ZH}一共是 217 个。"),
    (EN, EN.replace("dry in", "wet, not dry, in")),
    (EN, EN.replace("before", "after")),
    ("The answer is 42 because six times seven is 42.", "The answer is 41 because six times seven is 41."),
    ("通过", "不通过"),
    ("A", "B"),
    ("3 < 5, so the first number is the smaller one.", "3 > 5, so the first number is the smaller one."),
    ("😊", "😢"),
]


@pytest.mark.parametrize(("chosen", "rejected"), ALIKE)
def test_answers_that_are_nearly_the_same_are_found(make_texts: MakeTexts, chosen: str, rejected: str) -> None:
    lang = "zh" if chosen.startswith(ZH[:4]) else "en"
    texts = make_texts(("问", chosen, rejected), ("问", rejected, chosen), ("问", chosen, "坏"), lang=lang)
    assert list(nearly_identical_sides(texts, LIMITS)) == [0, 1]


@pytest.mark.parametrize(("chosen", "rejected"), APART)
def test_answers_that_differ_in_what_counts_are_not(make_texts: MakeTexts, chosen: str, rejected: str) -> None:
    texts = make_texts(("问", chosen, rejected), ("问", chosen, chosen))
    assert nearly_identical_sides(texts, LIMITS) == {}
