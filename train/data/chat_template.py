"""The chat template that a model is trained with: its own, or the one that the user names; never a guess."""

import re
from collections.abc import Callable
from os.path import isfile
from pathlib import Path
from typing import Any, Final

from sources.command.errors import BrokenFileError, UsageError

FLAG: Final = "--chat_template"
SHIPPED: Final = Path(__file__).parent.parent / "chat_templates"
MEANING: Final = re.compile(r"\{#-?\s*(?P<line>[^\n]*?)\s*(-?#\}|\n)")
MARKERS: Final = {
    "chatml": ("<|im_start|>", "<|im_end|>"),
    "baichuan2": ("<reserved_106>", "<reserved_107>"),
}
"""What a template writes that should be one token each."""

QUESTION: Final = [{"role": "user", "content": "为什么？"}]
ANSWER: Final = [{"role": "assistant", "content": "因为。"}]


def choose_chat_template(tokenizer: Any, given: str | None) -> list[str]:
    """What the user should know about the chat template that the tokenizer has from now on.

    It is the shipped one or the file that is given, or else the tokenizer's own.

    Raises:
        UsageError: the tokenizer has none and none is given, or there is none of that name.
        BrokenFileError: it cannot render a question and an answer.
    """
    tokenizer.chat_template = _read(given) if given else _own(tokenizer)
    name = given or "the chat template of the model"
    if tokenizer.eos_token is None:
        hint = "Set eos_token in tokenizer_config.json."
        raise BrokenFileError("tokenizer", "has no end token, so no answer would end", hint=hint)
    remarks = [f"{given}: {shipped_templates()[given]}"] if given == "ct-llm" else []
    missing = [marker for marker in MARKERS.get(given or "", ()) if marker not in tokenizer.get_vocab()]
    if missing:
        remarks.append(
            f"{name} writes {' and '.join(missing)}, of which the tokenizer has no token: they are spelled out"
        )
    return remarks + _faults(tokenizer, name)


def shipped_templates() -> dict[str, str]:
    """The names that can be given, and what each one is."""
    files = sorted(SHIPPED.glob("*.jinja"))
    return {path.stem: _meaning(path.read_text(encoding="utf-8")) for path in files}


def _meaning(template: str) -> str:
    found = MEANING.match(template)
    return found["line"] if found else ""


def _own(tokenizer: Any) -> str:
    """The template of the tokenizer; of several, the one called default."""
    own = tokenizer.chat_template
    if isinstance(own, dict):
        if "default" not in own:
            found = f"the model has several chat templates ({', '.join(own)}) and none called default"
            raise UsageError(FLAG, found, hint=_offer())
        own = own["default"]
    if own is None:
        raise UsageError(
            FLAG, "the model has no chat template", expected="the one it was fine-tuned with", hint=_offer()
        )
    return str(own)


def _offer() -> str:
    offered = "; ".join(f"{name} ({meaning.rstrip('.')})" for name, meaning in shipped_templates().items())
    return f"Give a .jinja file, or one of: {offered}."


def _read(given: str) -> str:
    if given in shipped_templates():
        return (SHIPPED / f"{given}.jinja").read_text(encoding="utf-8")
    if not isfile(given):
        raise UsageError(f"{FLAG} {given}", "no such template, and no such file", hint=_offer())
    try:
        return Path(given).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenFileError(given, f"cannot be read ({error})", expected="a Jinja template") from error


def _faults(tokenizer: Any, name: str) -> list[str]:
    """What is wrong with the template of the tokenizer, found on a question with an answer."""
    import jinja2

    try:
        prompt, whole, ids = _try(tokenizer)
    except (jinja2.TemplateError, TypeError, ValueError) as error:
        raise BrokenFileError(name, f"cannot render a question and an answer ({error})") from error
    if ANSWER[0]["content"] not in whole:
        raise BrokenFileError(name, "does not write the answer", expected="a Jinja template that reads messages")
    faults = []
    after = len(tokenizer(whole[: whole.rindex(ANSWER[0]["content"])], add_special_tokens=False)["input_ids"])
    if tokenizer.eos_token_id not in ids[after:]:
        end = f"the end token {tokenizer.eos_token}"
        faults.append(f"{name} does not end an answer with {end}: a model trained so does not learn to stop")
    if not whole.startswith(prompt):
        faults.append(f"{name} writes a prompt otherwise alone than with an answer: its end is left out, as TRL does")
    return faults


def _try(tokenizer: Any) -> tuple[str, str, list[int]]:
    render: Callable[..., str] = tokenizer.apply_chat_template
    prompt = render(QUESTION, tokenize=False, add_generation_prompt=True)
    whole = render([*QUESTION, *ANSWER], tokenize=False)
    return prompt, whole, tokenizer(whole, add_special_tokens=False)["input_ids"]
