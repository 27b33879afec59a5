"""What judge-prefs wrote, as a build takes it: the verdict on each pair, and which judge gave it on which scale."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from builders.measures.judge_audit import JudgeAudit, audit_of
from builders.stages.judged import Disagrees, Judged, Verdict
from sources.command.errors import BrokenFileError, MissingFileError, UsageError
from sources.fetch.fetcher import file_sha256

SCORES, MANIFEST = "scores.parquet", "manifest.json"
COLUMNS = ["id", "judge", "label", "score_chosen", "score_rejected"]


@dataclass(frozen=True, slots=True)
class JudgedFolder:
    """A folder of judge-prefs with what its verdicts are to do, and its audit. `judge` is the only one, or all of them
    together."""

    path: Path
    judge: str
    scale: str
    sha256: str
    disagrees: Disagrees
    min_margin: float
    audit: JudgeAudit

    def as_dict(self) -> dict[str, Any]:
        """What determined the build, for its manifest."""
        return {
            "judge": self.judge,
            "scale": self.scale,
            "scores_sha256": self.sha256,
            "disagrees": self.disagrees,
            "min_margin": self.min_margin,
        }

    def read(self) -> Judged:
        """The verdicts on all pairs that have one.

        Raises:
            BrokenFileError: they cannot be read.
        """
        return _read(self)


def open_judged(folder: Path, disagrees: Disagrees, min_margin: float) -> JudgedFolder:
    """A folder of judge-prefs.

    Raises:
        MissingFileError: it is none.
        BrokenFileError: its manifest is none.
    """
    hint = "Make it with judge-prefs."
    for name in (MANIFEST, SCORES):
        if not (folder / name).is_file():
            raise MissingFileError(f"--judged {folder}", f"no {name} there", hint=hint)
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        models, scale = [each["model"] for each in manifest["judges"]], str(manifest["scale"])
        judge = f"together:{manifest['together']['rule']}" if "together" in manifest else models[0]
        audit = audit_of(manifest, judge, scale)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        found = f"is no manifest of judge-prefs ({type(error).__name__}: {error})"
        raise BrokenFileError(folder / MANIFEST, found, hint=hint) from error
    return JudgedFolder(folder, judge, scale, file_sha256(folder / SCORES), disagrees, min_margin, audit)


def want_judged(
    folder: str | Path | None, disagrees: Disagrees | None, min_margin: float | None
) -> JudgedFolder | None:
    """The folder of verdicts with what they do.

    Raises:
        UsageError: there is none to do it.
        ReadError: it cannot be read.
    """
    if folder is None:
        for flag, given in (("--judge-disagrees", disagrees), ("--min-margin", min_margin)):
            if given is not None:
                raise UsageError(flag, "needs --judged", hint="Name a folder of judge-prefs with --judged DIR.")
        return None
    return open_judged(Path(folder), disagrees or "drop", min_margin or 0.0)


@lru_cache(maxsize=1)
def _read(folder: JudgedFolder) -> Judged:
    path = folder.path / SCORES
    try:
        rows = pq.read_table(path, columns=COLUMNS)
    except (pa.ArrowException, KeyError) as error:
        raise BrokenFileError(path, f"cannot be read ({error})", expected="what judge-prefs wrote") from error
    rows = rows.filter(pc.and_(pc.equal(rows["judge"], folder.judge), pc.is_valid(rows["label"])))
    margins = pc.abs(pc.subtract(rows["score_chosen"], rows["score_rejected"])).to_pylist()
    told = zip(rows["id"].to_pylist(), rows["label"].to_pylist(), margins, strict=True)
    verdicts = {pair: Verdict(label, margin) for pair, label, margin in told}
    return Judged(folder.judge, verdicts, folder.disagrees, folder.min_margin)
