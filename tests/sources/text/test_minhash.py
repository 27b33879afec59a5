"""MinHash bands find what is similar, and tell sides apart."""

from collections.abc import Callable

import numpy as np

from sources.text.minhash import BANDS, bands, pair_tokens
from sources.text.ngrams import Tokens
from sources.text.texts import PairTexts

MakeTexts = Callable[..., PairTexts]


def documents(*sets: range) -> Tokens:
    """Documents with these numbers, well scattered, as tokens."""
    values = [np.random.default_rng(7).integers(0, 2**63, 10_000, dtype=np.uint64)[list(part)] for part in sets]
    return Tokens(np.concatenate(values), np.concatenate([[0], np.cumsum([len(part) for part in sets])]))


def test_equal_documents_share_all_bands() -> None:
    found = bands(documents(range(100), range(100)))
    assert found.shape == (2, BANDS)
    assert found.dtype == np.uint32
    assert (found[0] == found[1]).all()


def test_documents_with_nothing_in_common_share_no_band() -> None:
    found = bands(documents(range(200), range(200, 400)))
    assert not (found[0] == found[1]).any()


def test_nearly_all_pairs_of_similarity_nine_tenths_share_a_band() -> None:
    sets = [range(at, at + 190) for start in range(0, 8000, 400) for at in (start, start + 10)]
    found = bands(documents(*sets))
    assert (found[::2] == found[1::2]).any(axis=1).all()


def test_bands_do_not_depend_on_the_documents_beside() -> None:
    together = bands(documents(range(50), range(50, 90), range(90, 200)))
    assert together[1].tolist() == bands(documents(range(50, 90)))[0].tolist()


def test_order_and_repetition_of_tokens_do_not_count() -> None:
    once = documents(range(30))
    thrice = Tokens(np.concatenate([once.flat[::-1], once.flat, once.flat]), np.array([0, 90]))
    assert bands(once).tolist() == bands(thrice).tolist()


def test_no_document_has_no_band() -> None:
    assert bands(Tokens(np.empty(0, np.uint64), np.array([0]))).shape == (0, BANDS)


def test_a_document_without_tokens_has_bands_too() -> None:
    assert bands(Tokens(np.empty(0, np.uint64), np.array([0, 0]))).shape == (1, BANDS)


def test_swapped_sides_are_another_document(make_texts: MakeTexts) -> None:
    prompt, good, bad = "请介绍一下北京的历史和文化", "北京有三千多年的建城史，文化丰富", "我不知道你在说什么东西啊朋友"
    texts = make_texts((prompt, good, bad), (prompt, bad, good))
    tokens = pair_tokens(texts.tokens)
    prompt_size = len(texts.tokens.of(0))
    assert tokens.of(0)[:prompt_size].tolist() == tokens.of(1)[:prompt_size].tolist()
    assert not np.isin(tokens.of(0)[prompt_size:], tokens.of(1)).any()


def test_a_pair_has_the_tokens_of_its_three_texts(make_texts: MakeTexts) -> None:
    texts = make_texts(("一二三四五", "六七八九十", "甲乙丙丁戊己"), ("天地玄黄", "宇宙洪荒", "日月"))
    assert pair_tokens(texts.tokens).offsets.tolist() == [0, 7, 10]
