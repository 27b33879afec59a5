"""What is gathered at a time, what comes of it, and what everybody who gathers must know."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from builders.engines.spill import SpillPart
from builders.inputs.disk import unpacked_bytes
from builders.inputs.inputs import InputFile
from builders.inputs.judged import JudgedFolder
from builders.inputs.recipe import ChosenSource, Policy
from builders.measures.findings import Findings
from builders.stages.keys import Keys
from sources.checks import CheckLimits
from sources.files.parts import PART_BYTES, Part
from sources.files.rows import Limits
from sources.pairs.ledger import Reason
from sources.pairs.reasoning import ReasoningPolicy


@dataclass(frozen=True, slots=True)
class Unit:
    """What one worker does at a time: a file of a source, a part of it, or all files of the source where a row limit
    spans them."""

    number: int
    place: int
    chosen: ChosenSource
    files: list[InputFile]
    part: Part | None = None

    def effort(self) -> int:
        """About how many bytes there are to read, unpacked."""
        if self.part:
            return PART_BYTES
        return sum(self.unpacked().values())

    def unpacked(self) -> dict[str, int]:
        """About how many bytes each file has, unpacked."""
        return {str(file.path): unpacked_bytes(file.path, file.path.stat().st_size) for file in self.files}


Reuse = Literal["", "taken", "kept", "not kept", "damaged"]
"""What the cache had to do with a result: nothing; it was taken from there; it is there now; it could not be kept
there; what was there was damaged, and it was made anew."""


@dataclass(frozen=True, slots=True)
class BadRows:
    """The bad ones among so many rows of a part of a file."""

    read: int
    bad: list[tuple[int, str, str]]


@dataclass(slots=True)
class UnitResult:
    """What came of a unit. Of a part of a file, `part_of` is the name of the file and `bad_rows` are its bad
    rows, in order: whether they are too many is for all parts together to say."""

    number: int
    place: int
    pairs: SpillPart
    lost: SpillPart
    keys: Keys
    contaminated: dict[int, str]
    findings: Findings = field(default_factory=Findings)
    rows_read: int = 0
    rows_used: int = 0
    skipped: Counter[Reason] = field(default_factory=Counter)
    repairs: Counter[str] = field(default_factory=Counter)
    unused: Counter[str] = field(default_factory=Counter)
    layouts: Counter[str] = field(default_factory=Counter)
    reasoning: Counter[str] = field(default_factory=Counter)
    wide: set[str] = field(default_factory=set)
    judged: int = 0
    reuse: Reuse = ""
    part_of: str = ""
    bad_rows: list[BadRows] = field(default_factory=list)

    def give_keys(self) -> Keys:
        """The keys, of which nothing is kept here: those of all pairs together must not be held twice."""
        keys, self.keys = self.keys, Keys.none()
        return keys


@dataclass(frozen=True, slots=True)
class Settings:
    """What every worker needs to know."""

    policies: dict[str, Policy]
    check_limits: CheckLimits
    read_limits: Limits
    questions: Path | bytes
    max_rows: int | None
    reasoning: ReasoningPolicy
    simplify: bool
    scratch: Path
    judged: JudgedFolder | None


UnitRunner = Callable[[Sequence[Unit], Settings, Callable[[int], None]], Sequence[UnitResult]]
"""Gathers units somewhere, and tells how many more rows are done; results in any order."""
