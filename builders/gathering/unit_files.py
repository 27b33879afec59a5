"""What came of a unit as files and JSON, and back: the same numbers, texts and orders, whatever build reads them."""

import os
import shutil
from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from builders.engines.spill import SpillPart
from builders.gathering.unit import Unit, UnitResult
from builders.measures.findings import Finding, Findings
from builders.stages.keys import Keys

PAIRS, LOST, KEYS = "pairs.arrow", "lost.arrow", "keys.npy"
COUNTERS = ("skipped", "repairs", "unused", "layouts", "reasoning")
COUNTS = ("rows_read", "rows_used", "judged")


def write_result(result: UnitResult, folder: Path) -> dict[str, Any]:
    """The files of a result in `folder`; returns the rest of it. Rows are linked there where the disk is the same."""
    for part, name in ((result.pairs, PAIRS), (result.lost, LOST)):
        _link(part.path, folder / name)
    with (folder / KEYS).open("wb") as file:
        for column in fields(Keys):
            np.save(file, getattr(result.keys, column.name), allow_pickle=False)
    return {
        "sizes": [result.pairs.sizes, result.lost.sizes],
        "contaminated": list(result.contaminated.items()),
        "findings": [[code, each.count, each.examples] for code, each in result.findings.items()],
        "wide": sorted(result.wide),
        **{name: list(getattr(result, name).items()) for name in COUNTERS},
        **{name: getattr(result, name) for name in COUNTS},
    }


def read_result(folder: Path, rest: dict[str, Any], unit: Unit) -> UnitResult:
    """The result of a unit, its rows where they lie in `folder`."""
    pairs, lost = rest["sizes"]
    findings = Findings()
    for code, count, examples in rest["findings"]:
        findings[code] = Finding(count, [(row, evidence) for row, evidence in examples])
    return UnitResult(
        number=unit.number,
        place=unit.place,
        pairs=SpillPart(folder / PAIRS, pairs),
        lost=SpillPart(folder / LOST, lost),
        keys=_read_keys(folder / KEYS, unit.place),
        contaminated=dict(rest["contaminated"]),
        findings=findings,
        wide=set(rest["wide"]),
        **_counters(rest),
        **{name: rest[name] for name in COUNTS},
        reuse="taken",
    )


def _read_keys(path: Path, place: int) -> Keys:
    """The keys as they were; the source has the place that it has in this build."""
    with path.open("rb") as file:
        columns = {column.name: np.load(file, allow_pickle=False) for column in fields(Keys)}
    columns["source"] = np.full_like(columns["source"], place)
    return Keys(**columns)


def _counters(rest: dict[str, Any]) -> dict[str, Any]:
    """The counters by name; of a key that was a tuple JSON made a list."""
    return {
        name: Counter({tuple(key) if isinstance(key, list) else key: count for key, count in rest[name]})
        for name in COUNTERS
    }


def _link(path: Path, target: Path) -> None:
    try:
        os.link(path, target)
    except OSError:  # another disk, or one that knows no links
        shutil.copyfile(path, target)
