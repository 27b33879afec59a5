"""A row as layouts read it: cells that hold messages or lists as text are opened, columns get their plain names."""

import ast
import re
from typing import Any

import orjson

from sources.layouts.layout import ANSWER_LISTS, SCORE_LISTS, Row
from sources.layouts.messages import ROLES
from sources.pairs.extras import as_messages

MESSAGES = re.compile(r"""\s*(?:\[\s*)?\{\s*['"](?:role|content|from|value)['"]\s*:""")
"""How a message, or a list of them, begins that was written to a cell as Python or JSON."""

OPENS_MESSAGES = "[{ \n"
"""With which of these characters such a cell begins."""

NESTED = frozenset((*ANSWER_LISTS, *SCORE_LISTS, "conversations", "messages", "history", "chat_history", "models"))
"""Columns that hold lists in every layout, which a table writes as text."""


def opened(row: Row) -> Row:
    """The row with messages and lists as such, where a cell holds them as text or as a struct of lists."""
    changed: dict[str, Any] | None = None
    for key, cell in row.items():
        if type(cell) is str:
            if cell[:1] not in OPENS_MESSAGES:
                continue
            if key in NESTED:
                new = parse_cell(cell)
            elif is_written_out(cell):
                new = _messages(cell)
            else:
                continue
        elif type(cell) is dict:
            new = as_messages(cell)
        else:
            continue
        if new is not cell:
            changed = changed or dict(row)
            changed[key] = new
    return changed or row


def is_written_out(cell: str) -> bool:
    """Whether a cell may hold messages as text."""
    return cell[:1] in OPENS_MESSAGES and MESSAGES.match(cell) is not None


def _messages(cell: str) -> Any:
    """The messages that a cell spells; the cell where it spells something else. An object is a message only where all
    its keys are those of one, and its role is known: an answer may be JSON."""
    value = parse_cell(cell)
    if isinstance(value, dict):
        said = value.get("role", value.get("from"))
        is_message = {*value} in ({"role", "content"}, {"from", "value"}) and isinstance(said, str) and said in ROLES
        return value if is_message else cell
    return value


def parse_cell(cell: str) -> Any:
    """The list or object that a cell spells as JSON or as Python; the cell where it spells none."""
    try:
        return orjson.loads(cell)
    except orjson.JSONDecodeError:
        try:
            return ast.literal_eval(cell)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return cell


def plainly_named(row: Row) -> Row:
    """The row with the names of its columns in small letters, with underscores; the row itself where two names would be
    one."""
    named = {re.sub(r"[\s-]+", "_", str(key).strip().lower()): cell for key, cell in row.items()}
    return named if len(named) == len(row) else row
