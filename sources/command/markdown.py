"""Markdown that says what it was given: text from upstream cannot become a link, a tag or a row of a table."""

import re
from collections.abc import Iterable, Sequence

from sources.command.printable import printable

MAX_CHARS = 200


def code(text: object, max_chars: int = MAX_CHARS) -> str:
    """Any text as a code span, in a table too: nothing in it is read as Markdown or HTML.

    The fence is longer than any run of backticks in the text (CommonMark 0.31, 6.1); a bar is escaped as tables ask
    (GFM 4.10), which is why a code span with a bar belongs into a table only.
    """
    shown = printable(str(text), max_chars=max_chars)
    if not shown.strip():
        return "(empty)"
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    pad = " " if "`" in shown else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def plain(text: object, max_chars: int = MAX_CHARS) -> str:
    """Any text as words: every character that Markdown or HTML could take for its own is escaped."""
    shown = printable(str(text), max_chars=max_chars).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    shown = re.sub(r"([\\`*_{}\[\]()#!|~$@])", r"\\\1", shown)
    return re.sub(
        r"(?i)(https?|ftp|mailto):|(www)\.", lambda found: f"{found[1] or found[2]}&#{ord(found[0][-1])};", shown
    )


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; numbers stand right and have separators, None is a dot. Texts are Markdown already."""
    body = list(rows)
    numeric = [all(isinstance(row[place], int | None) for row in body) for place in range(len(header))]
    lines = [
        header,
        ["---:" if right else "---" for right in numeric],
        *([_cell(cell) for cell in row] for row in body),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(cell: object) -> str:
    if cell is None:
        return "·"
    return f"{cell:,}" if isinstance(cell, int) else re.sub(r"(?<!\\)\|", r"\\|", str(cell))


def bullets(items: Iterable[str]) -> str:
    """A list, one line each."""
    return "\n".join(f"- {item}" for item in items)


def share(part: int, whole: int) -> str:
    """A percentage; "under 0.1 %" rather than zero for what is there."""
    if not part or not whole:
        return "0 %"
    percent = 100 * part / whole
    return "under 0.1 %" if percent < 0.1 else f"{percent:.1f} %"
