"""A tiny DPO run, for tests: a random Llama, a tokenizer of single characters, pairs with an easy preference."""

from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from tokenizers import Regex, Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from trl import DPOConfig, DPOTrainer

from train.run.model_card import OwnModelCard
from train.run.whole_checkpoints import WholeCheckpoints

LETTERS = "abcdefghijklmnopqrstuvwxyz ?!"


class TinyTrainer(WholeCheckpoints, OwnModelCard, DPOTrainer):
    pass


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    words = {word: place for place, word in enumerate(["<pad>", "<s>", "</s>", "<unk>", *LETTERS])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )


def tiny_model(seed: int = 0) -> LlamaForCausalLM:
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(LETTERS) + 4,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=64,
    )
    return LlamaForCausalLM(config)


def saved_model(folder: Path) -> Path:
    """A tiny model on disk, where TRL looks for the reference; made once."""
    if not folder.exists():
        tiny_model().save_pretrained(folder)
        tiny_tokenizer().save_pretrained(folder)
    return folder


def tiny_pairs(count: int = 16) -> Dataset:
    words = [LETTERS[place % 20 : place % 20 + 5] for place in range(count)]
    rows = [{"prompt": f"{word}?", "chosen": f"{word}!", "rejected": f"{word[::-1]} "} for word in words]
    return Dataset.from_list(rows)


def tiny_trainer(
    output_dir: Path, *, kind: type[Any] = TinyTrainer, peft: Any = None, with_test: bool = False, **options: Any
) -> Any:
    """Six steps of two pairs, a checkpoint every two."""
    settings: dict[str, Any] = {
        "output_dir": str(output_dir),
        "per_device_train_batch_size": 2,
        "max_steps": 6,
        "save_steps": 2,
        "logging_steps": 1,
        "learning_rate": 1e-3,
        "report_to": [],
        "use_cpu": True,
        "bf16": False,
        "gradient_checkpointing": False,
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
    }
    return kind(
        model=str(saved_model(output_dir.parent / "tiny-model")),
        args=DPOConfig(**settings | options),
        train_dataset=tiny_pairs(),
        eval_dataset=tiny_pairs(4) if with_test else None,
        processing_class=tiny_tokenizer(),
        peft_config=peft,
    )
