"""A row of a documented layout as its pairs, beside columns that an adapter has looked at itself."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from sources.command.printable import printable
from sources.layouts.layout import Layout, NoPairError, Options, Row
from sources.layouts.read_row import Read, RowReader
from sources.layouts.upstream.rows import ONE_BY_ONE

MAX_TAG_CHARS = 80
BARE = ("role", "content")
CALLS = ("tool_calls", "function_call", "function_calls", "functions")


def tag(kind: str, value: object) -> list[str]:
    """The tag `kind:value` with what upstream says, none where it says nothing."""
    return [f"{kind}:{printable(str(value), max_chars=MAX_TAG_CHARS)}"] if value else []


def read_as(layout: Layout, row: Row, pairs: Options = ONE_BY_ONE, known: Collection[str] = ()) -> Read:
    """What a row of that layout gives; `known` are the columns that the caller has looked at itself.

    Raises:
        NoPairError: reason and evidence.
    """
    left = {column: cell for column, cell in row.items() if column not in known}
    return RowReader((layout,), layout, pairs)(left)


def read_bare(layout: Layout, row: Row, columns: Collection[str], known: Collection[str] = ()) -> Read:
    """The same of a row whose messages in these columns are taken as role and content only; their other keys are named
    as not used.

    Raises:
        NoPairError: reason and evidence; a message calls a tool, which a role and a content do not say.
    """
    bare, left = dict(row), dict[str, None]()
    for column in columns:
        cell = row.get(column)
        if isinstance(cell, list):
            bare[column] = [_bare(message) for message in cell]
            left.update(dict.fromkeys(_other_keys(cell, column)))
    found = read_as(layout, bare, known=known)
    return replace(found, unused=[*found.unused, *left])


def _bare(message: object) -> object:
    return {key: message.get(key) for key in BARE} if isinstance(message, Mapping) else message


def _other_keys(messages: list[object], column: str) -> Iterator[str]:
    """The keys of the messages beside role and content under which there is something."""
    for place, message in enumerate(messages):
        for key, cell in message.items() if isinstance(message, Mapping) else ():
            if key in CALLS and cell:
                raise NoPairError("has_tools", f"{column}[{place}] has {key}, and only role and content are read")
            if key not in BARE and cell is not None:
                yield f"{column}[].{key}"
