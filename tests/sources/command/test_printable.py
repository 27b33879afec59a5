"""Upstream text on a terminal."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.command.printable import printable
from tests.examples import examples


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x00\x7f\x9b", "\\x00\\x7f\\x9b"),
        ("\u202egnp", "\\u202egnp"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
        ("\u2028\u2029", "\\u2028\\u2029"),
        ("\ud800", "\\ud800"),
        ("\ue000", "\\ue000"),
    ],
    ids=["breaks", "escape", "controls", "bidi", "format", "separators", "surrogate", "private"],
)
def test_a_hidden_character_is_shown_as_its_escape(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_visible_text_stays_as_it_is() -> None:
    text = "你好，世界！\u3000é 🙂 \\n"
    assert printable(text) == text


def test_a_long_text_is_cut_with_an_ellipsis() -> None:
    assert printable("字" * 81) == "字" * 80 + "…"


def test_a_text_of_just_the_limit_is_not_cut() -> None:
    assert printable("字" * 80) == "字" * 80
    assert printable("abc", max_chars=2) == "ab…"


def test_an_empty_text_stays_empty() -> None:
    assert printable("") == ""


@settings(max_examples=examples(200), deadline=None)
@given(st.text(st.characters(codec=None, categories=["Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Lu", "Zs"]), max_size=100))
def test_no_text_gets_a_control_character_or_a_line_break_through(text: str) -> None:
    shown = printable(text, max_chars=50)
    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    assert len(shown.splitlines()) <= 1
    if len(text) > 50:
        assert len(shown) == 51
    shown.encode()


def test_a_hidden_character_beyond_the_first_plane_is_told_from_two_others() -> None:
    assert printable("\U000e0001") != printable("\ue000" + "1")
