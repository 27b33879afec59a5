"""A share with its 95 % interval."""

from dataclasses import dataclass
from math import sqrt

Z = 1.959964
"""Of the normal distribution, two-sided 95 %."""


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` (half ones allowed) of `of`, with Wilson's interval of 95 %, which is right for small numbers too
    (https://doi.org/10.1080/01621459.1927.10502953). Of nothing, nothing is known: all three are None."""

    hits: float
    of: int

    @property
    def value(self) -> float | None:
        return self.hits / self.of if self.of else None

    @property
    def low(self) -> float | None:
        return max(0.0, self._middle - self._reach) if self.of else None

    @property
    def high(self) -> float | None:
        return min(1.0, self._middle + self._reach) if self.of else None

    @property
    def _middle(self) -> float:
        return (self.hits / self.of + Z * Z / (2 * self.of)) / (1 + Z * Z / self.of)

    @property
    def _reach(self) -> float:
        share = self.hits / self.of
        return Z * sqrt(share * (1 - share) / self.of + Z * Z / (4 * self.of * self.of)) / (1 + Z * Z / self.of)

    def as_dict(self) -> dict[str, float | int | None]:
        """The share for JSON."""
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        return {**{name: None if n is None else round(n, 6) for name, n in numbers.items()}, "of": self.of}
