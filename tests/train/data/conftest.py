"""Tokenizers of every kind that matters, and what TRL itself makes of a table of pairs."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import datasets
import pyarrow as pa
import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizer, PreTrainedTokenizerFast
from trl import DPOTrainer

from train.data.chat_template import choose_chat_template
from train.tiny_model import SENTENCES, make_tokenizer

COLUMNS = ("prompt_ids", "chosen_ids", "rejected_ids")
THINKING = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n\n</think>\n\n{% endif %}"
)
"""A template that writes the prompt alone otherwise than with an answer."""
PREFACED = "{{ '问：' if add_generation_prompt else '全：' }}" + THINKING
TRIMMING = (
    "{{ bos_token }}{% for m in messages %}{{ m['role'] }}: {{ m['content'] | trim }}{{ eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)


class Letters(PreTrainedTokenizer):  # type: ignore[misc]
    """A tokenizer in Python: each character is a token, by its code."""

    model_input_names = ("input_ids",)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"} | kwargs
        )

    @property
    def vocab_size(self) -> int:
        return 0x110000

    def get_vocab(self) -> dict[str, int]:
        return dict(self.added_tokens_encoder)

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        return list(text)

    def _convert_token_to_id(self, token: str) -> int:
        return ord(token)

    def _convert_id_to_token(self, index: int) -> str:
        return chr(index)

    def save_vocabulary(self, save_directory: str, filename_prefix: str | None = None) -> tuple[str, ...]:
        return ()


def sentencepiece_like(*tokens: AddedToken) -> Any:
    """A tokenizer like that of Llama 2: a mark before the first word, bytes for unknown letters, <s> put first."""
    backend = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    backend.decoder = decoders.Metaspace(prepend_scheme="first", split=False)
    special = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    backend.train_from_iterator(
        SENTENCES, trainers.BpeTrainer(vocab_size=900, special_tokens=special, show_progress=False)
    )
    backend.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="</s>"
    )
    tokenizer.add_tokens(list(tokens), special_tokens=True)
    return tokenizer


def with_template(tokenizer: Any, template: str) -> Any:
    """The tokenizer with a shipped template, or with the text of one."""
    if "{" in template:
        tokenizer.chat_template = template
    else:
        choose_chat_template(tokenizer, template)
    return tokenizer


def made(name: str) -> Any:
    byte_level = make_tokenizer(list(SENTENCES) * 3, 700)
    return {
        "byte level, ChatML": lambda: byte_level,
        "byte level, alpaca": lambda: with_template(byte_level, "alpaca"),
        "byte level, human": lambda: with_template(byte_level, "human"),
        "byte level, thinking": lambda: with_template(byte_level, THINKING),
        "byte level, prefaced": lambda: with_template(byte_level, PREFACED),
        "byte level, trimming": lambda: with_template(byte_level, TRIMMING),
        "byte level, ChatML as text": lambda: with_template(byte_level, "ct-llm"),
        "Llama 2": lambda: with_template(sentencepiece_like(), "llama2"),
        "Llama 2, trimming": lambda: with_template(sentencepiece_like(), TRIMMING),
        "Baichuan 2": lambda: with_template(
            sentencepiece_like(AddedToken("<reserved_106>"), AddedToken("<reserved_107>")), "baichuan2"
        ),
        "tokens that take spaces": lambda: with_template(
            sentencepiece_like(
                AddedToken("<|im_start|>", lstrip=True, rstrip=True), AddedToken("<|im_end|>", single_word=True)
            ),
            "chatml",
        ),
        "tokens in one another": lambda: with_template(
            sentencepiece_like(
                AddedToken("<|im_start|>", normalized=False),
                AddedToken("<|im_start|>assistant\n你", normalized=False),
                AddedToken("\n<|im_start", normalized=False),
                AddedToken("<|im_end|>", normalized=False),
            ),
            "chatml",
        ),
        "in Python": lambda: with_template(Letters(), "human"),
    }[name]()


KINDS = (
    "byte level, ChatML",
    "byte level, alpaca",
    "byte level, human",
    "byte level, thinking",
    "byte level, prefaced",
    "byte level, trimming",
    "byte level, ChatML as text",
    "Llama 2",
    "Llama 2, trimming",
    "Baichuan 2",
    "tokens that take spaces",
    "tokens in one another",
    "in Python",
)


@pytest.fixture(scope="session")
def make_kind() -> Callable[[str], Any]:
    """A tokenizer by its name in KINDS."""
    return made


@pytest.fixture(scope="session", params=KINDS)
def any_tokenizer(request: pytest.FixtureRequest) -> Any:
    return made(request.param)


@pytest.fixture
def chatml() -> Any:
    return made("byte level, ChatML")


@pytest.fixture(scope="session")
def by_trl() -> Callable[[pa.Table, Any], dict[str, list[list[int]]]]:
    """The ids that TRL's DPOTrainer makes of pairs."""
    datasets.disable_progress_bars()

    def tokenize(pairs: pa.Table, tokenizer: Any) -> dict[str, list[list[int]]]:
        dataset = datasets.Dataset.from_list(pairs.select(["prompt", "chosen", "rejected"]).to_pylist())
        args = SimpleNamespace(dataset_num_proc=None, max_length=None, truncation_mode="keep_start")
        trainer = SimpleNamespace(_tokenizer=tokenizer)
        made_by_trl = DPOTrainer._prepare_dataset(trainer, dataset, tokenizer, args, "train")
        return {name: made_by_trl[name][:] for name in COLUMNS}

    return tokenize
