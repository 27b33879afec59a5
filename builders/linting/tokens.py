"""Pairs that a trainer would cut: prompt and answer have more tokens than fit, by a tokenizer that the user gives."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from os.path import isdir, isfile
from pathlib import Path
from typing import Any

import pyarrow as pa

from builders.engines.spill import Spill
from builders.measures.findings import EXAMPLES, Finding
from sources.command.errors import BrokenFileError, MissingFileError
from sources.command.extras import require_packages
from sources.pairs.schema import joined_text

AT_ONCE = 2048

MARK, MIN_MARK_CHARS = re.compile(r"\S*[^\w\s]\S*"), 3
"""A special token that holds a sign: "<end>" can be told from what people write, "pad" cannot."""


@dataclass(frozen=True, slots=True)
class TokenLimit:
    """How many tokens prompt and answer may have together."""

    tokenizer: Any
    max_tokens: int


def load_limit(place: Path, max_tokens: int) -> TokenLimit:
    """The limit by a tokenizer.json, or by the one in a model's folder.

    Raises:
        MissingPackageError: the package tokenizers is not installed.
        MissingFileError: there is no such file.
        BrokenFileError: it is no fast tokenizer.
    """
    require_packages("tokenizers")
    from tokenizers import Tokenizer

    path = place / "tokenizer.json" if isdir(place) else place
    if not isfile(path):
        raise MissingFileError(
            f"--tokenizer {place}", "no tokenizer.json", expected="a fast tokenizer's file or folder"
        )
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the Rust side raises nothing narrower
        raise BrokenFileError(path, f"is no tokenizer ({error})", expected="a tokenizer.json") from error
    tokenizer.no_truncation()  # a file may ask for either, and then no text is longer, or none shorter, than it says
    tokenizer.no_padding()
    return TokenLimit(tokenizer, max_tokens)


def template_tokens(limit: TokenLimit | None) -> tuple[str, ...]:
    """The tokens that the tokenizer adds to those of its text, as far as they are marks and no words or white space."""
    if limit is None:
        return ()
    added = (token.content for token in limit.tokenizer.get_added_tokens_decoder().values() if token.special)
    return tuple(sorted({token for token in added if len(token) >= MIN_MARK_CHARS and MARK.fullmatch(token)}))


def find_truncated(pairs: Spill, limit: TokenLimit | None) -> Finding:
    """The pairs of which prompt and the longer answer have more tokens than the limit; none without one."""
    found = Finding()
    if limit is None:
        return found
    for first, batch in _batches(pairs):
        sides = [joined_text(batch[side].combine_chunks()).to_pylist() for side in ("prompt", "chosen", "rejected")]
        lengths = [list(_lengths(texts, limit.tokenizer)) for texts in sides]
        totals = [prompt + max(chosen, rejected) for prompt, chosen, rejected in zip(*lengths, strict=True)]
        hits = [(row, total) for row, total in enumerate(totals) if total > limit.max_tokens]
        shown = [(row, f"{total:,} tokens, at most {limit.max_tokens:,}") for row, total in hits[:EXAMPLES]]
        found.add(len(hits), shown, first)
    return found


def _lengths(texts: list[str], tokenizer: Any) -> Iterator[int]:
    """How many tokens each text has, without those that begin or end a sequence."""
    for encoded in tokenizer.encode_batch(texts, add_special_tokens=False):
        yield len(encoded.ids)


def _batches(pairs: Spill) -> Iterator[tuple[int, pa.Table]]:
    with pairs.opened(["prompt", "chosen", "rejected"]) as read:
        for number in range(pairs.batch_count):
            batch, first = read(number), int(pairs.offsets[number])
            for start in range(0, len(batch), AT_ONCE):
                yield first + start, batch.slice(start, AT_ONCE)
