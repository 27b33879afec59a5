"""Answers in a loop, and texts that say things twice for a reason."""

from collections.abc import Callable

import pytest

from sources.checks import CheckLimits
from sources.checks.answers import cut_off_chosen
from sources.checks.repetition import repetition
from sources.text.texts import PairTexts

MakeTexts = Callable[..., PairTexts]
LIMITS = CheckLimits()
HASH = "".join(f"{(place * 7919) % 10007:05d}" for place in range(40))

LOOPS = {
    "zh": [
        "世界上最长的河流流经埃及" + "、苏丹、埃塞俄比亚" * 30,
        "当然可以。" + "好的" * 60,
        "春天来了。" * 12,
        "首先要准备工具，" * 8 + "然后按照步骤操作就可以完成了。",
        "\n".join(f"{number}. 多喝水，多休息，保持好心情。" for number in range(1, 13)),
        "我不知道。" * 20,
        "答案是：" + "是" * 80,
        "他说了一句话。她说：你好你好你好" + "你好" * 30,
    ],
    "en": [
        "The answer is " + "yes and no and " * 12,
        "I am sorry. " * 10,
        "\n".join(f"{number}. Eat well and sleep well every day." for number in range(1, 10)),
        "Paris, London, " * 14,
        "It depends on the weather and on the season of the year. " * 5,
        "very " * 30 + "good",
        "Step one is to open the box. " * 6 + "Then close it.",
        "the the the the the the the the the the the the the the",
    ],
}
INNOCENT = {
    "zh": [
        "哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈",
        "一、准备材料。\n二、清洗蔬菜。\n三、切好备用。\n四、下锅翻炒。\n五、加盐出锅。",
        "| 姓名 | 年龄 |\n|------|------|\n| 小明 | 12 |\n| 小红 | 13 |\n| 小刚 | 12 |\n| 小丽 | 13 |",
        "=" * 80 + "\n标题\n" + "-" * 80,
        "山一程，水一程，身向榆关那畔行，夜深千帐灯。风一更，雪一更，聒碎乡心梦不成，故园无此声。",
        "在那遥远的地方，有位好姑娘。\n啦啦啦啦啦啦\n人们走过了她的帐房。\n啦啦啦啦啦啦\n都要回头留恋地张望。\n啦啦啦啦啦啦",
        "好好学习，天天向上。高高兴兴上学去，平平安安回家来。",
        HASH,
        "目录" + "." * 60 + "1\n前言" + "." * 60 + "3",
    ],
    "en": [
        "ha" * 30,
        "for i in range(3):\n    print(i)\nfor j in range(3):\n    print(j)\nfor k in range(3):\n    print(k)",
        "| a | b |\n|---|---|\n| 1 | 2 |\n| 1 | 2 |\n| 1 | 2 |\n| 1 | 2 |",
        "0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0",
        "Row, row, row your boat, gently down the stream. Merrily, merrily, merrily, merrily, life is but a dream.",
        "- Wash your hands.\n- Wash your face.\n- Brush your teeth.\n- Comb your hair.\n- Put on your shoes.",
        "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness.",
        "." * 200,
        "No, no, no, that is not what I meant at all.",
    ],
}


@pytest.mark.parametrize(("lang", "text"), [(lang, text) for lang, texts in LOOPS.items() for text in texts])
def test_loops_are_found_on_either_side(make_texts: MakeTexts, lang: str, text: str) -> None:
    texts = make_texts(("问", text, "坏"), ("问", "好", text), lang=lang)
    assert {row: evidence.split(" ")[0] for row, evidence in repetition(texts, LIMITS).items()} == {
        0: "chosen",
        1: "rejected",
    }


@pytest.mark.parametrize(("lang", "text"), [(lang, text) for lang, texts in INNOCENT.items() for text in texts])
def test_lists_tables_poems_code_and_laughter_are_no_loops(make_texts: MakeTexts, lang: str, text: str) -> None:
    assert repetition(make_texts(("问", text, text), lang=lang), LIMITS) == {}


@pytest.mark.parametrize("prompt", ["请把“我爱你”重复一百遍", "Write 'I will not talk' fifty times."])
def test_who_asks_for_it_gets_it(make_texts: MakeTexts, prompt: str) -> None:
    assert repetition(make_texts((prompt, "我爱你，" * 100, "不")), LIMITS) == {}


def test_a_loop_is_not_also_cut_off_unless_something_else_follows(make_texts: MakeTexts) -> None:
    loop = "这个问题要分成几步来说明。" * 12
    texts = make_texts(("问", "好的。" + "好的" * 80, "坏"), ("问", loop + "第三步的时候要特别注意的是下面这些", "坏"))
    assert list(repetition(texts, LIMITS)) == [0, 1]
    assert list(cut_off_chosen(texts, LIMITS)) == [1]
