"""Which language a text is in, one by one and many at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.text.script import BEGINNING_CHARS, script_language, script_languages

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
