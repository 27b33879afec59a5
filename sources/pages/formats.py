"""Numbers as the report writes them, everywhere the same."""

import math


def count(number: float) -> str:
    return f"{number:,.0f}"


def share(part: float, whole: float) -> str:
    """A percentage with one decimal; what is not nothing never reads 0.0%, what is not all never 100.0%."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if 0 < percent < 0.05:
        return "<0.1%"
    if 99.95 <= percent < 100:
        return ">99.9%"
    return f"{percent:.1f}%"


def auc(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"


def plural(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
