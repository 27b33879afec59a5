"""What judge-prefs found of the labels and of the judge, by source, as its manifest has it and a build shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

LINES: Final = {
    "agreement": "agrees with the labels",
    "ties": "no preference",
    "consistency": "same in both orders",
    "first_preferred": "first place, if they differ",
    "length_judge": "longer preferred by judge",
    "length_labels": "longer preferred by labels",
}
"""The figures of an audit, and what each is called."""


DONE: Final = {
    "drop": "pairs whose rejected answer the judge prefers, and those without a preference, were dropped",
    "tag": "pairs whose rejected answer the judge prefers, and those without a preference, are tagged",
    "flip": "in pairs whose rejected answer the judge prefers, chosen and rejected were swapped; those without a "
    "preference were dropped",
    "off": "no pair was dropped or changed for its verdict",
}
"""What a build does with the verdicts, by --judge-disagrees."""


@dataclass(frozen=True, slots=True)
class AuditShare:
    """A share with its 95 % interval; all None where there is nothing that it is a share of."""

    value: float | None
    low: float | None
    high: float | None
    of: int

    @property
    def shown(self) -> str:
        """The share as a percentage with its interval."""
        if self.value is None or self.low is None or self.high is None:
            return "–"
        return f"{self.value:.1%} ({100 * self.low:.1f} to {100 * self.high:.1f})"


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One source, or all together (total): pairs, those with a verdict, and the figures of LINES in their order."""

    source: str
    pairs: int
    judged: int
    shares: tuple[AuditShare, ...]

    @property
    def shown(self) -> list[str]:
        """The figures as texts."""
        return [share.shown for share in self.shares]


@dataclass(frozen=True, slots=True)
class JudgeAudit:
    """The audit of the verdicts that a build went by. `judge` gave them: one of `judges`, or all together; `kappa` is
    how far several judges agree beyond chance; `findings` are lines about kin and cycles."""

    judge: str
    judges: tuple[str, ...]
    rubric: str
    scale: str
    kappa: float | None
    rows: tuple[AuditRow, ...]
    findings: tuple[str, ...] = ()

    @property
    def total(self) -> AuditRow:
        """All sources together."""
        return self.rows[-1]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        rows = [
            {"source": row.source, "pairs": row.pairs, "judged": row.judged}
            | {name: _as_dict(share) for name, share in zip(LINES, row.shares, strict=True)}
            for row in self.rows
        ]
        told = {name: getattr(self, name) for name in ("judge", "rubric", "scale", "kappa")}
        return {**told, "judges": list(self.judges), "audit": rows, "findings": list(self.findings)}

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> "JudgeAudit":
        """The audit in the manifest of a build."""
        return cls(
            judge=str(told["judge"]),
            judges=tuple(told["judges"]),
            rubric=str(told["rubric"]),
            scale=str(told["scale"]),
            kappa=told["kappa"],
            rows=_rows(told["audit"]),
            findings=tuple(map(str, told["findings"])),
        )


def audit_of(manifest: Mapping[str, Any], judge: str, scale: str) -> JudgeAudit:
    """The audit in a manifest of judge-prefs.

    Raises:
        KeyError, TypeError, ValueError, IndexError: it has none.
    """
    together = manifest.get("together")
    counts = together or manifest["judges"][0]
    rubric = manifest.get("rubric") or manifest.get("rubrics") or {}
    named = rubric if isinstance(rubric, list) else [rubric] if "name" in rubric else list(rubric.values())
    return JudgeAudit(
        judge=judge,
        judges=tuple(str(each["model"]) for each in manifest["judges"]),
        rubric=", ".join(sorted({str(each["name"]) for each in named})) or "none",
        scale=scale,
        kappa=together and together["kappa"],
        rows=_rows(counts["audit"]),
        findings=tuple(map(str, manifest.get("findings", ()))),
    )


def _rows(told: Sequence[Mapping[str, Any]]) -> tuple[AuditRow, ...]:
    return tuple(
        AuditRow(
            str(row["source"]), int(row["pairs"]), int(row["judged"]), tuple(_share(row.get(name)) for name in LINES)
        )
        for row in told
    )


def _share(told: Mapping[str, Any] | None) -> AuditShare:
    """A share; one that the audit does not have is of nothing."""
    if told is None:
        return AuditShare(None, None, None, 0)
    value, low, high = (None if told[name] is None else float(told[name]) for name in ("value", "low", "high"))
    return AuditShare(value, low, high, int(told["of"]))


def _as_dict(share: AuditShare) -> dict[str, float | int | None]:
    return {"value": share.value, "low": share.low, "high": share.high, "of": share.of}
