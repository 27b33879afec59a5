"""Balanced batches: the same pairs in each step, dealt so that every micro-batch has about as many tokens."""

import torch
from accelerate.data_loader import SeedableRandomSampler
from hypothesis import given
from hypothesis import strategies as st

from train.fast.balance import BalancedSampler, balance


@given(st.lists(st.integers(1, 2000), min_size=1, max_size=80), st.integers(1, 4), st.integers(1, 4))
def test_every_step_has_the_pairs_of_the_plain_order(lengths: list[int], batches: int, batch_size: int) -> None:
    torch.manual_seed(5)
    plain = list(SeedableRandomSampler(lengths, data_seed=5))
    ours = list(BalancedSampler(SeedableRandomSampler(lengths, data_seed=5), lengths, batches, batch_size))
    step = batches * batch_size
    for start in range(0, len(lengths), step):
        assert sorted(ours[start : start + step]) == sorted(plain[start : start + step])
    whole = len(lengths) // step * step
    assert ours[whole:] == plain[whole:]


@given(st.lists(st.integers(1, 2000), min_size=32, max_size=32))
def test_no_micro_batch_has_more_tokens_than_dealing_can_avoid(lengths: list[int]) -> None:
    order = balance(range(32), lengths, 8, 4)
    sums = [sum(lengths[row] for row in order[start : start + 4]) for start in range(0, 32, 4)]
    assert sorted(order) == list(range(32))
    assert max(sums) - min(sums) <= max(lengths)


def test_another_epoch_has_another_order() -> None:
    sampler = BalancedSampler(SeedableRandomSampler(range(64), data_seed=1), [1] * 64, 2, 4)
    first = list(sampler)
    sampler.set_epoch(1)
    assert list(sampler) != first
    sampler.set_epoch(0)
    assert list(sampler) == first
    assert len(sampler) == 64
