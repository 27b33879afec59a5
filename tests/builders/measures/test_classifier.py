"""The classifier finds what is planted in answers, and nothing where nothing is; no prompt helps to judge itself."""

import numpy as np
import pyarrow as pa
import pytest

from builders.measures.classifier import HEAD_CHARS, TAIL_CHARS, Answers, ngram_differences, tell_apart
from builders.measures.statistics import told_rightly
from tests.builders.measures.planted import Plant, nothing, phrase, rows

PAIRS = 600


def answers(said: list[tuple[str, str, str]], lang: str) -> Answers:
    prompts, chosen, rejected = zip(*said, strict=True)
    groups = np.unique(np.array(prompts), return_inverse=True)[1].astype(np.uint64)
    return Answers(pa.array(chosen), pa.array(rejected), lang, groups)


def alone(given: Answers) -> np.ndarray:
    """The scores by n-grams alone."""
    return tell_apart(given, np.empty((len(given.groups), 0), np.int64))


def accuracy(plant: Plant, lang: str, share: float) -> float:
    return float(told_rightly(alone(answers(rows(plant, PAIRS, lang, share), lang))).mean())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_phrase_of_one_side_is_found(lang: str) -> None:
    assert accuracy(phrase, lang, 1.0) > 0.97


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("plant", [phrase, nothing])
def test_where_the_sides_are_drawn_by_lot_half_are_told_rightly(plant: Plant, lang: str) -> None:
    assert accuracy(plant, lang, 0.5) == pytest.approx(0.5, abs=0.07)


def test_the_end_of_a_long_answer_is_read_too() -> None:
    middle = "山" * (HEAD_CHARS + TAIL_CHARS)
    said = [(f"{row}", f"{middle}完毕了", f"{middle}没有了") for row in range(100)]
    assert (alone(answers(said, "zh")) > 0).all()


def test_answers_that_are_equal_are_not_told_apart() -> None:
    said = [(f"{row}", "好", "好") for row in range(100)]
    assert alone(answers(said, "zh")).tolist() == [0.0] * 100


def test_swapped_sides_have_the_opposite_differences() -> None:
    said = rows(phrase, 50, "en")
    there, back = (ngram_differences(answers(each, "en")) for each in (said, [(p, r, c) for p, c, r in said]))
    np.testing.assert_array_equal(there, -back)


def test_a_pair_is_judged_without_the_pairs_of_its_prompt() -> None:
    said = [("one prompt", f"好{row}", f"坏{row}") for row in range(100)]
    assert alone(answers(said, "zh")).tolist() == [0.0] * 100


def test_the_order_of_the_pairs_does_not_matter() -> None:
    said = rows(phrase, 300, "zh", 0.8)
    order = np.random.default_rng(0).permutation(300)
    given = answers(said, "zh")
    shuffled = Answers(
        given.chosen.take(pa.array(order)), given.rejected.take(pa.array(order)), "zh", given.groups[order]
    )
    np.testing.assert_allclose(alone(shuffled), alone(given)[order], atol=1e-9)


def test_what_is_told_beside_the_ngrams_is_used() -> None:
    given = answers(rows(nothing, 300, "zh"), "zh")
    others = np.where(np.arange(300) % 10, 4, -4)[:, None]
    assert told_rightly(tell_apart(given, others)).mean() == pytest.approx(0.9, abs=0.02)


def test_answers_may_be_empty() -> None:
    said = [(f"{row}", "", "好的") for row in range(100)]
    assert (alone(answers(said, "en")) > 0).all()
