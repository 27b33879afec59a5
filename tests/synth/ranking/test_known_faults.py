"""Scores with planted faults: the intervals of the audit hold the planted value in 19 of 20 seeds, and no far one."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from synth.judging.audit import Audit, audit
from synth.ranking.combine import Place, Values
from synth.ranking.labels import Bench
from tests.synth.judging.test_known_faults import PAIRS, SEEDS, finds


def audit_of(scores: np.ndarray, longer: np.ndarray) -> Audit:
    """The audit of one judge who gives these scores, a row for each pair: chosen, rejected; `longer`: chosen is."""
    starts, finer = np.arange(0, scores.size + 1, 2), np.zeros(len(scores), bool)
    bench = Bench.of(["m"], [Values(scores.ravel(), starts, finer)], "mean")
    nothing = pa.nulls(len(scores), pa.string())
    columns = {
        "source": ["one"] * len(scores),
        "label": pa.array([bench.label(bench.last, Place(number, 0, 1)) for number in range(len(scores))], pa.string()),
        "chosen_first": nothing,
        "rejected_first": nothing,
        "chosen_chars": pa.array(np.where(longer, 9, 5), pa.int32()),
        "rejected_chars": pa.array(np.where(longer, 5, 9), pa.int32()),
    }
    return audit(pa.table(columns))[0]


def every_seed(draw: Callable[[np.random.Generator, np.ndarray], np.ndarray]) -> list[Audit]:
    found = []
    for seed in SEEDS:
        random = np.random.default_rng(seed)
        longer = random.random(PAIRS) < 0.5
        found.append(audit_of(draw(random, longer), longer))
    return found


TRUE = np.array([4.0, 2.0])


@pytest.mark.parametrize("noise", [0.1, 0.4])
def test_the_agreement_that_noise_leaves_is_found(noise: float) -> None:
    """So often both scores are drawn, and then a third of the pairs tie; the others are right in a half."""

    def draw(random: np.random.Generator, _: np.ndarray) -> np.ndarray:
        noisy = random.random(PAIRS) < noise
        return np.where(noisy[:, None], random.integers(1, 4, (PAIRS, 2)), TRUE)

    found = every_seed(draw)
    right, wrong = 1 - noise + noise / 3, noise / 3
    assert finds([each.agreement for each in found], right / (right + wrong))
    assert finds([each.ties for each in found], noise / 3)


@pytest.mark.parametrize("bias", [0.0, 0.5])
def test_a_taste_for_longer_answers_is_found(bias: float) -> None:
    """So often the longer answer gets the higher score; else the better one, which is as often the shorter."""

    def draw(random: np.random.Generator, longer: np.ndarray) -> np.ndarray:
        fooled = random.random(PAIRS) < bias
        return np.where((fooled & ~longer)[:, None], TRUE[::-1], TRUE)

    found = every_seed(draw)
    assert finds([each.length_judge for each in found], 0.5 + bias / 2)
    assert finds([each.length_labels for each in found], 0.5)


@pytest.mark.parametrize("wrong", [0.1, 0.5])
def test_labels_that_are_the_wrong_way_round_are_found(wrong: float) -> None:
    found = every_seed(lambda random, _: np.where((random.random(PAIRS) < wrong)[:, None], TRUE[::-1], TRUE))
    assert finds([each.agreement for each in found], 1 - wrong)


def test_a_judge_that_always_gives_the_same_score_prefers_nothing() -> None:
    found = audit_of(np.full((30, 2), 7.0), np.ones(30, bool))
    assert found.ties.value == 1
    assert found.agreement.value is None
    assert found.consistency.value is None
