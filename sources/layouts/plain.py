"""Rows of three strings and nothing else that is read, as columns: what most files hold, at several times the speed."""

from collections import Counter
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from sources.layouts.known.dialogues import is_open_dialogue
from sources.layouts.known.trl import STANDARD
from sources.layouts.opened import OPENS_MESSAGES, is_written_out
from sources.layouts.read_row import RowReader, matches
from sources.pairs.schema import SIDES
from sources.pairs.source import WHOLE_ROW


@dataclass(frozen=True, slots=True)
class PlainRows:
    """The texts of each side, the layout, and in how many rows each column that means nothing here had something."""

    sides: tuple[pa.Array, pa.Array, pa.Array]
    layout: str
    unused: Counter[str]


def read_plain(rows: pa.Table, reader: RowReader) -> PlainRows | None:
    """The rows (those of WHOLE_ROW), if prompt, chosen and rejected are strings in each and nothing else is to be read,
    else None. What it gives is what the reader would give row by row."""
    whole = rows[WHOLE_ROW.names[0]].combine_chunks()
    if not pa.types.is_struct(whole.type):
        return None
    columns = dict(zip(whole.type.names, whole.flatten(), strict=True))
    layouts = matches(tuple(columns), reader.layouts, reader.options.ignore)
    found = [match for match in layouts if match.layout is STANDARD]
    if not found or found[0].plan.steps:
        return None
    prompt, chosen, rejected = sides = tuple(columns[side] for side in SIDES)
    if not all(_are_texts(side) for side in sides):
        return None
    unused = {name: len(whole) - columns[name].null_count for name in found[0].plan.unused}
    return PlainRows((prompt, chosen, rejected), STANDARD.name, +Counter(unused))


def _are_texts(column: pa.Array) -> bool:
    """Whether all cells are strings, none of them messages written out or a dialogue."""
    if not pa.types.is_string(column.type) or column.null_count:
        return False
    suspects = column.filter(pc.is_in(pc.utf8_slice_codeunits(column, 0, 1), pa.array([*OPENS_MESSAGES])))
    return not any(is_written_out(cell) or is_open_dialogue(cell) for cell in suspects.to_pylist())
