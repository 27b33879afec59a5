"""Scores of tokens on a CPU: those of TRL's own function, and of a softmax over the whole vocabulary."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from trl.kernels import ChunkedLogProbFunction

from train.fast import token_scores
from train.fast.token_scores import Head, score_tokens

OUTPUTS = ("log_probs", "entropy", "log_sum_sq_probs", "mean_logits", "is_top1")


def scores_and_gradients(
    ours: bool, tokens: int, words: int, *, bias: bool, outputs: tuple[str, ...] = OUTPUTS
) -> tuple[list[torch.Tensor | None], list[torch.Tensor]]:
    make = torch.Generator().manual_seed(tokens)
    parts = [torch.randn(tokens, 8, generator=make), torch.randn(words, 8, generator=make)]
    parts += [torch.randn(words, generator=make)] * bias
    hidden, weight, *maybe = (part.requires_grad_() for part in parts)
    targets = torch.randint(words, (tokens,), generator=make)
    if ours:
        found = score_tokens(hidden, Head(weight, maybe[0] if maybe else None, outputs), targets)
    else:
        rest = (targets, 1.0, 512, None, 1.0, outputs)
        found = ChunkedLogProbFunction.apply(hidden, weight, maybe[0] if maybe else None, *rest)
    (found[0] * torch.linspace(-1, 2, tokens)).sum().backward()
    return [None if each is None else each.detach() for each in found], [part.grad for part in (hidden, weight, *maybe)]


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 200), st.integers(2, 900), st.booleans())
def test_scores_and_gradients_are_those_of_trl(tokens: int, words: int, bias: bool) -> None:
    ours, theirs = (scores_and_gradients(which, tokens, words, bias=bias) for which in (True, False))
    for mine, other in zip(ours[0] + ours[1], theirs[0] + theirs[1], strict=True):
        torch.testing.assert_close(mine, other, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("kept_bytes", [0, 64 << 20])
def test_what_is_computed_again_is_what_was_kept(kept_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = scores_and_gradients(False, 150, 300, bias=True)
    monkeypatch.setattr(token_scores, "KEPT_BYTES", kept_bytes)
    monkeypatch.setattr(token_scores, "CACHE_BYTES", 1)
    ours = scores_and_gradients(True, 150, 300, bias=True)
    for mine, other in zip(ours[0] + ours[1], expected[0] + expected[1], strict=True):
        torch.testing.assert_close(mine, other, atol=2e-5, rtol=1e-4)


def test_only_what_is_wanted_is_computed() -> None:
    found, _ = scores_and_gradients(True, 10, 50, bias=False, outputs=("log_probs", "entropy"))
    assert [each is None for each in found] == [False, False, True, True, True]


def test_of_equally_likely_words_the_first_counts() -> None:
    weight = torch.zeros(4, 2)
    found = score_tokens(torch.zeros(3, 2), Head(weight, None, OUTPUTS), torch.tensor([0, 1, 3]))
    assert found[4] is not None
    assert found[4].tolist() == [True, False, False]


def test_huge_logits_do_not_overflow() -> None:
    found = score_tokens(torch.full((1, 1), 1e4), Head(torch.tensor([[1.0], [0.0]]), None, OUTPUTS), torch.tensor([1]))
    assert found[0] is not None
    assert found[0].item() == pytest.approx(-1e4)
    assert found[1] is not None
    assert found[1].item() == 0


def test_no_token_at_all_is_no_error() -> None:
    hidden = torch.zeros(0, 8, requires_grad=True)
    found = score_tokens(hidden, Head(torch.randn(5, 8), None, OUTPUTS), torch.zeros(0, dtype=torch.long))
    assert found[0] is not None
    found[0].sum().backward()
    assert hidden.grad is not None
