"""What the tests of synthesis are made of: keys, answers, prompts of one's own, writers, and limits of the machine."""

import json
import os
import resource
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sources.pairs.languages import Lang
from synth.job.completion import Completion, Outcome, Side, Writer
from synth.job.prompts import Prompts, own_prompts, read_prompts
from synth.job.template import Template
from synth.journal.journal import Entry

TEMPLATE = Template(user="### Ask:\n{content}\n\n", assistant="### Said:\n{content}\n\n", answer="### Said:\n")
NOBODY = 65534


def key(number: int) -> bytes:
    return number.to_bytes(16)


def said(text: str = "好的。", **changes: Any) -> Completion:
    return Completion(**{"text": text, "finish_reason": "stop", "prompt_tokens": 3, "completion_tokens": 5, **changes})


def entry(number: int, outcome: Outcome | None = None, side: Side = "rejected", model: str = "weak") -> Entry:
    return Entry(key(number), side, model, outcome or said(f"第{number}个回答"))


def as_lines(rows: Sequence[object]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def own(
    folder: Path,
    content: Sequence[object] | str | bytes,
    *,
    name: str = "prompts.jsonl",
    lang: Lang = "zh",
    limit: int | None = None,
    writes_chosen: bool = False,
) -> Prompts:
    """The prompts of a file with these rows, or these bytes."""
    text = content if isinstance(content, str | bytes) else as_lines(content)
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    found = own_prompts(lang, path, "MIT")
    return read_prompts(found, folder / f"{name}.arrow", limit=limit, writes_chosen=writes_chosen)


def rows_of(prompts: Prompts) -> list[dict[str, Any]]:
    """Prompt, chosen and row of each prompt."""
    return [row for part in prompts.parts(100) for row in part]


def writer(**changes: Any) -> Writer:
    """A writer of rejected answers by chat."""
    usual: dict[str, Any] = {
        "side": "rejected",
        "model": "weak",
        "api": "chat",
        "template": None,
        "sampling": {"temperature": 0.7, "max_tokens": 64},
        "seed": 0,
        "send_seed": True,
    }
    return Writer(**{**usual, **changes})


def user(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """A disk that is full: no file of this process grows beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def as_nobody() -> Iterator[Path]:
    """A folder that this process, which is no longer root, may look into; who made it may change it."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        place.chmod(0o755)
        try:
            yield place
        finally:
            os.seteuid(os.getuid())
            place.chmod(0o755)


def give_up_root() -> None:
    """From here to the end of `as_nobody`, permissions count."""
    if os.getuid() == 0:
        os.seteuid(NOBODY)
