"""Upstream text made safe to print: no control character reaches a terminal raw."""

import unicodedata

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def printable(text: str, *, max_chars: int = 80) -> str:
    """`text` on one line: control, format and surrogate characters as escapes, the end cut with an ellipsis.

    Terminal escapes, bidirectional overrides and line breaks all belong to the Unicode categories escaped here.
    """
    line = "".join(_escape(char) for char in text[: max_chars + 1])
    return line if len(text) <= max_chars else line[:max_chars] + "…"


def _escape(char: str) -> str:
    if char.isprintable() or unicodedata.category(char) not in _HIDDEN:
        return char
    code = ord(char)
    return {9: "\\t", 10: "\\n", 13: "\\r"}.get(code) or _by_number(code)


def _by_number(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shown(value: object) -> str:
    """The value for people to read, however deep it is nested."""
    try:
        return printable(repr(value))
    except RecursionError:
        return f"a deeply nested {type(value).__name__}"
