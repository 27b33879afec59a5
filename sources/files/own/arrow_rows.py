"""Rows of Parquet, Arrow and Feather files as JSON has them, whatever types their columns have."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from sources.command.errors import BrokenFileError, FileTooLargeError
from sources.command.printable import printable
from sources.files.own.first_bytes import Kind
from sources.files.read_json import Bad, Block
from sources.files.rows import Limits
from sources.pairs.extras import as_messages

BATCH_ROWS = 1024

Convert = Callable[[Any], Any]


def arrow_blocks(
    path: Path, name: str, kind: Kind, limits: Limits, row_groups: Sequence[int] | None = None
) -> Iterator[Block]:
    """The rows of a file of that kind; of Parquet those of some row groups, or all.

    Raises:
        BrokenFileError: it cannot be read.
        FileTooLargeError: it unpacks to more than allowed.
    """
    size = 0
    try:
        for batch in _batches(path, kind, row_groups):
            size += batch.nbytes
            if size > limits.max_file_bytes:
                found = f"unpacks to more than {limits.max_file_bytes:,} bytes"
                hint = "If the file is trusted, raise limits.max_file_bytes in the recipe."
                raise FileTooLargeError(name, found, hint=hint)
            names = batch.schema.names
            if twice := [each for each in names if names.count(each) > 1]:
                raise BrokenFileError(name, f"two columns are called {printable(twice[0])}", hint="Rename one of them.")
            converts = {field.name: convert for field in batch.schema if (convert := _converter(field.type))}
            for start in range(0, len(batch), BATCH_ROWS):
                yield [_converted(row, converts) for row in _rows(batch.slice(start, BATCH_ROWS))]
    except (pa.ArrowException, OSError, ValueError) as error:
        expected = "a Parquet file" if kind == "parquet" else "an Arrow or Feather file"
        hint = "Get the file again; it may be truncated."
        raise BrokenFileError(name, f"cannot be read ({error})", expected=expected, hint=hint) from error


def _batches(path: Path, kind: Kind, row_groups: Sequence[int] | None) -> Iterator[pa.RecordBatch]:
    if kind == "parquet":
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(BATCH_ROWS, row_groups=row_groups and [*row_groups])
        return
    with pa.memory_map(str(path)) as source:
        reader = pa.ipc.open_file(source) if kind == "arrow" else pa.ipc.open_stream(source)
        found = (reader.get_batch(n) for n in range(reader.num_record_batches)) if kind == "arrow" else reader
        for batch in found:
            _validate(batch)
            yield batch


def _validate(batch: pa.RecordBatch) -> None:
    """Nothing, unless the batch would be read beyond its bytes.

    A column of text that is not UTF-8 costs only its row: that is found last, when all else is right. What lies inside
    of other types is not looked at any more after the first fault.

    Raises:
        ArrowInvalid: it would.
    """
    for column in batch.columns:
        try:
            column.validate(full=True)
        except pa.ArrowInvalid as error:
            is_text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
            if not (is_text and "UTF8" in str(error)):
                raise


def _rows(batch: pa.RecordBatch) -> Block:
    """The rows; those with text that is not UTF-8 are Bad."""
    try:
        return list(batch.to_pylist())
    except UnicodeDecodeError as error:
        if len(batch) == 1:
            return [Bad("invalid_utf8", str(error))]
        half = len(batch) // 2
        return [*_rows(batch.slice(0, half)), *_rows(batch.slice(half))]


def _converted(row: object, converts: dict[str, Convert]) -> object:
    if isinstance(row, dict):
        for name, convert in converts.items():
            if row[name] is not None:
                row[name] = convert(row[name])
    return row


def _converter(kind: pa.DataType) -> Convert | None:
    """What makes a value of that type what JSON has; None where it is so already."""
    types = pa.types
    if pa.types.is_dictionary(kind):
        return _converter(kind.value_type)
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind) or _is_view(kind):
        return _text
    if isinstance(kind, pa.JsonType):
        return _parsed
    if types.is_map(kind):
        inner = _converter(kind.item_type)
        return lambda items: {str(key): inner(each) if inner and each is not None else each for key, each in items}
    if _is_list(kind):
        inner = _converter(kind.value_type)
        return None if inner is None else lambda values: [None if each is None else inner(each) for each in values]
    return _struct_converter(kind) if types.is_struct(kind) else None


def _struct_converter(kind: pa.StructType) -> Convert | None:
    names = {field.name for field in kind}
    if names == {"bytes", "path"}:  # a picture or sound of `datasets`: that it is there is enough
        return lambda value: {**value, "bytes": None}
    converts = {field.name: convert for field in kind if (convert := _converter(field.type))}
    of_lists = all(_is_list(field.type) for field in kind)
    if of_lists and ({"role", "content"} <= names or {"from", "value"} <= names):
        return lambda value: as_messages(_converted(value, converts))
    return (lambda value: _converted(value, converts)) if converts else None


def _text(value: bytes) -> object:
    """The bytes as text; of what is no UTF-8 that it is binary, which no reader takes for text."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return {"binary": f"{len(value):,} bytes"}


def _parsed(value: str) -> object:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value


def _is_view(kind: pa.DataType) -> bool:
    return bool(kind == pa.binary_view())


def _is_list(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(
        types.is_list(kind)
        or types.is_large_list(kind)
        or types.is_fixed_size_list(kind)
        or types.is_list_view(kind)
        or types.is_large_list_view(kind)
    )
