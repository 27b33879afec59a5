"""What commands print for people: where it goes, and where the result lies."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

WIDTH = 160
"""Of output that goes into a file or another program."""


def open_console() -> "Console":
    """Standard output, as wide as the terminal."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)


def result_line(place: object, said: str) -> "Text":
    """The line that says where the result is."""
    from rich.text import Text

    return Text.assemble(("→ ", "bold green"), (str(place), "bold"), f"  {said}")
