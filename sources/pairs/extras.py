"""What a pair has beside roles and texts: tool definitions, calls and results, reasoning, answers of several turns.

Inside a build such a pair has readable text in its turns, which checks and duplicates compare like any other, and its
whole messages as JSON in the column EXTRAS. On the disk a dataset in which any pair has extras is wide: prompt, chosen
and rejected are lists of JSON messages, and a column `tools` follows, JSON too. `datasets` reads both as its feature
Json, which TRL takes as they are (checked with datasets 5 and TRL 1.16). A dataset in which no pair has any is narrow.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from sources.pairs.schema import SIDES, TURNS

Message = dict[str, Any]

EXTRAS: Final = pa.field("extras", pa.string())
"""JSON of {"tools": [...], "messages": {side: [...]}}; null for a pair of plain turns."""

TOOLS: Final = pa.field("tools", pa.json_())
WIDE_TURNS: Final = pa.list_(pa.json_())
REASONING_KEYS: Final = ("reasoning_content", "reasoning", "thinking")


def extras_of(rows: pa.Table) -> pa.Array:
    """The column EXTRAS of narrow rows, null where they have none."""
    if EXTRAS.name in rows.column_names:
        return rows[EXTRAS.name].combine_chunks()
    return pa.nulls(len(rows), EXTRAS.type)


def is_plain(turns: Sequence[Message]) -> bool:
    """Whether the turns are roles and texts only, none of them a tool's."""
    return all(len(turn) == 2 and turn["role"] != "tool" for turn in turns)


def write_extras(tools: list[Any] | None, sides: Sequence[Sequence[Message]]) -> str | None:
    """EXTRAS of a pair with these tools and turns of prompt, chosen and rejected; None for a plain one."""
    if tools is None and len(sides[1]) == len(sides[2]) == 1 and all(map(is_plain, sides)):
        return None
    whole = {"tools": tools, "messages": dict(zip(SIDES, sides, strict=True))}
    return orjson.dumps(whole, default=str).decode()


def readable(turn: Message) -> str:
    """What a turn says in all: its reasoning, its text, its calls of tools as JSON."""
    if len(turn) == 2:
        return str(turn["content"])
    reasoning = [turn[key] for key in REASONING_KEYS if turn.get(key)]
    calls = [orjson.dumps(call.get("function", call)).decode() for call in turn.get("tool_calls") or ()]
    return "\n".join(said for said in (*reasoning, turn["content"], *calls) if said)


def narrow_turns(turns: Sequence[Message]) -> list[Message]:
    """The turns of a prompt with readable text."""
    return [{"role": turn["role"], "content": readable(turn)} for turn in turns]


def narrow_answer(turns: Sequence[Message]) -> str:
    """An answer as the readable text of one turn."""
    return "\n".join(filter(None, map(readable, turns))) if len(turns) > 1 else readable(turns[0])


def wide_schema(schema: pa.Schema) -> pa.Schema:
    """A schema of narrow pairs as that of wide ones."""
    fields = []
    for field in schema:
        fields.append(pa.field(field.name, WIDE_TURNS) if field.name in SIDES else field)
        if field.name == SIDES[-1]:
            fields.append(TOOLS)
    return pa.schema(fields)


def is_wide(schema: pa.Schema) -> bool:
    """Whether a file holds wide pairs."""
    return TOOLS.name in schema.names and "prompt" in schema.names


def widen(rows: pa.Table) -> pa.Table:
    """Narrow rows with a column EXTRAS as wide rows without it."""
    extras = [None if text is None else orjson.loads(text) for text in rows[EXTRAS.name].to_pylist()]
    narrow = rows.drop_columns([EXTRAS.name])
    columns: dict[str, Any] = {name: narrow[name] for name in narrow.column_names}
    for side in SIDES:
        turns = (
            said if extra is None else extra["messages"][side]
            for said, extra in zip(narrow[side].to_pylist(), extras, strict=True)
        )
        columns[side] = [None if said is None else [orjson.dumps(turn).decode() for turn in said] for said in turns]
    tools = (None if extra is None else extra["tools"] for extra in extras)
    columns[TOOLS.name] = [None if tool is None else orjson.dumps(tool).decode() for tool in tools]
    return table_of_json(columns, wide_schema(narrow.schema))


