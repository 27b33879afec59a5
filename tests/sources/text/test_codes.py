"""Text to code points and back, and NFKC as Python's unicodedata has it."""

import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sources.text.codes import Codes, decode, mix, nfkc, owners, spans, text_keys

TEXT = st.text(max_size=12)
TRICKY = st.text(
    st.sampled_from("aéＡ１ｶﾞﾊﾟｱがか゛\u3099\u309a\u0301\u0323\u1100\u1161\u11a8가각…ﬁ㎏①Å\u212b中豈﷽ \u3000😀")
    | st.characters(exclude_categories=("Cs",)),
    max_size=12,
)


def strings(codes: Codes) -> list[str]:
    """The texts as strings."""
    return [codes.of(text).astype(np.uint32).tobytes().decode("utf-32-le") for text in range(len(codes.lengths))]


def column(texts: list[str]) -> pa.Array:
    return pa.array(texts, pa.string())


@given(st.lists(TEXT))
def test_decoding_gives_the_texts_back(texts: list[str]) -> None:
    assert strings(decode(column(texts))) == texts


@given(st.lists(TEXT, min_size=1), st.data())
def test_decoding_a_slice_gives_the_texts_of_the_slice(texts: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(texts)))
    stop = data.draw(st.integers(start, len(texts)))
    assert strings(decode(column(texts)[start:stop])) == texts[start:stop]


@given(st.lists(TRICKY, max_size=8))
@example(["ｶﾞｷﾞ", "ﾊﾟ", "ﾞ"])
@example(["\u1100\u1161", "\u1100\u1161\u11a8", "가\u11a8", "\u1161"])
@example(["……", "e\u0301", "\u0301", "a\u0323\u0301", "ａ\u0301", ""])
@example(["Å", "\u212b", "ﬁ", "㎏", "①", "豈", "丽", "﷽"])
def test_nfkc_is_that_of_unicodedata(texts: list[str]) -> None:
    assert strings(nfkc(decode(column(texts)))) == [unicodedata.normalize("NFKC", text) for text in texts]


COMPOSED = [
    decomposition
    for code in range(0x110000)
    if (decomposition := unicodedata.decomposition(chr(code))) and decomposition[0] != "<" and " " in decomposition
]


def mark_of_no_combining_class() -> list[str]:
    """Pairs whose second part composes though it is neither a spacing nor a non-zero combining mark."""
    return ["1025 102E", "11131 11127", "11132 11127"]


def test_every_canonical_composition_is_made() -> None:
    texts = [
        "".join(chr(int(part, 16)) for part in pair.split())
        for pair in COMPOSED
        if pair not in mark_of_no_combining_class()
    ]
    assert strings(nfkc(decode(column(texts)))) == [unicodedata.normalize("NFKC", text) for text in texts]


@pytest.mark.parametrize("pair", mark_of_no_combining_class())
def test_a_mark_of_combining_class_zero_composes_too(pair: str) -> None:
    text = "".join(chr(int(part, 16)) for part in pair.split())
    assert strings(nfkc(decode(column([text])))) == [unicodedata.normalize("NFKC", text)]


@given(st.lists(TEXT, min_size=1), st.data())
def test_selected_texts_come_in_the_order_asked_for(texts: list[str], data: st.DataObject) -> None:
    wanted = data.draw(st.lists(st.integers(0, len(texts) - 1)))
    selected = decode(column(texts)).select(np.array(wanted, dtype=np.int64))
    assert strings(selected) == [texts[number] for number in wanted]


@given(st.lists(st.text("ab ", max_size=6)))
def test_code_points_can_be_left_out(texts: list[str]) -> None:
    codes = decode(column(texts))
    assert strings(codes.where(codes.flat != ord(" "))) == [text.replace(" ", "") for text in texts]


@given(st.lists(st.integers(0, 3), min_size=1))
def test_every_place_lies_in_the_text_that_owns_it(lengths: list[int]) -> None:
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    expected = np.repeat(np.arange(len(lengths)), lengths)
    assert owners(offsets, np.arange(offsets[-1])).tolist() == expected.tolist()


def test_spans_name_the_places_of_the_chosen_texts() -> None:
    places, offsets = spans(np.array([0, 2, 2, 5]), np.array([2, 1, 0]))
    assert places.tolist() == [2, 3, 4, 0, 1]
    assert offsets.tolist() == [0, 3, 3, 5]


@given(st.lists(TEXT))
def test_texts_have_the_same_key_exactly_when_they_are_equal(texts: list[str]) -> None:
    keys = text_keys(decode(column(texts))).tolist()
    assert len(keys) == len(texts)
    assert len(set(keys)) == len(set(texts))
    assert len(set(zip(texts, keys, strict=True))) == len(set(texts))


@given(st.sets(st.integers(0, 2**64 - 1)))
def test_mixing_keeps_different_values_apart_and_its_argument_whole(values: set[int]) -> None:
    given_values = np.array(sorted(values), dtype=np.uint64)
    mixed = mix(given_values)
    assert len(np.unique(mixed)) == len(values)
    assert given_values.tolist() == sorted(values)
