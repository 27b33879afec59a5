"""What stands between the cells of a text table, found by trying: comma, semicolon, tab or bar."""

import csv
import io
import re

DELIMITERS = (",", ";", "\t", "|")
NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
LOOKED_AT_RECORDS = 50
MAX_HEADER_CHARS = 100
DECLARED = re.compile(rb"(?:\xef\xbb\xbf)?sep=([^\r\n])\r?\n")
"""A first line with which Excel says what it wrote."""


def find_delimiter(start: bytes, usual: str, *, is_all: bool) -> tuple[str, int]:
    """The delimiter of a table that begins so, and the bytes before its header that say it.

    It is the one that gives most records as many fields as the header, at least two; `usual` where none does.
    """
    if declared := DECLARED.match(start):
        return declared[1].decode("latin-1"), declared.end()
    fits = {each: _fit(start, each, is_all=is_all) for each in (usual, *DELIMITERS)}
    best = max(fits, key=lambda each: fits[each])
    return (best if fits[best][0] else usual), 0


def is_table(start: bytes, *, is_all: bool) -> bool:
    """Whether a text that no name calls a table is one beyond doubt: a header of short names, and records of as many
    fields as it has, at least one."""
    delimiter, before = find_delimiter(start, ",", is_all=is_all)
    records = _records(start[before:], delimiter, is_all=is_all)
    header = records[0] if records else []
    named = len(header) > 1 and all(cell.strip() and len(cell) <= MAX_HEADER_CHARS for cell in header)
    return named and len(set(header)) == len(header) > 1 < len(records) and all(len(r) == len(header) for r in records)


def _fit(start: bytes, delimiter: str, *, is_all: bool) -> tuple[float, int]:
    """The share of records that have as many fields as the header, and how many those are; nothing of one column."""
    records = _records(start, delimiter, is_all=is_all)
    columns = len(records[0]) if records else 0
    return (sum(len(record) == columns for record in records) / len(records), columns) if columns > 1 else (0.0, 0)


def _records(start: bytes, delimiter: str, *, is_all: bool) -> list[list[str]]:
    """The first records; one that is cut off is none."""
    text = start.decode("utf-8-sig", "replace")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    records: list[list[str]] = []
    try:
        for record in reader:
            if record:
                records.append(record)
            if len(records) > LOOKED_AT_RECORDS:
                return records[:-1]
    except csv.Error:
        return records
    return records if is_all else records[:-1]
