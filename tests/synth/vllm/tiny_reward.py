"""A tiny random reward model: a Llama with one number in place of a vocabulary, and its score by torch itself."""

from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, LlamaConfig, LlamaForSequenceClassification

from tests.synth.vllm.tiny_chat import write_chat_model


def write_reward_model(folder: Path, max_positions: int = 512) -> Path:
    """A checkpoint with the tokenizer and the chat template of the tiny chat model."""
    write_chat_model(folder, max_positions)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=352,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=max_positions,
        initializer_range=0.2,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        num_labels=1,
    )
    torch.manual_seed(12)
    LlamaForSequenceClassification(config).save_pretrained(folder)
    return folder


def rewards(folder: Path, conversations: list[list[dict[str, str]]]) -> list[float]:
    """The raw number of each conversation, as torch computes it in float32, one by one."""
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    found = []
    with torch.inference_mode():
        for turns in conversations:
            ids = tokenizer.apply_chat_template(turns, tokenize=True, return_dict=False)
            found.append(float(model(torch.tensor([ids])).logits[0, 0]))
    return found
