"""Values of options that several adapters take."""

from typing import Annotated, Literal

from pydantic import Field

Pairing = Literal["best_worst", "adjacent", "all"]
"""Which pairs several answers make."""

Margin = Annotated[float, Field(ge=0)]
"""The least difference of two scores."""

Strength = Annotated[int, Field(ge=1, le=3)]
"""How far from 0 a preference between -3 and 3 must be at least."""
