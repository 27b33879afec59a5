"""A share with its 95 % interval."""

from dataclasses import dataclass

from sources.pairs.interval import wilson


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` (half ones allowed) of `of`, with Wilson's interval of 95 %. Of nothing, nothing is known: all three are
    None."""

    hits: float
    of: int

    @property
    def value(self) -> float | None:
        return self.hits / self.of if self.of else None

    @property
    def low(self) -> float | None:
        return wilson(self.hits / self.of, self.of)[0] if self.of else None

    @property
    def high(self) -> float | None:
        return wilson(self.hits / self.of, self.of)[1] if self.of else None

    def as_dict(self) -> dict[str, float | int | None]:
        """The share for JSON."""
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        return {**{name: None if n is None else round(n, 6) for name, n in numbers.items()}, "of": self.of}
