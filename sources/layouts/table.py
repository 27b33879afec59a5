"""The known layouts as a table for docs/add-your-data.md: `python -m sources.layouts.table` prints it."""

from sources.layouts.known import LAYOUTS


def table_of_layouts() -> str:
    """A row for each layout, in the order in which they are tried."""
    rows = [
        f"| `{layout.name}` | `{layout.looks_like}` | {', '.join(layout.pairings) or 'one pair a row'} |"
        for layout in LAYOUTS
    ]
    return "\n".join(["| layout | a row | pairs (the default first) |", "|---|---|---|", *rows])


if __name__ == "__main__":
    print(table_of_layouts())  # noqa: T201 - this is what it is for
