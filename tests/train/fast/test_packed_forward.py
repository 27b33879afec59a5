"""The packed forward gives what TRL's own gives, values and gradients, for every known model type."""

import copy
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoConfig, AutoModelForCausalLM
from trl.trainer.utils import add_fused_lm_head

from tests.train.tiny import llama
from train.fast.known_models import KNOWN, why_padded
from train.fast.packed_forward import Scoring, pack, pack_forward

OUTPUTS = ("log_probs", "entropy", "log_sum_sq_probs", "mean_logits", "is_top1")
SIZES: dict[str, Any] = {
    "vocab_size": 96,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 256,
    "pad_token_id": 0,
    "eos_token_id": 1,
    "bos_token_id": 2,
}


def batch(lengths: list[tuple[int, int, int]], seed: int = 0) -> dict[str, torch.Tensor]:
    """A padded batch of pairs with so many tokens of (prompt, chosen, rejected)."""
    make = torch.Generator().manual_seed(seed)
    draw = lambda count: torch.randint(3, 96, (count,), generator=make)  # noqa: E731
    prompts = [draw(prompt) for prompt, _, _ in lengths]
    rows = [torch.cat((p, draw(chosen))) for p, (_, chosen, _) in zip(prompts, lengths, strict=True)]
    rows += [torch.cat((p, draw(rejected))) for p, (_, _, rejected) in zip(prompts, lengths, strict=True)]
    ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    mask = torch.nn.utils.rnn.pad_sequence([torch.ones_like(row) for row in rows], batch_first=True)
    labels = ids.masked_fill(mask == 0, -100)
    for row, (prompt, _, _) in enumerate(lengths * 2):
        labels[row, :prompt] = -100
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


def scored(model: Any, inputs: dict[str, torch.Tensor], scoring: Scoring | None) -> tuple[Any, torch.Tensor]:
    """The output of a copy of the model, plain or packed, and the gradient of a weighted sum of log-probabilities."""
    model = copy.deepcopy(model).train()
    add_fused_lm_head(model, outputs=OUTPUTS)
    if scoring:
        pack_forward(model, scoring)
    out = model(**inputs, fused_lm_head=True, use_cache=False)
    weights = torch.linspace(-1, 1, len(inputs["input_ids"]), dtype=out.log_probs.dtype)
    (out.log_probs.sum(1) * weights).sum().backward()
    return out, torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


def assert_alike(model: Any, inputs: dict[str, torch.Tensor], *, share: bool) -> None:
    plain, plain_gradient = scored(model, inputs, None)
    ours, gradient = scored(model, inputs, Scoring(OUTPUTS, share_prompts=share))
    assert ours.log_probs.dtype == torch.float64
    for name in OUTPUTS:
        torch.testing.assert_close(getattr(ours, name).float(), getattr(plain, name).float(), atol=3e-6, rtol=1e-5)
    torch.testing.assert_close(ours.loss.float(), plain.loss, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(gradient, plain_gradient, atol=5e-5, rtol=1e-4)


@pytest.mark.parametrize("share", [False, True])
@pytest.mark.parametrize("kind", KNOWN)
def test_every_known_model_type_is_scored_as_trl_scores_it(kind: str, share: bool) -> None:
    torch.manual_seed(0)
    config = AutoConfig.for_model(kind, **SIZES)
    assert why_padded(config, 128) is None
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    assert_alike(model, batch([(7, 12, 30), (1, 3, 1), (20, 9, 9)]), share=share)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 20), st.integers(1, 25), st.integers(1, 25)), min_size=1, max_size=4),
    st.booleans(),
)
def test_pairs_of_any_lengths_are_scored_as_trl_scores_them(lengths: list[tuple[int, int, int]], share: bool) -> None:
    assert_alike(llama(), batch(lengths), share=share)


def test_gradient_checkpointing_changes_nothing() -> None:
    model = llama()
    model.gradient_checkpointing_enable()
    assert_alike(model, batch([(7, 12, 30), (4, 20, 2)]), share=True)


def test_no_token_is_computed_for_padding_and_a_shared_prompt_only_once() -> None:
    inputs = batch([(7, 12, 30), (4, 20, 2)])
    apart = pack(inputs["input_ids"], inputs["attention_mask"])
    assert len(apart.ids_N) == 19 + 24 + 37 + 6
    once = pack(inputs["input_ids"], inputs["attention_mask"], inputs["labels"])
    assert len(once.ids_N) == 19 + 24 + 30 + 2
    assert once.packing.contexts == [(0, 0), (0, 0), (0, 7), (19, 23)]
    assert once.positions_N[-2:].tolist() == [4, 5]


def test_only_what_is_equal_in_two_prompts_is_shared() -> None:
    inputs = batch([(9, 12, 5)])
    ids = inputs["input_ids"]
    ids[1, 4] = 3 if ids[0, 4] > 3 else 4
    assert pack(ids, inputs["attention_mask"], inputs["labels"]).packing.contexts[1] == (0, 4)
    assert_alike(llama(), inputs, share=True)


def test_a_call_without_the_fused_head_is_the_models_own() -> None:
    model = llama().eval()
    inputs = batch([(5, 6, 7)])
    expected = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).logits
    add_fused_lm_head(model, outputs=OUTPUTS)
    pack_forward(model, Scoring(OUTPUTS))
    found = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).logits
    torch.testing.assert_close(found, expected)
    assert model.generate(inputs["input_ids"][:1, :5], max_new_tokens=3, do_sample=False).shape == (1, 8)


@pytest.mark.parametrize(
    ("kind", "more", "reason"),
    [
        ("mixtral", {}, "mixture of experts"),
        ("gemma2", {}, "caps its logits"),
        ("granite", {"logits_scaling": 8.0}, "scales its logits"),
        ("llama", {"attention_dropout": 0.1}, "dropout"),
        ("mistral", {"sliding_window": 64}, "sliding window"),
        ("bloom", {}, "nobody has compared"),
        ("llama", {"rope_parameters": {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 1e4}}, "rotary"),
    ],
)
def test_a_model_that_packing_would_change_is_left_to_plain_trl(kind: str, more: dict[str, Any], reason: str) -> None:
    config = AutoConfig.for_model(kind, **more)
    assert reason in (why_padded(config, 128) or "")


def test_an_attention_that_was_asked_for_is_kept() -> None:
    assert "flash_attention_2" in (why_padded(AutoConfig.for_model("llama"), 128, "flash_attention_2") or "")
