"""Options without their secrets, so that they can be written down."""

import math
import os
import re
from collections.abc import Mapping, Sequence

MASK = "***"

SECRET_WORDS = ("token", "password", "passwd", "secret", "key", "credential", "credentials")
HARMLESS = re.compile(r"(bos|eos|pad|unk|sep|cls|mask|image|video|audio|stop|special)_token")
KNOWN_TOKENS = re.compile(r"\b(hf_[A-Za-z0-9]{16,}|(sk|gh[opsu]|glpat|xox[bp])[-_][A-Za-z0-9_-]{16,}|AKIA[A-Z0-9]{16})")
USER_IN_URL = re.compile(r"(?<=://)[^/\s@]*@")
QUERY_SECRET = re.compile(r"(?i)([?&][\w-]*(?:token|key|secret|password|signature|sig)=)[^&\s#]+")
HOLDERS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "WANDB_API_KEY", "OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY")
"""Variables of the environment whose value must not be written, wherever it came from."""


def mask(text: str) -> str:
    """A text without tokens and without passwords in URLs."""
    for name in HOLDERS:
        if len(value := os.environ.get(name, "")) >= 8:
            text = text.replace(value, MASK)
    text = USER_IN_URL.sub(f"{MASK}@", text)
    text = QUERY_SECRET.sub(rf"\1{MASK}", text)
    return KNOWN_TOKENS.sub(MASK, text)


def mask_options(value: object, name: str = "") -> object:
    """A value as JSON can hold it, every secret in it masked; `name` is what it is called."""
    if isinstance(value, Mapping):
        return {str(key): mask_options(each, str(key)) for key, each in value.items()}
    if isinstance(value, set | frozenset):
        return [mask_options(each, name) for each in sorted(value, key=str)]
    if isinstance(value, list | tuple):
        return [mask_options(each, name) for each in value]
    return _mask_one(value, name)


def mask_command(words: Sequence[str]) -> list[str]:
    """A command line with the values of secret options masked, given as `--name value` or `--name=value`."""
    shown, hides = [], False
    for word in words:
        name, equals, _ = word.partition("=")
        is_option = word.startswith("--")
        if hides and not is_option:
            shown.append(MASK)
        else:
            shown.append(f"{name}={MASK}" if is_option and equals and is_secret(name) else mask(word))
        hides = is_option and not equals and is_secret(name)
    return shown


def is_secret(name: str) -> bool:
    """Whether an option is called so that its value must not be shown: hub_token is, pad_token is not."""
    plain = name.lstrip("-").replace("-", "_").lower()
    return plain.split("_")[-1] in SECRET_WORDS and not HARMLESS.fullmatch(plain)


def _mask_one(value: object, name: str) -> object:
    if value is None or isinstance(value, bool | int):
        return value
    if is_secret(name):
        return MASK
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return mask(str(value))
