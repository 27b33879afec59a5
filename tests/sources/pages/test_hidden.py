"""Hidden characters become visible, JSON stays inside its element."""

import json
import sys
import unicodedata
from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from sources.pages.hidden import HIDDEN, safe_json, visible


def test_every_control_format_and_private_character_is_hidden_but_tab_and_line_feed() -> None:
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        if unicodedata.category(char) in ("Cc", "Cf", "Co", "Zl", "Zp") and char not in "\t\n":
            assert HIDDEN.fullmatch(char), hex(code)


def test_letters_marks_and_emoji_are_not() -> None:
    assert not HIDDEN.search("中文 abc ßéก็ 😀 カナ한글\t\n")


def test_a_hidden_character_is_its_number_in_a_box() -> None:
    assert visible("a\u202eb<") == 'a<span class="hidden">U+202E</span>b&lt;'


@given(st.text())
def test_a_page_holds_the_text_and_no_markup_of_it(text: str) -> None:
    shown = str(visible(text)).replace('<span class="hidden">', "").replace("</span>", "")
    assert "<" not in shown
    assert unescape(shown) == HIDDEN.sub(lambda found: f"U+{ord(found[0]):04X}", text) or "&" in text


@given(st.text())
def test_json_is_the_same_to_its_reader(text: str) -> None:
    safe = safe_json(json.dumps(text, ensure_ascii=False))
    assert json.loads(safe) == text
    assert not HIDDEN.search(safe)
    assert not set("<>&") & set(safe)
