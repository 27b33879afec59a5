"""Judges with planted faults: the intervals of the audit hold the planted value in 19 of 20 seeds, and no far one."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from synth.judging.audit import Audit, audit
from synth.judging.share import Share

PAIRS = 400
SEEDS = range(200)
LEAST = 183
"""Of 200 intervals of 95 %, 190 hold the true value on average, and fewer than so many in one case of fifty."""

FAR = 0.3
SAID = ("chosen", "rejected")
OTHER = {"chosen": "rejected", "rejected": "chosen", "tie": "tie"}

Draw = Callable[[np.random.Generator], tuple[str, str]]
"""What a judge says about a pair with chosen first, and with rejected first."""


def scores(said: list[tuple[str | None, str | None]], lengths: list[tuple[int, int]] | None = None) -> pa.Table:
    """The columns of SCORES that are audited."""
    labels = [None if None in both else both[0] if both[0] == both[1] else "tie" for both in said]
    chars = lengths or [(10, 10)] * len(said)
    return pa.table(
        {
            "source": ["one"] * len(said),
            "label": pa.array(labels, pa.string()),
            "chosen_first": pa.array([one for one, _ in said], pa.string()),
            "rejected_first": pa.array([other for _, other in said], pa.string()),
            "chosen_chars": pa.array([one for one, _ in chars], pa.int32()),
            "rejected_chars": pa.array([other for _, other in chars], pa.int32()),
        }
    )


def found_in(share: Share, planted: float) -> bool:
    assert share.low is not None
    assert share.high is not None
    return share.low <= planted <= share.high


def finds(shares: list[Share], planted: float) -> bool:
    """Whether the intervals hold the planted value as often as they should, and hardly one that is far from it."""
    far = planted - FAR if planted > 0.5 else planted + FAR
    held, wrongly = (sum(found_in(each, value) for each in shares) for value in (planted, far))
    return held >= LEAST and wrongly < len(shares) / 4


@pytest.mark.parametrize("bias", [0.05, 0.3, 0.7])
def test_the_share_of_pairs_that_position_decides_is_found(bias: float) -> None:
    def one_seed(seed: int) -> Audit:
        drawn = np.random.default_rng(seed).random(PAIRS) < bias
        return audit(scores([("chosen", "rejected") if fooled else ("chosen", "chosen") for fooled in drawn]))[0]

    found = [one_seed(seed) for seed in SEEDS]
    assert finds([each.consistency for each in found], 1 - bias)
    assert finds([each.ties for each in found], bias)
    assert all(each.agreement.value == 1 for each in found)
    assert all(each.first_preferred.value == 1 for each in found)


@pytest.mark.parametrize("noise", [0.05, 0.25])
def test_the_agreement_that_noise_leaves_is_found(noise: float) -> None:
    """Each verdict is the wrong way round with this chance; two that agree are both right, or both wrong."""
    right, wrong = (1 - noise) ** 2, noise**2

    def one_seed(seed: int) -> Audit:
        drawn = np.random.default_rng(seed).random((PAIRS, 2)) < noise
        return audit(scores([tuple("rejected" if flip else "chosen" for flip in both) for both in drawn]))[0]  # type: ignore[misc]

    found = [one_seed(seed) for seed in SEEDS]
    assert finds([each.agreement for each in found], right / (right + wrong))
    assert finds([each.consistency for each in found], right + wrong)
    assert finds([each.first_preferred for each in found], 0.5)


@pytest.mark.parametrize("bias", [0.0, 0.4, 1.0])
def test_a_taste_for_longer_answers_is_found(bias: float) -> None:
    """So often the longer answer wins whatever it says; else the label, which knows no lengths."""

    def one_seed(seed: int) -> Audit:
        random = np.random.default_rng(seed)
        lengths = [(int(one), int(other)) for one, other in random.permuted([[5, 9]] * PAIRS, axis=1)]
        by_length = random.random(PAIRS) < bias
        said = [
            "rejected" if fooled and one < other else "chosen"
            for fooled, (one, other) in zip(by_length, lengths, strict=True)
        ]
        return audit(scores([(each, each) for each in said], lengths))[0]

    found = [one_seed(seed) for seed in SEEDS]
    assert finds([each.length_judge for each in found], 0.5 + bias / 2)
    assert finds([each.length_labels for each in found], 0.5)


@pytest.mark.parametrize("unreadable", [0.1, 0.4])
def test_verdicts_that_cannot_be_read_take_pairs_away_and_move_nothing_else(unreadable: float) -> None:
    """Each order has no verdict with this chance, whatever it would have been; noise of 0.2 in those that have one."""
    right, wrong = 0.8**2, 0.2**2

    def one_seed(seed: int) -> Audit:
        random = np.random.default_rng(seed)
        drawn, lost = random.random((PAIRS, 2)) < 0.2, random.random((PAIRS, 2)) < unreadable
        said: list[tuple[str | None, str | None]] = [
            (None if no[0] else SAID[int(flip[0])], None if no[1] else SAID[int(flip[1])])
            for flip, no in zip(drawn, lost, strict=True)
        ]
        return audit(scores(said))[0]

    found = [one_seed(seed) for seed in SEEDS]
    assert finds([Share(each.judged, each.pairs) for each in found], (1 - unreadable) ** 2)
    assert finds([each.agreement for each in found], right / (right + wrong))
    assert finds([each.consistency for each in found], right + wrong)


@pytest.mark.parametrize("wrong", [0.1, 0.5])
def test_labels_that_are_the_wrong_way_round_are_found(wrong: float) -> None:
    def one_seed(seed: int) -> Audit:
        drawn = np.random.default_rng(seed).random(PAIRS) < wrong
        return audit(scores([("rejected", "rejected") if flip else ("chosen", "chosen") for flip in drawn]))[0]

    assert finds([one_seed(seed).agreement for seed in SEEDS], 1 - wrong)


def test_a_judge_that_always_says_a_has_no_preference() -> None:
    (found,) = audit(scores([("chosen", "rejected")] * 30))
    assert found.ties.value == found.first_preferred.value == 1
    assert found.consistency.value == 0
    assert found.agreement == Share(0, 0)
    assert found.agreement.as_dict() == {"value": None, "low": None, "high": None, "of": 0}


def test_a_perfect_judge_agrees_with_every_label() -> None:
    (found,) = audit(scores([("chosen", "chosen")] * 30))
    assert found.agreement.value == found.consistency.value == 1
    assert found.ties.value == 0


def test_pairs_without_a_verdict_count_in_nothing_but_their_number() -> None:
    (found,) = audit(scores([("chosen", "chosen"), (None, "chosen"), ("rejected", None), (None, None)]))
    assert (found.pairs, found.judged, found.agreement) == (4, 1, Share(1, 1))


def test_equal_lengths_count_half_and_a_tie_said_twice_is_consistent() -> None:
    (found,) = audit(scores([("chosen", "chosen"), ("tie", "tie"), ("tie", "chosen")], [(7, 7), (9, 1), (9, 1)]))
    assert found.length_judge == found.length_labels == Share(0.5, 1)
    assert found.consistency == Share(2, 3)
    assert found.ties == Share(2, 3)
    assert found.first_preferred == Share(0, 0)


def test_each_source_stands_by_itself_before_the_total() -> None:
    one, other = scores([("chosen", "chosen")] * 3), scores([("rejected", "rejected")])
    both = pa.concat_tables([one, other.set_column(0, "source", pa.array(["a"]))])
    assert [(each.source, each.pairs, each.agreement.value) for each in audit(both)] == [
        ("a", 1, 0.0),
        ("one", 3, 1.0),
        ("total", 4, 0.75),
    ]


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"), [(8, 10, 0.4902, 0.9433), (0, 20, 0.0, 0.1611), (50, 100, 0.4038, 0.5962)]
)
def test_wilsons_interval_is_that_of_the_books(hits: int, of: int, low: float, high: float) -> None:
    share = Share(hits, of)
    assert share.low == pytest.approx(low, abs=1e-4)
    assert share.high == pytest.approx(high, abs=1e-4)
