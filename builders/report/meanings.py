"""What each reason code means, in the words of docs/reasons.md."""

from functools import cache
from pathlib import Path

from markupsafe import Markup, escape

REASONS = Path(__file__).parent.parent.parent / "docs" / "reasons.md"


@cache
def meanings() -> dict[str, Markup]:
    """By reason code; empty where the page is not installed."""
    if not REASONS.is_file():
        return {}
    found: dict[str, Markup] = {}
    header: list[str] = []
    for line in REASONS.read_text(encoding="utf-8").splitlines():
        cells = _cells(line)
        if not cells or set(cells[0]) == {"-"}:
            header = header if cells else []
        elif not header:
            header = cells
        elif {"reason", "what"} <= set(header) and len(cells) == len(header):
            codes, what = cells[header.index("reason")], cells[header.index("what")]
            for code in codes.split(", "):
                found.setdefault(code.strip("`"), _with_code(what[:1].upper() + what[1:]))
    return found


def _cells(line: str) -> list[str]:
    """The cells of a row of a table; `|` between backticks is text."""
    if not line.startswith("|"):
        return []
    pieces = line.split("`")
    joined = "`".join(piece if place % 2 == 0 else piece.replace("|", "\0") for place, piece in enumerate(pieces))
    return [cell.strip().replace("\0", "|") for cell in joined.strip().strip("|").split("|")]


def _with_code(text: str) -> Markup:
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if place % 2 else escape(piece)
        for place, piece in enumerate(text.split("`"))
    )
