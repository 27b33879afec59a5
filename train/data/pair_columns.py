"""The rows of Parquet files as pairs of one layout: TRL's explicit-prompt conversational format, and where from."""

from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sources.command.errors import BrokenFileError, MissingColumnError
from sources.pairs.built_folder import Split
from sources.pairs.extras import EXTRAS, TOOLS, extras_of, is_wide, narrow
from sources.pairs.schema import PAIRS, SIDES, content_ids
from train.data.pair_files import PairFiles

TRACED: Final = ("id", "source", "source_row", "lang")
COLUMNS: Final = pa.schema([*(PAIRS.field(name) for name in ("id", *SIDES, "source", "source_row", "lang")), EXTRAS])
"""EXTRAS (`sources.pairs.extras`) has the tools and whole messages of a pair that is more than plain turns."""

EXPECTED = (
    "prompt, chosen and rejected as lists of messages (role, content), TRL's explicit-prompt conversational format"
)
CONVERT = "Convert it: build-prefs --add FILE knows the usual layouts, and lint-prefs FILE says which one this is."


def read_pairs(files: PairFiles, split: Split) -> pa.Table:
    """All pairs of one split, in the layout of COLUMNS.

    Raises:
        BrokenFileError: a file is no Parquet file, or a row has no message where one must be.
        MissingColumnError: the rows are no conversational pairs.
    """
    paths = files.train if split == "train" else files.test
    tables = [_read(path, files) for path in paths]
    return pa.concat_tables(tables) if tables else COLUMNS.empty_table()


def _read(path: Path, files: PairFiles) -> pa.Table:
    try:
        with pq.ParquetFile(path) as file:
            there = file.schema_arrow
            _check_columns(path, there)
            table = file.read(columns=[name for name in (*COLUMNS.names, TOOLS.name) if name in there.names])
    except FileNotFoundError as error:
        raise BrokenFileError(path, "is no longer there") from error
    except (pa.ArrowException, OSError) as error:
        raise BrokenFileError(path, f"cannot be read ({error})", expected="a Parquet file") from error
    try:
        table = narrow(table.combine_chunks())
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        found = f"a message is not what it should be ({type(error).__name__}: {error})"
        raise BrokenFileError(path, found, expected="JSON of messages", hint=CONVERT) from error
    sides = {side: _turns(path, side, table[side]) for side in SIDES}
    return _with_trace(path, files, table, sides)


def _check_columns(path: Path, there: pa.Schema) -> None:
    missing = [side for side in SIDES if side not in there.names]
    if missing:
        found = f"has no column {' and no column '.join(missing)}; its columns are {', '.join(there.names)}"
        raise MissingColumnError(path, found, expected=EXPECTED, hint=CONVERT)
    if TOOLS.name in there.names and not is_wide(there):
        found = f"the column tools is {there.field(TOOLS.name).type}, which means something to the chat template"
        raise MissingColumnError(path, found, expected="JSON, as build-prefs writes it", hint=CONVERT)
    for side in SIDES:
        if not is_wide(there) and not _is_conversational(there.field(side).type):
            found = f"the column {side} is {there.field(side).type}"
            raise MissingColumnError(path, found, expected=EXPECTED, hint=CONVERT)


def _is_conversational(kind: pa.DataType) -> bool:
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind)) or not pa.types.is_struct(kind.value_type):
        return False
    fields = {field.name: field.type for field in kind.value_type}
    texts = [fields.get("role"), fields.get("content")]
    return all(text is not None and (pa.types.is_string(text) or pa.types.is_large_string(text)) for text in texts)


def _turns(path: Path, side: str, column: pa.ChunkedArray) -> pa.Array:
    """The column as TURNS; every conversation has a message, and every message a role and a content."""
    whole = column.combine_chunks()
    messages = whole.flatten()
    extra = [field.name for field in messages.type if field.name not in ("role", "content")]
    for name in extra:
        if messages.field(name).null_count < len(messages):
            found = f"the messages of {side} have a field {name}, which would change what the chat template renders"
            raise MissingColumnError(path, found, expected="role and content alone", hint=CONVERT)
    counts = pc.list_value_length(whole)
    empty = pc.or_kleene(pc.is_null(counts), pc.equal(pc.fill_null(counts, 0), 0))
    _refuse(path, side, empty, "no message")
    roles, contents = messages.field("role").cast(pa.string()), messages.field("content").cast(pa.string())
    nulls = pc.or_(pc.or_(pc.is_null(roles), pc.is_null(contents)), pc.is_null(messages))
    if pc.any(nulls).as_py():
        rows = pc.list_parent_indices(whole).filter(nulls)
        raise BrokenFileError(f"{path}, row {rows[0].as_py()}", f"a message of {side} has no role or no content")
    offsets = pc.cumulative_sum(counts.cast(pa.int32()))
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), offsets])
    return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays([roles, contents], ["role", "content"]))


def _refuse(path: Path, side: str, bad: pa.Array, found: str) -> None:
    if pc.any(bad).as_py():
        row = pc.index(bad, True).as_py()
        raise BrokenFileError(f"{path}, row {row}", f"{side} has {found}", hint="lint-prefs FILE lists such rows.")


def _with_trace(path: Path, files: PairFiles, table: pa.Table, sides: dict[str, pa.Array]) -> pa.Table:
    """The sides with id, source, source_row and lang. The ids of a build are kept; those of other data need not be
    unique, so they are made from the content."""
    rows = table.num_rows
    extras = extras_of(table)
    numbers = pa.array([f"{path.name}:{row}" for row in range(rows)], pa.string())
    traced = {
        "source": _text(table, "source", pa.array([files.name] * rows, pa.string())),
        "source_row": _text(table, "source_row", numbers),
        "lang": _text(table, "lang", pa.array([""] * rows, pa.string())),
        "id": table["id"].combine_chunks() if files.is_build and "id" in table.column_names else None,
    }
    if traced["id"] is None:
        traced["id"] = content_ids(sides["prompt"], sides["chosen"], sides["rejected"], extras)
    given = {**traced, **sides, EXTRAS.name: extras}
    return pa.table([given[name] for name in COLUMNS.names], schema=COLUMNS)


def _text(table: pa.Table, name: str, otherwise: pa.Array) -> pa.Array:
    """The column where it is text and says something, else the other."""
    if name not in table.column_names:
        return otherwise
    column = table[name].combine_chunks()
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return otherwise
    return pc.coalesce(column.cast(pa.string()), otherwise)
