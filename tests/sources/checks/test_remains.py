"""What tools leave in answers: marks of speakers, missing values as text, escapes."""

from collections.abc import Callable

import pytest

from sources.checks import CheckLimits
from sources.checks.remains import escaped_text, nan_text, speaker_mark
from sources.text.texts import PairTexts

MakeTexts = Callable[..., PairTexts]
LIMITS = CheckLimits()

SPEAKERS = [
    "Assistant: Let the soil dry first.",
    "助手：等土干了再浇。",
    "AI：番茄炒蛋。",
    "答：因为月亮绕着地球转。",
    "Answer: it is the sunlight.",
    "\n\nAssistant:轻拍听声音。",
    "**Assistant:** Sure, here it is.",
    "机器人: 好的。",
    "機器人：沒問題，水滾了再下麵。",
    "用戶：係咪要先洗米？",
]
NO_SPEAKERS = [
    "答案：B",
    "AI 是人工智能的缩写。",
    "機器人的用途：搬運和焊接。",
    "助手的职责：整理文件，安排会议。",
    "Assistant professors teach: that is their job.",
    "问：今天几号？\n答：一号。\n问：星期几？\n答：星期三。",
    "User: hi\nBot: hello\nUser: how are you?\nBot: fine, thanks.",
    "注意：水温不要太高。",
    "Dear assistant: thank you for your help.",
    "Answering this takes time: be patient.",
]
MISSING = ["nan", "None", "null", "N/A", "undefined", "[]", " NaN\n", "{}", '"null"', "#N/A", "nil", "None."]
PRESENT = [
    "None of them is right.",
    "没有",
    "无",
    "NaN 表示不是一个数。",
    "null 是空值。",
    "0",
    "[1, 2]",
    "No.",
    "Nanjing",
    "不适用",
    "undefined behaviour",
    "Na",
]
ESCAPED = [
    "第一步：洗菜。\\n第二步：切菜。\\n第三步：炒菜。",
    "\\u4f60\\u597d\\uff0c世界",
    "水的化学式是 H&lt;sub&gt;2&lt;/sub&gt;O",
    "春天来了。<br>花开了。<br/>鸟叫了。",
    "%E4%BD%A0%E5%A5%BD，欢迎光临。",
    "First do this.\\n\\nThen do that.",
    "Tom &amp; Jerry are friends.",
    "He said &quot;hello&quot; to me.",
    "<p>你好</p><p>再见</p>",
]
PLAIN = [
    ("问", "第一步：洗菜。\n第二步：切菜。"),
    ("写一段 Python 代码", 'print("你好\\n世界")'),
    ("问", "使用 `\\n` 表示换行，例如 a\\n\\nb。"),
    ("HTML 里怎样换行？", "用 <br> 换行。"),
    ("How do I escape an ampersand in XML?", "Write &amp; in its place."),
    ("问", "把 C:\\nginx\\conf 打开"),
    ("求梯度", "梯度记作 \\nabla f，且 a \\neq b。"),
    ("问", '{"text": "你好\\n世界"}'),
    ("问", "见 https://example.org/%E4%BD%A0%E5%A5%BD 这个网址"),
    ("问", "打 95% 的折，A & B 两家都有。"),
]


@pytest.mark.parametrize("text", SPEAKERS)
def test_the_mark_of_a_speaker_is_found_on_either_side(make_texts: MakeTexts, text: str) -> None:
    assert list(speaker_mark(make_texts(("问", text, "坏"), ("问", "好", text), ("问", "好", "坏")), LIMITS)) == [0, 1]


@pytest.mark.parametrize("text", NO_SPEAKERS)
def test_answers_dialogues_and_headings_are_no_marks(make_texts: MakeTexts, text: str) -> None:
    assert speaker_mark(make_texts(("问", text, text)), LIMITS) == {}


def test_a_mark_that_the_prompt_asks_for_is_none(make_texts: MakeTexts) -> None:
    assert speaker_mark(make_texts(("请以“答：”开头回答", "答：好的。", "不")), LIMITS) == {}


@pytest.mark.parametrize("text", MISSING)
def test_a_missing_value_as_an_answer_is_found(make_texts: MakeTexts, text: str) -> None:
    hits = nan_text(make_texts(("问", text, "坏"), ("问", "好", text)), LIMITS)
    assert {row: evidence.split(" ")[0] for row, evidence in hits.items()} == {0: "chosen", 1: "rejected"}


@pytest.mark.parametrize("text", PRESENT)
def test_other_short_answers_are_no_missing_values(make_texts: MakeTexts, text: str) -> None:
    hits = nan_text(make_texts(("问", text, text)), LIMITS)
    assert hits == ({0: "chosen is Na"} if text == "Na" else {})


def test_a_value_that_the_prompt_names_is_an_answer(make_texts: MakeTexts) -> None:
    texts = make_texts(("Print None if there is no match.", "None", "x"), ("空列表怎么写？是 [] 吗", "[]", "x"))
    assert nan_text(texts, LIMITS) == {}


@pytest.mark.parametrize("text", ESCAPED)
def test_escapes_in_prose_are_found_on_either_side(make_texts: MakeTexts, text: str) -> None:
    assert list(escaped_text(make_texts(("问", text, "坏"), ("问", "好", text)), LIMITS)) == [0, 1]


@pytest.mark.parametrize(("prompt", "text"), PLAIN)
def test_code_markup_and_formulas_are_no_escapes(make_texts: MakeTexts, prompt: str, text: str) -> None:
    assert escaped_text(make_texts((prompt, text, "坏")), LIMITS) == {}
