"""n-grams as hashes behave as n-grams as strings do."""

import numpy as np
import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from sources.text.codes import Codes, decode
from sources.text.ngrams import Tokens, tokens, window_hashes

TEXTS = st.lists(st.text("abc中文😀", max_size=14), max_size=8)


def codes(texts: list[str]) -> Codes:
    return decode(pa.array(texts, pa.string()))


def ngrams(text: str, size: int) -> list[str]:
    """The n-grams of a text; a shorter text is its only one, an empty text has none."""
    return [text[at : at + size] for at in range(max(len(text) - size, 0) + 1)] if text else []


@given(TEXTS, st.sampled_from([4, 8]))
@example(["", "a", "abc", "abcd", "abcde", ""], 4)
def test_a_text_has_as_many_tokens_as_ngrams(texts: list[str], size: int) -> None:
    found = tokens(codes(texts), np.full(len(texts), size))
    assert np.diff(found.offsets).tolist() == [len(ngrams(text, size)) for text in texts]
    assert len(found.flat) == found.offsets[-1]


@given(TEXTS, st.sampled_from([4, 8]))
def test_tokens_are_equal_where_the_ngrams_are(texts: list[str], size: int) -> None:
    found = tokens(codes(texts), np.full(len(texts), size))
    expected = [gram for text in texts for gram in ngrams(text, size)]
    assert len(set(found.flat.tolist())) == len(set(expected))
    assert len(set(zip(expected, found.flat.tolist(), strict=True))) == len(set(expected))


@given(st.lists(st.tuples(st.text("ab中", max_size=12), st.sampled_from([4, 8])), max_size=8))
def test_texts_of_several_widths_have_the_tokens_that_they_have_alone(texts: list[tuple[str, int]]) -> None:
    strings, sizes = [text for text, _ in texts], np.array([size for _, size in texts], dtype=np.int64)
    together = tokens(codes(strings), sizes)
    for number, (text, size) in enumerate(texts):
        assert together.of(number).tolist() == tokens(codes([text]), np.array([size])).flat.tolist()


def test_short_texts_share_a_token_only_when_they_are_equal() -> None:
    found = tokens(codes(["好的", "好吧", "好的"]), np.full(3, 4))
    assert found.of(0).tolist() != found.of(1).tolist()
    assert found.of(0).tolist() == found.of(2).tolist()


def test_a_window_hash_depends_on_its_window_only() -> None:
    hashes = window_hashes(codes(["xxabcdefghyyabcdefghzz"]).flat, 8)
    assert hashes[2] == hashes[12]
    assert hashes[2] != hashes[3]


def test_tokens_of_some_texts_can_be_selected() -> None:
    found = Tokens(np.arange(6, dtype=np.uint64), np.array([0, 1, 3, 6]))
    selected = found.select(np.array([2, 0]))
    assert selected.flat.tolist() == [3, 4, 5, 0]
    assert selected.offsets.tolist() == [0, 3, 4]


def test_no_text_has_no_token() -> None:
    found = tokens(codes([]), np.empty(0, np.int64))
    assert (len(found.flat), found.offsets.tolist()) == (0, [0])
