"""The model that is measured: checked before anything is computed, then loaded for lm-eval. Never any remote code."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sources.command.errors import BrokenFileError, MissingFileError, PrefsError, UsageError

HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
LOADING_ERRORS = (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError, RuntimeError, AssertionError)
"""What transformers, peft and torch raise for a model that they cannot load or run."""

NO_REMOTE_CODE = "Code that comes with a model is never run here."


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Where a model comes from: a folder or a Hub id, and the adapter on top of it, if it is one."""

    given: str
    pretrained: str
    adapter: str | None = None
    tokenizer: str = ""

    @property
    def is_local(self) -> bool:
        return Path(self.pretrained).is_dir()


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """How models are loaded and asked."""

    device: str
    dtype: str
    batch_size: int | str
    apply_chat_template: bool


def find_model(given: str) -> ModelSource:
    """The folder or Hub id, after a look whether a model can be in it.

    Raises:
        PrefsError: there is none.
    """
    if not given:
        raise UsageError("--model", "is empty")
    folder = Path(given)
    if not folder.is_dir():
        if not folder.exists() and HUB_ID.fullmatch(given):
            return ModelSource(given, given, tokenizer=given)
        found = "is a file" if folder.exists() else "there is no such folder"
        raise MissingFileError(given, found, expected="a model folder, or OWNER/NAME on the Hugging Face Hub")
    if (folder / "config.json").is_file():
        if not any(path for pattern in WEIGHTS for path in folder.glob(pattern)):
            raise MissingFileError(given, "holds no weights", expected=" or ".join(WEIGHTS), hint=_checkpoints(folder))
        return ModelSource(given, given, tokenizer=given)
    if (folder / "adapter_config.json").is_file():
        return _adapter(given, folder)
    names = sorted(path.name for path in folder.iterdir())
    shown = f"it holds {', '.join(names[:8])}{', …' * (len(names) > 8)}" if names else "it is empty"
    raise MissingFileError(
        given,
        f"is no model folder: {shown}",
        expected="config.json, weights and a tokenizer",
        hint=_checkpoints(folder),
    )


def _checkpoints(folder: Path) -> str:
    found = sorted(folder.glob("checkpoint-*"), key=lambda path: (len(path.name), path.name))
    return f"Give one of its checkpoints: {found[-1]}." if found else ""


def _adapter(given: str, folder: Path) -> ModelSource:
    """A PEFT adapter on the model that its configuration names."""
    file = folder / "adapter_config.json"
    try:
        base = json.loads(file.read_text(encoding="utf-8"))["base_model_name_or_path"]
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenFileError(file, "names no base model", expected="base_model_name_or_path") from error
    source = find_model(str(base))
    own = any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer_config.json"))
    return ModelSource(given, source.pretrained, adapter=given, tokenizer=given if own else source.tokenizer)


def check_model(source: ModelSource, loading: Loading) -> None:
    """Nothing, if configuration and tokenizer load, and there is a chat template where one is to be applied.

    Raises:
        PrefsError: they do not.
    """
    from transformers import AutoConfig, AutoTokenizer

    try:
        AutoConfig.from_pretrained(source.pretrained, trust_remote_code=False)
        tokenizer = AutoTokenizer.from_pretrained(source.tokenizer, trust_remote_code=False)
    except LOADING_ERRORS as error:
        hint = NO_REMOTE_CODE if "trust_remote_code" in str(error) else ""
        raise PrefsError(source.given, f"cannot be loaded ({first_line(error)})", hint=hint) from error
    if loading.apply_chat_template and not tokenizer.chat_template:
        raise UsageError(
            "--apply-chat-template",
            f"the tokenizer of {source.given} has no chat template",
            hint="Leave the option out.",
        )


def check_device(device: str) -> None:
    """Nothing, if torch can use the device.

    Raises:
        UsageError: it cannot. lm-eval would silently take another.
    """
    import torch

    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise UsageError(f"--device {device}", first_line(error), expected="cpu, cuda, cuda:1 or mps") from error


def best_device() -> str:
    """cuda where there is one."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def load_model(source: ModelSource, loading: Loading) -> Any:
    """lm-eval's wrapper around the loaded model.

    Raises:
        PrefsError: it cannot be loaded.
    """
    from lm_eval.models.huggingface import HFLM

    try:
        return HFLM(
            pretrained=source.pretrained,
            tokenizer=source.tokenizer,
            peft=source.adapter,
            device=loading.device,
            dtype=loading.dtype,
            batch_size=loading.batch_size,
            trust_remote_code=False,
        )
    except LOADING_ERRORS as error:
        raise PrefsError(source.given, f"cannot be loaded ({first_line(error)})") from error


def first_line(error: BaseException) -> str:
    """What an error of a library says, on one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
