"""What a judge needs of pairs, out of rows as people keep them; which pairs cannot be judged, and why."""

from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from sources.command.errors import MissingColumnError
from sources.pairs.extras import extras_of, is_wide, read_json
from sources.pairs.schema import SIDES, TURNS, joined_text

SPOOLED: Final = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("source", pa.string()),
        pa.field("source_row", pa.string()),
        pa.field("prompt", TURNS),
        pa.field("chosen", pa.string()),
        pa.field("rejected", pa.string()),
        pa.field("score_chosen", pa.float64()),
        pa.field("score_rejected", pa.float64()),
        pa.field("domain", pa.string()),
    ]
)
"""`domain` is what a column of that kind says, null where the file has none."""

NEEDED = [*SPOOLED.names[:-1], "lang"]
ROLES = pa.array(["system", "user", "assistant"])


def check_columns(path: Path, schema: pa.Schema) -> None:
    """Nothing, if a file of this schema holds pairs as a build does.

    Raises:
        MissingColumnError: it does not.
    """
    hint = "build-prefs --only-added makes such pairs of any layout."
    missing = [name for name in NEEDED if name not in schema.names]
    if missing:
        found = f"has no column {', '.join(missing)}"
        raise MissingColumnError(path, found, expected="the columns of a build", hint=hint)
    for name in NEEDED:
        kind = schema.field(name).type
        if name in SIDES:
            fits, expected = is_wide(schema) or _holds_turns(kind), "a list of messages with role and content"
        elif name in ("score_chosen", "score_rejected"):
            kinds = (pa.types.is_floating, pa.types.is_integer, pa.types.is_null)
            fits, expected = any(of(kind) for of in kinds), "numbers"
        else:
            fits, expected = pa.types.is_string(kind) or pa.types.is_large_string(kind), "strings"
        if not fits:
            raise MissingColumnError(path, f"column {name} holds {kind}", expected=expected, hint=hint)


def _holds_turns(kind: pa.DataType) -> bool:
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind)) or not pa.types.is_struct(kind.value_type):
        return False
    return {"role", "content"} <= {kind.value_type.field(at).name for at in range(kind.value_type.num_fields)}


def find_faults(rows: pa.Table) -> dict[int, str]:
    """Of narrow rows those that cannot be judged, and why: has_tools where the judge could not see the tools,
    unknown_role where nobody knows who speaks, no_text where a side or a text is missing."""
    faults = {}
    extras = extras_of(rows)
    if extras.null_count < len(extras):
        for row, extra in enumerate(extras.to_pylist()):
            if extra is not None and read_json(extra)["tools"] is not None:
                faults[row] = "has_tools"
    if not all(_is_whole(rows[side].combine_chunks()) for side in SIDES):
        for row, sides in enumerate(zip(*(rows[side].to_pylist() for side in SIDES), strict=True)):
            if found := _fault(*sides):
                faults.setdefault(row, found)
    return faults


def _fault(*sides: list[dict[str, str | None]] | None) -> str:
    for turns in sides:
        if not turns or not all(turn and isinstance(turn["content"], str) for turn in turns):
            return "no_text"
    roles = {turn["role"] for turns in sides for turn in turns or ()} - {*ROLES.to_pylist()}
    return "has_tools" if roles == {"tool"} else "unknown_role" if roles else ""


def _is_whole(turns: pa.Array) -> bool:
    """Whether every conversation has turns of known roles with texts; looked at in columns, since most have."""
    messages = turns.flatten()
    content, role = (pc.struct_field(messages, name) for name in ("content", "role"))
    return bool(
        turns.null_count == 0
        and content.null_count == 0
        and pc.all(pc.greater(pc.list_value_length(turns), 0)).as_py() is not False
        and pc.all(pc.is_in(role, ROLES)).as_py() is not False
    )


def check_domains(where: object, schema: pa.Schema, column: str | None) -> None:
    """Nothing, if the column of domains holds texts, or there is none.

    Raises:
        MissingColumnError: it holds something else.
    """
    if column is None or column not in schema.names:
        return
    kind = schema.field(column).type
    told = kind.value_type if pa.types.is_dictionary(kind) else kind
    if not any(of(told) for of in (pa.types.is_string, pa.types.is_large_string, pa.types.is_null)):
        hint = "--domain-column names another column."
        raise MissingColumnError(where, f"column {column} holds {kind}", expected="names of domains", hint=hint)


def texts_of(rows: pa.Table, domain_column: str | None = None) -> pa.Table:
    """Rows without faults as SPOOLED."""
    columns = []
    for field in SPOOLED:
        if field.name == "domain" and domain_column not in rows.column_names:
            columns.append(pa.nulls(len(rows), field.type))
            continue
        column = rows[domain_column if field.name == "domain" else field.name].combine_chunks()
        if field.name in SIDES and column.type != TURNS:  # other programs write role and content in another order
            column = pa.array(column.to_pylist(), TURNS)
        columns.append(joined_text(column) if field.name in ("chosen", "rejected") else column.cast(field.type))
    return pa.table(columns, schema=SPOOLED)
