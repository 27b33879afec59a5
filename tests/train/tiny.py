"""Tiny random models, and rows of random tokens of uneven lengths."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

VOCABULARY = 128


def llama(seed: int = 0, **more: Any) -> Any:
    """A Llama of 30,000 parameters or so, the same for the same seed."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    sizes = {"vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "eos_token_id": 1, "pad_token_id": 2}
    return LlamaForCausalLM(LlamaConfig(**sizes | heads | more))


def word_tokenizer() -> Any:
    """A tokenizer with a word for each id: w0 w1 ..."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({f"w{number}": number for number in range(VOCABULARY)}, unk_token="w0"))
    return PreTrainedTokenizerFast(tokenizer_object=words, eos_token="w1", pad_token="w2")


def save_model(folder: Path, seed: int = 0) -> Path:
    """A model and its tokenizer, saved."""
    llama(seed).save_pretrained(folder)
    word_tokenizer().save_pretrained(folder)
    return folder


def token_rows(count: int, seed: int = 0, *, longest: int = 40, separable: bool = False) -> pa.Table:
    """Tokenised pairs of two sources. Where `separable`, every chosen word is of the lower half and every rejected one
    of the upper."""
    rng = np.random.default_rng(seed)
    half = VOCABULARY // 2

    def ids(low: int, high: int, most: int) -> pa.Array:
        rows = [rng.integers(low, high, rng.integers(2, most)).astype(np.int32) for _ in range(count)]
        return pa.array([row.tolist() for row in rows], pa.list_(pa.int32()))

    sides = ((3, half), (half, VOCABULARY)) if separable else ((3, VOCABULARY), (3, VOCABULARY))
    return pa.table(
        {
            "id": [f"id{row}" for row in range(count)],
            "source": ["huozi" if row % 3 else "cvalues_rlhf" for row in range(count)],
            "source_row": [f"file.json:{row}" for row in range(count)],
            "lang": ["zh"] * count,
            "prompt_ids": ids(3, VOCABULARY, 20),
            "chosen_ids": ids(*sides[0], longest),
            "rejected_ids": ids(*sides[1], longest),
        }
    )
