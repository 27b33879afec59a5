"""Candidates are all that share bands, and their similarity is that of sets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.stages.similar import MAX_BUCKET, candidates
from sources.text.ngrams import Tokens, similarities, token_sets

BAND_ROWS = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.lists(st.integers(0, 4), min_size=width, max_size=width), min_size=1, max_size=MAX_BUCKET)
)
DOCUMENTS = st.lists(st.lists(st.integers(0, 9), max_size=12), min_size=1, max_size=6)


def as_tokens(documents: list[list[int]]) -> Tokens:
    """Documents with small numbers as well scattered tokens, which differ in their upper 48 bits."""
    scattered = np.random.default_rng(5).integers(0, 2**48, 10, dtype=np.uint64) << np.uint64(16)
    flat = scattered[[value for document in documents for value in document]]
    return Tokens(flat, np.concatenate([[0], np.cumsum([len(document) for document in documents])]))


def naive_candidates(rows: list[list[int]], min_shared: int) -> list[list[int]]:
    return [
        [earlier, later]
        for earlier in range(len(rows))
        for later in range(earlier + 1, len(rows))
        if sum(a == b for a, b in zip(rows[earlier], rows[later], strict=True)) >= min_shared
    ]


@given(BAND_ROWS, st.integers(1, 2))
def test_candidates_are_all_pairs_that_share_enough_bands(rows: list[list[int]], min_shared: int) -> None:
    assert candidates(np.array(rows, dtype=np.uint32), min_shared).tolist() == naive_candidates(rows, min_shared)


def test_everything_in_a_large_bucket_is_compared_with_its_first_members() -> None:
    count = 3 * MAX_BUCKET
    found = set(map(tuple, candidates(np.zeros((count, 1), np.uint32), 1).tolist()))
    assert {(0, later) for later in range(1, count)} <= found
    assert all(earlier < later for earlier, later in found)
    assert len(found) <= MAX_BUCKET * count


def test_nothing_shares_a_band_with_nothing() -> None:
    assert candidates(np.zeros((0, 8), np.uint32), 1).shape == (0, 2)
    assert candidates(np.arange(16, dtype=np.uint32).reshape(2, 8), 1).shape == (0, 2)


@given(DOCUMENTS, st.data())
def test_similarity_is_the_jaccard_similarity_of_the_sets(documents: list[list[int]], data: st.DataObject) -> None:
    place = st.integers(0, len(documents) - 1)
    pairs = np.array(data.draw(st.lists(st.tuples(place, place))), dtype=np.int64).reshape(-1, 2)
    found = similarities(token_sets(as_tokens(documents)), pairs[:, 0], pairs[:, 1])
    expected = []
    for left, right in pairs.tolist():
        a, b = set(documents[left]), set(documents[right])
        expected.append(len(a & b) / len(a | b) if a | b else 1.0)
    assert found.tolist() == pytest.approx(expected)


@given(DOCUMENTS)
def test_token_sets_are_the_distinct_tokens_in_order(documents: list[list[int]]) -> None:
    sets = token_sets(as_tokens(documents))
    assert np.diff(sets.offsets).tolist() == [len(set(document)) for document in documents]
    for start, end in zip(sets.offsets, sets.offsets[1:], strict=False):
        assert (np.diff(sets.flat[start:end].astype(np.int64)) > 0).all()
