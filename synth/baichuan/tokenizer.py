"""The tokenizer's files: sentencepiece's read, those of a fast tokenizer written."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth.baichuan.config import Config
from synth.baichuan.fast_tokenizer import fast_tokenizer
from synth.baichuan.pieces import unknown_id
from synth.baichuan.source_file import json_object, write_json


@dataclass(frozen=True, slots=True)
class Settings:
    """What the model itself does not say."""

    add_bos: bool
    add_eos: bool
    bos_id: int
    eos_id: int
    pad_id: int
    max_tokens: int


def read_settings(folder: Path, config: Config) -> Settings:
    """Whether texts begin with BOS and end with EOS; without a word on it, what Baichuan's own code does: BOS only.

    Raises:
        BrokenFileError: tokenizer_config.json is there and cannot be read.
    """
    path = folder / "tokenizer_config.json"
    content = json_object(path) if path.exists() else {}
    return Settings(
        add_bos=bool(content.get("add_bos_token", True)),
        add_eos=bool(content.get("add_eos_token", False)),
        bos_id=config.bos_id,
        eos_id=config.eos_id,
        pad_id=config.pad_id,
        max_tokens=config.max_positions,
    )


def write_tokenizer(model: Any, settings: Settings, out: Path) -> None:
    """tokenizer.json, tokenizer_config.json and special_tokens_map.json in `out`, for transformers 4.4x and 5 and vLLM.

    No chat template: this is a base model.
    """
    named = _named(model, settings)
    before, after = [named["bos_token"]] * settings.add_bos, [named["eos_token"]] * settings.add_eos
    tokenizer = fast_tokenizer(model, list(dict.fromkeys(named.values())), before, after)
    (out / "tokenizer.json").write_text(tokenizer.to_str(pretty=True), encoding="utf-8")
    write_json(out / "special_tokens_map.json", named)
    content = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        **named,
        "add_bos_token": settings.add_bos,
        "add_eos_token": settings.add_eos,
        "clean_up_tokenization_spaces": False,
        "model_input_names": ["input_ids", "attention_mask"],
        "model_max_length": settings.max_tokens,
    }
    write_json(out / "tokenizer_config.json", content)


def saved_tokenizer(folder: Path) -> Any:
    """The tokenizers.Tokenizer as a server will read it from `folder`."""
    from tokenizers import Tokenizer

    return Tokenizer.from_str(json.dumps(json_object(folder / "tokenizer.json")))


def _named(model: Any, settings: Settings) -> dict[str, str]:
    """The tokens with a name of their own; padding may lie beyond the pieces, and then has none."""
    numbers = {
        "bos_token": settings.bos_id,
        "eos_token": settings.eos_id,
        "unk_token": unknown_id(model),
        "pad_token": settings.pad_id,
    }
    return {name: model.pieces[number].piece for name, number in numbers.items() if number < len(model.pieces)}
