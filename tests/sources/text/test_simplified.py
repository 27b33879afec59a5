"""Traditional characters count as Simplified ones where texts are compared."""

import unicodedata
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.text.characters import kind_table
from sources.text.simplified import simplified_table
from sources.text.texts import Texts

MakeColumn = Callable[..., Texts]


def read_as(text: str) -> str:
    return "".join(map(chr, simplified_table()[[ord(character) for character in text]]))


@pytest.mark.parametrize(
    ("traditional", "simplified"),
    [
        ("為什麼天空是藍色的？", "为什么天空是蓝色的？"),
        ("後來，皇后說著著名的話", "后来，皇后说着着名的话"),
        ("乾燥的乾坤裏，隻身一人", "干燥的干坤里，只身一人"),
        ("佢哋喺邊度食飯？", "佢哋喺边度食饭？"),
    ],
)
def test_both_scripts_are_read_as_one(traditional: str, simplified: str) -> None:
    assert read_as(traditional) == simplified
    assert read_as(simplified) == simplified


def test_nothing_but_han_characters_is_read_otherwise() -> None:
    table = simplified_table()
    changed = np.flatnonzero(table != np.arange(len(table)))
    assert len(changed) > 3000
    assert {unicodedata.category(chr(code)) for code in changed.tolist()} == {"Lo"}
    assert (kind_table()[changed] == kind_table()[table[changed]]).all()
    assert read_as("ひらがな ABC １２") == "ひらがな ABC １２"


@given(st.lists(st.text("為什么麼天空藍蓝色ab 12", max_size=12), min_size=1, max_size=8), st.data())
def test_tokens_are_those_of_the_simplified_text(
    make_column: MakeColumn, texts: list[str], data: st.DataObject
) -> None:
    asked = np.array(sorted(data.draw(st.sets(st.integers(0, len(texts) - 1)))), np.int64)
    found = make_column(*texts).simplified_tokens(asked)
    expected = make_column(*map(read_as, texts)).tokens.select(asked)
    assert found.flat.tolist() == expected.flat.tolist()
    assert found.offsets.tolist() == expected.offsets.tolist()