def table_of_json(columns: Mapping[str, Any], schema: pa.Schema) -> pa.Table:
    """The columns in that schema; a column of JSON is given as texts, or as lists of them."""
    return pa.table([_column(columns[field.name], field.type) for field in schema], schema=schema)


def _column(values: Any, kind: pa.DataType) -> Any:
    if kind == pa.json_():
        return pa.ExtensionArray.from_storage(kind, pa.array(values, pa.string()))
    if kind != WIDE_TURNS:
        return values if isinstance(values, (pa.Array, pa.ChunkedArray)) else pa.array(values, kind)
    stored = pa.array(values, pa.list_(pa.string()))
    mask = pc.is_null(stored) if stored.null_count else None
    lengths = pc.fill_null(pc.list_value_length(stored), 0).to_numpy(zero_copy_only=False)
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))
    messages = pa.ExtensionArray.from_storage(pa.json_(), pc.list_flatten(stored))
    return pa.ListArray.from_arrays(offsets, messages, type=kind, mask=mask)


def narrow(rows: pa.Table) -> pa.Table:
    """Rows of a wide file as narrow rows with readable turns and, where all sides are there, the column EXTRAS.

    Those of a narrow file stay as they are.
    """
    wide = [side for side in SIDES if side in rows.column_names and _holds_json(rows.schema.field(side).type)]
    if not wide:
        return rows
    cells = {side: [whole_messages(said) for said in rows[side].to_pylist()] for side in wide}
    for side, conversations in cells.items():
        turns = [None if said is None else _narrow_side(side, said) for said in conversations]
        rows = rows.set_column(rows.schema.get_field_index(side), pa.field(side, TURNS), pa.array(turns, TURNS))
    if TOOLS.name not in rows.column_names:
        return rows
    tools = [read_json(cell) for cell in rows[TOOLS.name].to_pylist()]
    rows = rows.drop_columns([TOOLS.name])
    if len(wide) < len(SIDES):
        return rows
    extras = [
        None if None in sides else write_extras(tool, sides)
        for tool, *sides in zip(tools, *(cells[side] for side in SIDES), strict=True)
    ]
    return rows.append_column(EXTRAS, pa.array(extras, EXTRAS.type))


def _holds_json(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) and kind.value_type == pa.json_())


def _narrow_side(side: str, turns: list[Message]) -> list[Message]:
    if side != "prompt" and len(turns) > 1:
        return [{"role": "assistant", "content": narrow_answer(turns)}]
    return narrow_turns(turns)


def read_json(cell: Any) -> Any:
    """What a cell of JSON text holds; a cell that a reader has parsed already is taken as it is."""
    return orjson.loads(cell) if isinstance(cell, (str, bytes)) else cell


def whole_messages(cells: Iterable[Any] | None) -> list[Message] | None:
    """The messages of a side in a wide or a narrow file."""
    return None if cells is None else [read_json(cell) for cell in cells]


def as_messages(value: Any) -> Any:
    """{"role": [...], "content": [...]}, as `datasets` turns a list of messages about, as the list it was; any other
    value as it is."""
    if not isinstance(value, Mapping) or not ({"role", "content"} <= value.keys() or {"from", "value"} <= value.keys()):
        return value
    lists = [[] if each is None else each for each in value.values()]
    if not all(isinstance(each, list) for each in lists) or len({len(each) for each in lists}) != 1:
        return value
    return [dict(zip(value, message, strict=True)) for message in zip(*lists, strict=True)]
