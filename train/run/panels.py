"""What is drawn of a training run: its measures as curves, in panels."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sources.command.printable import printable

NAME_CHARS = 26

BLUE, ORANGE, GREEN, PINK, SKY, RED, YELLOW, BLACK = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#882255", "#B8860B", "#333333",
)  # fmt: skip
"""Of Okabe and Ito's palette, told apart by people of any colour vision; yellow and black are darkened to be seen."""

SOURCE_COLOURS = (BLUE, ORANGE, GREEN, PINK, SKY, RED, YELLOW, BLACK)
DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1.2, 1.2)))
"""More sources than colours are told apart by these."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One measure over the steps; an evaluation (`is_test`) has few points, which are shown."""

    label: str
    colour: str
    steps: list[float]
    values: list[float]
    is_test: bool = False
    dashes: Any = "-"


@dataclass(frozen=True, slots=True)
class Panel:
    title: str
    curves: list[Curve]
    level: float | None = None
    """A value that means something, drawn as a line: chance, or where it all begins."""
    level_label: str = ""
    is_share: bool = False
    is_log: bool = False
    is_exact: bool = False
    """Nothing to smooth: the values are no measurements."""
    has_names: bool = False
    """Its curves are many and called by names, which stand beside it, the highest first."""


def panels_of(log: Sequence[Mapping[str, Any]]) -> list[Panel]:
    """What a Trainer's log holds to be drawn, in order; no panel is empty."""

    def both(name: str) -> list[Curve]:
        return [*_curve(log, name, "training", BLUE), *_curve(log, f"eval_{name}", "test", BLACK)]

    rewards = [
        curve
        for prefix in ("", "eval_")
        for side, colour in (("chosen", GREEN), ("rejected", ORANGE))
        for curve in _curve(log, f"{prefix}rewards/{side}", side, colour)
    ]
    panels = [
        _loss(both("loss")),
        Panel("Accuracy", both("rewards/accuracies"), level=0.5, level_label="chance", is_share=True),
        Panel("Margin of the rewards", both("rewards/margins"), level=0),
        Panel("Rewards", rewards, level=0),
        _by_source(log),
        Panel("Learning rate", _curve(log, "learning_rate", "", BLUE), is_exact=True),
        Panel("Gradient norm before clipping", _curve(log, "grad_norm", "", BLUE), is_log=True),
    ]
    return [panel for panel in panels if panel.curves]


def _loss(curves: list[Curve]) -> Panel:
    """The loss, with log 2 where it began there, as the sigmoid loss does."""
    begins_there = curves and abs(curves[0].values[0] - math.log(2)) < 0.05
    return Panel("Loss", curves, math.log(2) if begins_there else None, "log 2, no preference")


def _by_source(log: Sequence[Mapping[str, Any]]) -> Panel:
    """Accuracy by source: on the test pairs where there are several evaluations, else on the training pairs."""
    tested = _sources(log, "eval_source/")
    several = tested and max(sum(f"eval_source/{name}/accuracy" in entry for entry in log) for name in tested) > 1
    prefix, which = ("eval_source/", "test") if several else ("source/", "training")
    names = _sources(log, prefix)
    if not names:
        prefix, which, names = "eval_source/", "test", tested
    curves = [
        curve
        for place, name in enumerate(names)
        for curve in _curve(
            log, f"{prefix}{name}/accuracy", printable(name, max_chars=NAME_CHARS),
            SOURCE_COLOURS[place % len(SOURCE_COLOURS)], dashes=DASHES[place // len(SOURCE_COLOURS) % len(DASHES)],
        )
    ]  # fmt: skip
    return Panel(f"Accuracy by source, {which}", curves, 0.5, "chance", is_share=True, has_names=True)


def _sources(log: Sequence[Mapping[str, Any]], prefix: str) -> list[str]:
    ends = "/accuracy"
    keys = {key for entry in log for key in entry if key.startswith(prefix) and key.endswith(ends)}
    return sorted(key[len(prefix) : -len(ends)] for key in keys)


def _curve(log: Sequence[Mapping[str, Any]], name: str, label: str, colour: str, dashes: Any = "-") -> list[Curve]:
    """The curve of a measure, or none; what is no finite number leaves a gap. After a resume the later value counts."""
    points = {
        float(entry["step"]): _number(entry[name])
        for entry in log
        if name in entry and isinstance(entry.get("step"), int | float)
    }
    if not any(math.isfinite(value) for value in points.values()):
        return []
    steps = sorted(points)
    return [Curve(label, colour, steps, [points[step] for step in steps], name.startswith("eval_"), dashes)]


def _number(value: object) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan
    return number if math.isfinite(number) else math.nan
