"""Which language a text is in, one by one and many at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.text.script import BEGINNING_CHARS, name_told, script_language, script_languages, tell_languages

TEXTS = st.text(st.sampled_from("猫狗\u4dbf\u4dc0\u9fff\U00020000aZé@[`{ -\n，ぁ1"), max_size=30)


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("", "en"),
        ("123", "en"),
        ("猫", "zh"),
        ("Who is she?", "en"),
        ("她是谁？", "zh"),
        ("用Python写hello world吧", "zh"),
        ("The word 猫 means cat in English", "en"),
        ("one two 猫", "zh"),
        ("one two three 猫", "en"),
    ],
)
def test_two_latin_words_weigh_as_much_as_a_han_character(text: str, lang: str) -> None:
    assert script_language(text) == lang
    assert script_languages([text]) == [lang]


@given(st.lists(TEXTS, max_size=12))
def test_many_at_once_are_as_one_by_one(texts: list[str]) -> None:
    assert script_languages(texts) == [script_language(text) for text in texts]


def test_words_do_not_run_from_one_text_into_the_next() -> None:
    assert script_languages(["", "猫abc", "def", "", "猫a b c"]) == ["en", "zh", "en", "en", "en"]


def test_only_the_beginning_counts() -> None:
    assert script_language("a b c " * BEGINNING_CHARS, "猫" * BEGINNING_CHARS) == "zh"
    assert script_languages(["猫"] * 1500) == ["zh"] * 1500


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("日本の首都はどこですか", "ja"),
        ("한국의 수도는 어디인가요", "ko"),
        ("Назови столицу России", "ru"),
        ("ما هي عاصمة فرنسا", "ar"),
        ("Ποια είναι η πρωτεύουσα", "el"),
        ("ประเทศไทยอยู่ที่ไหน", "th"),
        ("भारत की राजधानी क्या है", "hi"),
        ("מהי בירת ישראל", "he"),
        ("ᎣᏏᏲ ᏙᎯᏧ ᎠᏂᏴᏫᏯ", "und"),
        ("日语里的「ありがとう」是什么意思，什么时候说，对谁说才合适", "zh"),
        ("Translate this into Russian, please, and explain every word of it: добрый день", "en"),
        ("∀α, β: α + β = β + α", "en"),
    ],
)
def test_another_script_that_says_most_tells_its_commonest_language(text: str, lang: str) -> None:
    assert script_languages([text]) == [lang]
    assert tell_languages([text], None) == [lang]


UKRAINIAN = "Столиця України — Київ, найбільше місто країни, центр політики, науки та культури."
FRENCH = "La capitale de la France est Paris, connue pour ses musées, ses monuments et sa cuisine."


def test_a_language_that_is_asked_for_is_told_from_the_others_of_its_script() -> None:
    texts = [UKRAINIAN, FRENCH, "The capital of England is London, which is on the river Thames.", "猫"]
    assert tell_languages(texts, "uk") == ["uk", "en", "en", "zh"]
    assert tell_languages(texts, "ru") == ["uk", "en", "en", "zh"]
    assert tell_languages(texts, "fr") == ["ru", "fr", "en", "zh"]


def test_a_build_of_english_leaves_latin_letters_to_its_check() -> None:
    assert tell_languages([FRENCH], "en") == ["en"]


def test_a_script_without_a_language_is_named() -> None:
    assert name_told("und", "ᎣᏏᏲ ᏙᎯᏧ") == "Cherokee script"
    assert name_told("ko", "한국") == "ko"
