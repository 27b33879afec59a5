"""Pairs, and answers, in another language than they should be in."""

from collections.abc import Callable

import pytest

from sources.checks import CheckLimits
from sources.checks.languages import answer_language, wrong_language
from sources.text.texts import PairTexts

MakeTexts = Callable[..., PairTexts]
LIMITS = CheckLimits()

ZH = "北京是中国的首都，有三千多年的历史。"
EN = "Beijing is the capital of China, and it has a history of more than three thousand years."
JA = "これは日本語の文章です。とても面白いですね。"
RU = "Это предложение написано на русском языке, и оно довольно длинное."
CODE = "def add(a, b):\n    return a + b"


@pytest.mark.parametrize("row", [(EN, EN, EN), (JA, JA, JA), (RU, RU, ZH), (EN, EN, ZH), (CODE, JA, ZH)])
def test_a_pair_neither_asked_nor_answered_in_chinese_is_in_the_wrong_language(
    make_texts: MakeTexts, row: tuple[str, str, str]
) -> None:
    hits = wrong_language(make_texts((ZH, ZH, ZH), row), LIMITS)
    assert list(hits) == [1]
    assert hits[1].endswith("; expected zh")


@pytest.mark.parametrize("row", [(ZH, ZH, ZH), (RU, RU, EN), (JA, JA, JA)])
def test_a_pair_neither_asked_nor_answered_in_english_is_in_the_wrong_language(
    make_texts: MakeTexts, row: tuple[str, str, str]
) -> None:
    assert list(wrong_language(make_texts((EN, EN, EN), row, lang="en"), LIMITS)) == [1]


@pytest.mark.parametrize("row", [(ZH, ZH, ZH), (ZH, ZH, EN), (CODE, ZH, CODE), (ZH, CODE, CODE), ("1+1=?", "2", "3")])
def test_chinese_pairs_with_code_or_numbers_are_in_their_language(
    make_texts: MakeTexts, row: tuple[str, str, str]
) -> None:
    assert wrong_language(make_texts(row), LIMITS) == {}


def test_two_foreign_answers_to_a_chinese_prompt_are_in_the_wrong_language(make_texts: MakeTexts) -> None:
    assert list(wrong_language(make_texts((ZH, EN, EN), (ZH, JA, RU)), LIMITS)) == [0, 1]


def test_the_evidence_names_the_languages_found(make_texts: MakeTexts) -> None:
    hits = wrong_language(make_texts((EN, JA, RU)), LIMITS)
    assert hits == {0: "prompt en, chosen ja, rejected Cyrillic script; expected zh"}


@pytest.mark.parametrize(
    ("row", "lang", "evidence"),
    [
        ((ZH, EN, ZH), "zh", "chosen en"),
        ((ZH, ZH, EN), "zh", "rejected en"),
        ((ZH, JA, RU), "zh", "chosen ja, rejected Cyrillic script"),
        ((EN, ZH, EN), "en", "chosen zh"),
        ((EN, EN, RU), "en", "rejected Cyrillic script"),
    ],
)
def test_an_answer_in_another_language_than_the_prompt_is_found(
    make_texts: MakeTexts, row: tuple[str, str, str], lang: str, evidence: str
) -> None:
    assert answer_language(make_texts(row, lang=lang), LIMITS) == {0: evidence}


@pytest.mark.parametrize(
    ("prompt", "lang"),
    [
        ("请把下面这句话翻译成英语：北京是中国的首都。", "zh"),
        ("把这段话译成英文", "zh"),
        ("用英语介绍一下北京。", "zh"),
        ("给出“快乐”这个单词的英文同义词", "zh"),
        ("请解释 Beijing 的意思", "zh"),
        ("请用西班牙语写一首诗。", "zh"),
        ("請把呢句話譯成英文。", "zh"),
        ("用泰语怎么说这句话？", "zh"),
        ("請用廣東話介紹香港。", "zh"),
    ],
)
def test_a_task_of_translation_may_be_answered_in_another_language(
    make_texts: MakeTexts, prompt: str, lang: str
) -> None:
    texts = make_texts((prompt, EN, EN), (prompt, EN, ZH), (prompt, ZH, RU), lang=lang)
    assert answer_language(texts, LIMITS) == wrong_language(texts, LIMITS) == {}


@pytest.mark.parametrize(
    "prompt",
    [
        "Please translate the following sentence, which is about the capital, for me.",
        "What is the name of the city and how is it written in Chinese?",
        "Write a poem about the sea and the sky in Russian, please.",
        "Who asks the court to examine the directive in the light of two fundamental rights? Say this using Spanish.",
        "Which of the languages of the world do you like, and why?",
    ],
)
def test_an_english_prompt_may_ask_for_another_language(make_texts: MakeTexts, prompt: str) -> None:
    assert answer_language(make_texts((prompt, ZH, EN), (prompt, EN, RU), lang="en"), LIMITS) == {}


@pytest.mark.parametrize("answer", ["42", CODE, "A", "(B)", "x = 3", "OK"])
def test_an_answer_in_no_language_is_in_no_other(make_texts: MakeTexts, answer: str) -> None:
    assert answer_language(make_texts((ZH, answer, ZH), (ZH, ZH, answer)), LIMITS) == {}
    assert answer_language(make_texts((EN, answer, EN), (EN, EN, answer), lang="en"), LIMITS) == {}
