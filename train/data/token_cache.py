"""Tokens kept from run to run: one Parquet file a batch, named by all that its ids depend on.

Pages carry checksums, so that a damaged file is found and made anew; a file appears under its name when it is whole.
"""

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from sources.command.errors import OutputError
from sources.pairs.extras import extras_of
from sources.pairs.schema import SIDES, content_ids

FORMAT: Final = 1
"""Goes up when the same texts and tokenizer come to give other ids."""


@dataclass(frozen=True, slots=True)
class TokenCache:
    """The files in `folder` of one tokenizer, whose fingerprint is `key`."""

    folder: Path
    key: bytes
    schema: pa.Schema

    def place_of(self, pairs: pa.Table) -> Path:
        """The file that the tokens of these pairs, in this order, are in or belong into."""
        prompt, chosen, rejected = (pairs[side].combine_chunks() for side in SIDES)
        ids = content_ids(prompt, chosen, rejected, extras_of(pairs))
        digest = hashlib.sha256(self.key + "\n".join(ids.to_pylist()).encode()).hexdigest()
        return self.folder / f"{digest[:32]}.parquet"

    def read(self, path: Path, rows: int) -> pa.RecordBatch | None:
        """The tokens in the file; None if it is not there or damaged."""
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                table = file.read(columns=self.schema.names)
        except (OSError, pa.ArrowException):
            return None
        if table.num_rows != rows or not table.schema.equals(self.schema):
            return None
        return pa.record_batch([column.combine_chunks() for column in table.columns], schema=self.schema)

    def write(self, path: Path, tokens: pa.RecordBatch) -> None:
        """Put the tokens into the file.

        Raises:
            OutputError: there is no room, or no right to.
        """
        aside = ""
        try:
            number, aside = tempfile.mkstemp(prefix=".", suffix=".part", dir=self.folder)
            os.close(number)
            with pq.ParquetWriter(aside, self.schema, compression="zstd", write_page_checksum=True) as writer:
                writer.write_batch(tokens)
            os.replace(aside, path)
        except BaseException as error:
            if aside:
                Path(aside).unlink(missing_ok=True)
            if isinstance(error, OSError | pa.ArrowException):
                hint = "Make room, or keep the tokens in another folder."
                raise OutputError(self.folder, f"cannot be written ({error})", hint=hint) from error
            raise


def open_cache(folder: Path | None, tokenizer: Any, schema: pa.Schema) -> TokenCache | None:
    """The cache in the folder, made where it is not; None without one, or if the same text may give other ids later.

    Raises:
        OutputError: the folder cannot be made.
    """
    if folder is None or "strftime_now" in str(tokenizer.chat_template):
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(folder, f"cannot be made ({error.strerror or error})") from error
    return TokenCache(folder, tokenizer_key(tokenizer), schema)


def tokenizer_key(tokenizer: Any) -> bytes:
    """The hash of what the ids of a conversation depend on: vocabulary, template, special tokens, versions."""
    from importlib.metadata import version

    facts = {
        "format": FORMAT,
        "versions": {name: version(name) for name in ("transformers", "tokenizers", "jinja2")},
        "class": f"{type(tokenizer).__module__}.{type(tokenizer).__qualname__}",
        "chat_template": tokenizer.chat_template,
        "special_tokens": tokenizer.special_tokens_map,
        "split_special_tokens": tokenizer.split_special_tokens,
    }
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    digest.update(_vocabulary(tokenizer))
    return digest.digest()


def _vocabulary(tokenizer: Any) -> bytes:
    """The whole tokenizer as its backend writes it, or else as the files that it saves and the code of its class."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:
        tokenizer("")  # padding and truncation of an earlier call stay in the backend, and change no ids here
        text: str = backend.to_str()
        return text.encode()
    return _saved(tokenizer)


def _saved(tokenizer: Any) -> bytes:
    import inspect

    with tempfile.TemporaryDirectory(prefix="tokenizer-") as scratch:
        tokenizer.save_pretrained(scratch)
        files = [path.name.encode() + path.read_bytes() for path in sorted(Path(scratch).rglob("*")) if path.is_file()]
    return b"\0".join([*files, inspect.getsource(type(tokenizer)).encode()])
