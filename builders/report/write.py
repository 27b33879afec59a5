"""The file report.html, from what a build has counted, measured and drawn."""

import hashlib
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from builders.report.facts import Build, find_facts
from builders.report.page import render_report
from builders.report.sample import Draw

NAME = "report.html"


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A finished report as it lies in the output folder."""

    path: str
    bytes: int
    sha256: str

    def as_dict(self) -> dict[str, str | int]:
        """The file for a manifest."""
        return {"path": self.path, "bytes": self.bytes, "sha256": self.sha256}


def write_report(folder: Path, build: Build, draws: list[Draw], aside: Executor) -> ReportFile:
    """Write the report of one language, its charts drawn by `aside`; the same bytes for the same build."""
    whole = Draw(draws[0].twins)
    for draw in draws:
        whole.absorb(draw)
    html = render_report(find_facts(build, whole.in_rounds()), aside).encode("utf-8")
    (folder / NAME).write_bytes(html)
    return ReportFile(NAME, len(html), hashlib.sha256(html).hexdigest())
