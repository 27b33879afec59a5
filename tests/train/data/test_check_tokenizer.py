"""A tokenizer of another model is found out before training."""

from typing import Any

import pytest
from transformers import LlamaConfig

from sources.command.errors import ReadError
from train.data.check_tokenizer import check_tokenizer


def test_a_model_may_have_more_embeddings_than_tokens(chatml: Any) -> None:
    check_tokenizer(chatml, LlamaConfig(vocab_size=len(chatml)))
    check_tokenizer(chatml, LlamaConfig(vocab_size=125_696))


def test_an_id_without_an_embedding_is_refused(chatml: Any) -> None:
    with pytest.raises(ReadError, match=r"has ids up to [\d,]+, and the model has embeddings for"):
        check_tokenizer(chatml, LlamaConfig(vocab_size=len(chatml) - 1))
    chatml.add_tokens(["新"])
    with pytest.raises(ReadError, match="belongs to the model"):
        check_tokenizer(chatml, LlamaConfig(vocab_size=len(chatml) - 1))


def test_a_tokenizer_without_an_end_token_is_refused(chatml: Any) -> None:
    chatml.eos_token = None
    with pytest.raises(ReadError, match="no end token"):
        check_tokenizer(chatml, LlamaConfig(vocab_size=len(chatml)))
