"""The 95 % interval of a share."""

from math import sqrt

Z_95 = 1.959964
"""Of the normal distribution, two-sided."""


def wilson(share: float, of: float) -> tuple[float, float]:
    """The ends of Wilson's interval of 95 % about a share of `of` things, above 0; right for few things too
    (https://doi.org/10.1080/01621459.1927.10502953)."""
    return _low(share, of), 1.0 - _low(1.0 - share, of)


def _low(share: float, of: float) -> float:
    middle = share + Z_95**2 / (2 * of)
    reach = Z_95 * sqrt(share * (1 - share) / of + Z_95**2 / (4 * of**2))
    return max(0.0, middle - reach) / (1 + Z_95**2 / of)
