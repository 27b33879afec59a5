"""What a card tells of a built language: its manifest, its measured numbers, and where each pair comes from."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from builders.measures.giveaways import Giveaways
from builders.measures.statistics import SourceStatistics, Statistics, measure
from sources.pairs.languages import Lang
from sources.pairs.source import Source, UpstreamFile
from sources.registry import SOURCES

REGISTERED = {source.name: source for source in SOURCES}


class Origin(NamedTuple):
    """What pairs of one kind have in common."""

    source: str
    license: str
    signal: str
    chosen_model: str | None
    rejected_model: str | None


@dataclass(frozen=True, slots=True)
class Facts:
    """One language of a build; `origins` counts its pairs."""

    lang: Lang
    manifest: dict[str, Any]
    statistics: Statistics
    origins: Counter[Origin]

    @property
    def sources(self) -> list[dict[str, Any]]:
        """The accounts of the manifest, one a source."""
        accounts: list[dict[str, Any]] = self.manifest["sources"]
        return accounts

    @property
    def total(self) -> dict[str, Any]:
        whole: dict[str, Any] = self.manifest["total"]
        return whole

    @property
    def pairs(self) -> int:
        return int(self.total["train"] + self.total["test"])

    @property
    def giveaways(self) -> list[Giveaways]:
        """What gives the preferences away, by source; none in a build made before it was measured."""
        return [Giveaways.from_dict(one) for one in self.manifest.get("giveaways", [])]

    @property
    def splits(self) -> list[str]:
        """The splits that have any pairs."""
        return [split for split in ("train", "test") if self.total[split]]

    def measured(self, source: str) -> SourceStatistics | None:
        """The numbers of one source, if any pair of it was written."""
        return next((one for one in self.statistics.sources if one.source == source), None)


def read_facts(folder: Path, statistics: Statistics | None = None) -> Facts:
    """The facts of a built folder, the numbers measured on its finished files unless they are known."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return Facts(manifest["lang"], manifest, statistics or measure(folder), _origins(folder))


def _origins(folder: Path) -> Counter[Origin]:
    found: Counter[Origin] = Counter()
    for path in sorted((folder / "data").glob("*.parquet")):
        rows = pq.read_table(path, columns=list(Origin._fields))
        counted = rows.group_by(list(Origin._fields)).aggregate([([], "count_all")])
        for group in counted.to_pylist():
            known = {name: group[name] or "unknown" for name in ("license", "signal")}
            found[Origin(**{name: group[name] for name in Origin._fields} | known)] += group["count_all"]
    return found


def written(builds: Iterable[Facts]) -> Counter[Origin]:
    """The pairs of all languages by origin."""
    return sum((facts.origins for facts in builds), Counter())


def source_of(name: str) -> Source | None:
    """The registered source; None for data of the user's own."""
    return REGISTERED.get(name)


def upstream(name: str) -> UpstreamFile | None:
    """A file of the source as it is published, for the repository that it names."""
    source = source_of(name)
    files = source.files(source.options()) if source else ()
    return files[0] if files else None


def count_all(by_stage: dict[str, dict[str, int]]) -> int:
    """How many rows or pairs went, for whatever stage and reason."""
    return sum(count for reasons in by_stage.values() for count in reasons.values())


def dropped_for(account: dict[str, Any], stage: str) -> int:
    """How many pairs a stage dropped from a source."""
    return sum(account["pairs_dropped"].get(stage, {}).values())
