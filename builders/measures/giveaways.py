"""What gives the preferences of a source away: how often rules that never read the prompt tell chosen from rejected."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from builders.measures.statistics import told_rightly
from builders.measures.surface import Sign, Surface
from sources.pairs.interval import wilson

MIN_GROUPS = 50
"""With fewer prompts nothing is said."""

RULES = {
    "longer": "longer",
    "markdown": "more Markdown",
    "no_refusal": "no refusal",
    "language": "language of the prompt",
}
"""What the answer has that each takes for chosen; where the answers are alike in it, it is right half the time."""

DIGITS = 4


@dataclass(frozen=True, slots=True)
class Rate:
    """How often a rule is right, from 0 to 1, and the ends of its 95 % interval."""

    right: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Giveaways:
    """What gives one source away: the rules on all of its `pairs`, the classifier on `sampled` of them."""

    source: str
    pairs: int
    sampled: int
    rules: Mapping[str, Rate]
    classifier: Rate

    @property
    def best_rule(self) -> tuple[str, Rate]:
        """The rule that is farthest from half the time, either way."""
        return max(self.rules.items(), key=lambda item: abs(item[1].right - 0.5))

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "source": self.source,
            "pairs": self.pairs,
            "sampled": self.sampled,
            "rules": {name: _as_dict(rate) for name, rate in self.rules.items()},
            "classifier": _as_dict(self.classifier),
        }

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Self:
        """What `as_dict` said."""
        rules = {name: Rate(**rate) for name, rate in said["rules"].items()}
        return cls(said["source"], said["pairs"], said["sampled"], rules, Rate(**said["classifier"]))


def _as_dict(rate: Rate) -> dict[str, float]:
    return {name: round(getattr(rate, name), DIGITS) for name in Rate.__slots__}


def rule_differences(surface: Surface) -> dict[str, np.ndarray]:
    """By rule int64[n]: above 0 where it takes chosen for chosen, below 0 where rejected, 0 where it cannot say."""
    return {
        "longer": _difference(surface.chars),
        "markdown": _difference(surface.marks),
        "no_refusal": -sign_difference(surface, Sign.REFUSAL),
        "language": -sign_difference(surface, Sign.OTHER_LANGUAGE),
    }


def sign_difference(surface: Surface, sign: Sign) -> np.ndarray:
    """int64[n]: 1 where only chosen has the sign, -1 where only rejected, 0 where both or neither."""
    return _difference((surface.signs & sign) > 0)


def _difference(of_answers: np.ndarray) -> np.ndarray:
    chosen, rejected = of_answers.astype(np.int64).T
    return np.asarray(chosen - rejected)


def features(surface: Surface) -> np.ndarray:
    """int64[n, k]: what the classifier is told beside n-grams, none of it beyond ±16."""
    chars = surface.chars + 1.0
    ratio = np.rint(4 * np.log2(chars[:, 0] / chars[:, 1]))
    signs = [sign_difference(surface, sign) for sign in Sign]
    columns = [4 * np.sign(_difference(surface.chars)), ratio, _difference(surface.marks), *(4 * one for one in signs)]
    return np.asarray(np.clip(np.stack(columns, axis=1), -16, 16).astype(np.int64))


def rule_rates(surface: Surface, groups: np.ndarray) -> dict[str, Rate]:
    """The rate of each rule; `groups` are the numbers of the prompt groups of the pairs, from 0."""
    return {name: rate(told_rightly(difference), groups) for name, difference in rule_differences(surface).items()}


def rate(right: np.ndarray, groups: np.ndarray) -> Rate:
    """The mean of `right` (1, 0.5 or 0 for each pair) with Wilson's interval; `groups` as above.

    Pairs of one prompt may be alike; the more alike, the fewer they count as.
    """
    pairs, mean = len(right), float(right.mean())
    off = np.bincount(groups, weights=right - mean)
    spread = float((off**2).sum()) / pairs**2
    count = min(float(pairs), mean * (1 - mean) / spread) if spread else float(np.count_nonzero(np.bincount(groups)))
    return Rate(mean, *wilson(mean, count))
