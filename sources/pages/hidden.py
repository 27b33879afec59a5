"""Characters that nobody sees, made visible: control and format characters, private use, fillers."""

import re

from markupsafe import Markup, escape

RANGES = (
    *((0x00, 0x08), (0x0B, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x34F, 0x34F), (0x600, 0x605), (0x61C, 0x61C)),
    *((0x6DD, 0x6DD), (0x70F, 0x70F), (0x890, 0x891), (0x8E2, 0x8E2), (0x115F, 0x1160), (0x17B4, 0x17B5)),
    *((0x180B, 0x180F), (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0x2800, 0x2800), (0x3164, 0x3164)),
    *((0xE000, 0xF8FF), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB), (0xFFFE, 0xFFFF), (0x110BD, 0x110BD)),
    *((0x110CD, 0x110CD), (0x13430, 0x1343F), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
    (0xF0000, 0x10FFFF),
)
"""The Unicode categories Cc (but tab and line feed), Cf, Co, Zl and Zp, and letters and marks without a shape."""

PYTHON_CLASS = "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in RANGES)
SCRIPT_CLASS = "".join(f"\\u{{{first:x}}}-\\u{{{last:x}}}" for first, last in RANGES)
"""The same as a class of a regular expression of JavaScript with the flag u."""

HIDDEN = re.compile(f"[{PYTHON_CLASS}]")
IN_SCRIPT = re.compile(f"[<>&{PYTHON_CLASS}]")


def visible(text: str) -> Markup:
    """`text` for a page, escaped, each hidden character as its number in a box."""
    parts, done = [], 0
    for found in HIDDEN.finditer(text):
        parts += [escape(text[done : found.start()]), Markup('<span class="hidden">{}</span>').format(name(found[0]))]
        done = found.end()
    return Markup("").join([*parts, escape(text[done:])])


def name(char: str) -> str:
    return f"U+{ord(char):04X}"


def safe_json(json: str) -> str:
    """JSON that can stand inside a script element: nothing in it ends the element, nothing in it is hidden."""
    return IN_SCRIPT.sub(lambda found: _escape(ord(found[0])), json)


def _escape(code: int) -> str:
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
