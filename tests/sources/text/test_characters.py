"""Every code point has the kind that checks rely on."""

import unicodedata

import numpy as np
import pytest

from sources.text.characters import (
    CODE_POINTS,
    JAMO,
    NO_SINGLE_FORM,
    SCRIPTS,
    TELLTALES,
    Kind,
    kind_table,
    lower_table,
    nfkc_table,
    telltale_table,
)


@pytest.mark.parametrize(
    ("kind", "characters"),
    [
        (Kind.SPACE, " \t\n\r\u3000\u00a0\u200b\ufeff\u2028\u00ad"),
        (Kind.CONTROL, "\x00\x07\x1b\x1c\x7f\x80"),
        (Kind.LIGHT, "，、；：,;:“”‘’\"'《》()（）—·"),
        (Kind.STOP, "。！？!?.…"),
        (Kind.OTHER, "+-/%=#<>{}_\\@&😀💡€"),
        (Kind.BROKEN, "\ufffd"),
        (Kind.DIGIT, "0123456789０９¼Ⅷ"),
        (Kind.MARK, "\u0301\u0300\u3099\u309a"),
        (Kind.LATIN, "azAZéßñÿẞＡｚ"),
        (Kind.HAN, "一中文々〇㐀龥豈𠀀𪜶"),
        (Kind.KANA, "あんアンーｱﾝ"),
        (Kind.HANGUL, "가힣ㄱㅎ"),
        (Kind.CYRILLIC, "абвЯЁѢ"),
        (Kind.ARABIC, "سلامپچ"),
        (Kind.GREEK, "αωΩά"),
        (Kind.LETTER, "אבกขअआԱա"),
    ],
)
def test_a_character_is_of_its_kind(kind: Kind, characters: str) -> None:
    kinds = kind_table()
    assert {character: Kind(kinds[ord(character)]) for character in characters} == dict.fromkeys(characters, kind)


def test_every_code_point_has_a_kind() -> None:
    kinds = kind_table()
    assert kinds.shape == (CODE_POINTS,)
    assert set(np.unique(kinds).tolist()) == set(Kind)


def test_all_letters_up_to_the_classified_planes_are_of_a_script() -> None:
    kinds = kind_table()
    letters = [code for code in range(0x20000) if unicodedata.category(chr(code)) in ("Lu", "Ll")]
    assert np.isin(kinds[letters], SCRIPTS).all()


def test_all_unified_ideographs_are_han() -> None:
    kinds = kind_table()
    unified = [
        code for code in range(0x3400, 0x30000) if unicodedata.name(chr(code), "").startswith("CJK UNIFIED IDEOGRAPH")
    ]
    assert (kinds[unified] == Kind.HAN).all()


def test_kinds_are_ordered_by_how_much_they_say() -> None:
    assert max(Kind.SPACE, Kind.CONTROL) < Kind.LIGHT < Kind.STOP < min(Kind.DIGIT, *SCRIPTS)


def test_lower_case_is_that_of_python_where_it_is_one_code_point() -> None:
    lowered = lower_table()
    for code in (*range(0x80), *map(ord, "ÀÉЯΩＡİß中")):
        own = chr(code).lower()
        assert chr(lowered[code]) == (own if len(own) == 1 else chr(code))


def test_the_single_form_of_a_code_point_is_its_nfkc_form() -> None:
    table = nfkc_table()
    wrong = [
        hex(code)
        for code in range(CODE_POINTS)
        if not 0xD800 <= code <= 0xDFFF
        and table[code] != NO_SINGLE_FORM
        and chr(table[code]) != unicodedata.normalize("NFKC", chr(code))
    ]
    assert not wrong


def test_joining_jamo_and_combining_marks_have_no_single_form() -> None:
    table = nfkc_table()
    assert (table[[ord(jamo) for jamo in JAMO]] == NO_SINGLE_FORM).all()
    assert (table[[0x301, 0x3099, 0x309A, ord("…"), ord("ﬁ"), ord("ﾞ")]] == NO_SINGLE_FORM).all()


def test_telltales_are_marked_and_nothing_else() -> None:
    assert set(np.flatnonzero(telltale_table()).tolist()) == {ord(character) for character in TELLTALES}
