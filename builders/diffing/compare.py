"""Two builds compared by the ids of their pairs."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from builders.diffing.columns import COMPARED, Pairs, differs, read_pairs
from builders.diffing.missing import MissingPairs, MissingReason, missing_reasons
from builders.diffing.settings import changed_settings
from sources.pairs.built_folder import BuiltFolder
from sources.pairs.languages import LANGS, Lang


@dataclass(frozen=True, slots=True)
class Example:
    """One pair that differs: `what` is only_in_a, only_in_b, moved or changed; `how` says more."""

    what: str
    id: str
    source: str
    source_row: str
    how: str


@dataclass(slots=True)
class SourceDiff:
    """One source, named as in the build that holds the pair (B for those in both)."""

    in_a: int = 0
    in_b: int = 0
    only_in_a: int = 0
    only_in_b: int = 0
    moved: int = 0
    changed: int = 0


@dataclass(frozen=True, slots=True)
class LangDiff:
    """One language of two builds. `gone` counts what B did with the pairs that only A holds, `new` what A did with
    those that only B holds, both by (source, why); `moves` counts (from, to); `columns` the pairs that differ in one.
    """

    lang: Lang
    sources: dict[str, SourceDiff]
    both: int
    gone: Counter[tuple[str, MissingReason]]
    new: Counter[tuple[str, MissingReason]]
    moves: Counter[tuple[str, str]]
    columns: Counter[str]
    settings: list[str]
    examples: list[Example] = field(default_factory=list)

    def total(self, what: str) -> int:
        """The sum of one number over all sources."""
        return sum(getattr(source, what) for source in self.sources.values())

    @property
    def is_same(self) -> bool:
        """Whether both hold the same pairs, in the same splits, with the same values beside them."""
        return not any(self.total(what) for what in ("only_in_a", "only_in_b", "moved", "changed"))


def compare(a: list[BuiltFolder], b: list[BuiltFolder], examples: int = 0) -> list[LangDiff]:
    """The difference of each language that either build has, with so many examples of each kind."""
    builds_a, builds_b = ({built.lang: built for built in builds} for builds in (a, b))
    langs = [lang for lang in LANGS if lang in builds_a or lang in builds_b]
    return [_compare(lang, builds_a.get(lang), builds_b.get(lang), examples) for lang in langs]


def _compare(lang: Lang, a: BuiltFolder | None, b: BuiltFolder | None, examples: int) -> LangDiff:
    pairs_a, pairs_b = read_pairs(a), read_pairs(b)
    _, at_a, at_b = np.intersect1d(pairs_a.keys, pairs_b.keys, assume_unique=True, return_indices=True)
    only_a = np.setdiff1d(np.arange(len(pairs_a)), at_a, assume_unique=True)
    only_b = np.setdiff1d(np.arange(len(pairs_b)), at_b, assume_unique=True)
    both_a, both_b = (pairs.columns.take(pa.array(at)) for pairs, at in ((pairs_a, at_a), (pairs_b, at_b)))
    moved = differs(both_a["split"], both_b["split"])
    changes = {name: differs(both_a[name], both_b[name]) for name in COMPARED}
    changed = np.logical_or.reduce(list(changes.values()))
    gone, new = _missing(pairs_a, only_a), _missing(pairs_b, only_b)
    gone_reasons, new_reasons = missing_reasons(gone, b, pairs_b), missing_reasons(new, a, pairs_a)
    diff = LangDiff(
        lang=lang,
        sources=_by_source(
            _names(b, a),
            in_a=pairs_a.columns["source"],
            in_b=pairs_b.columns["source"],
            only_in_a=pa.array(gone.sources, pa.string()),
            only_in_b=pa.array(new.sources, pa.string()),
            moved=both_b["source"].filter(pa.array(moved)),
            changed=both_b["source"].filter(pa.array(changed)),
        ),
        both=len(at_a),
        gone=Counter(zip(gone.sources, gone_reasons, strict=True)),
        new=Counter(zip(new.sources, new_reasons, strict=True)),
        moves=Counter(
            zip(*(both["split"].filter(pa.array(moved)).to_pylist() for both in (both_a, both_b)), strict=True)
        ),
        columns=Counter({name: int(where.sum()) for name, where in changes.items() if where.any()}),
        settings=changed_settings(a.manifest, b.manifest) if a and b else [],
    )
    diff.examples.extend(_examples("only_in_a", gone, gone_reasons, examples))
    diff.examples.extend(_examples("only_in_b", new, new_reasons, examples))
    ids = pairs_b.ids.take(pa.array(at_b))
    for what, where in (("moved", moved), ("changed", changed)):
        for place in np.flatnonzero(where)[:examples].tolist():
            row = {name: both_b[name][place].as_py() for name in ("source", "source_row")}
            diff.examples.append(Example(what, ids[place].as_py(), **row, how=_how(what, both_a, both_b, place)))
    return diff


def _missing(pairs: Pairs, places: np.ndarray) -> MissingPairs:
    at = pa.array(places)
    taken = pairs.columns.select(["source", "source_row"]).take(at)
    return MissingPairs(pairs.ids.take(at).to_pylist(), *(taken[name].to_pylist() for name in taken.column_names))


def _names(*builds: BuiltFolder | None) -> list[str]:
    """The sources in the order of the manifests."""
    told = [source for built in builds if built for source in built.manifest.get("sources", [])]
    return [str(source["source"]) for source in told if isinstance(source, dict) and "source" in source]


def _by_source(names: list[str], **columns: pa.ChunkedArray | pa.Array) -> dict[str, SourceDiff]:
    """How often each source stands in each column; only those that do."""
    sources = {name: SourceDiff() for name in names}
    for what, column in columns.items():
        for counted in column.value_counts().to_pylist():
            setattr(sources.setdefault(counted["values"], SourceDiff()), what, counted["counts"])
    return {name: counts for name, counts in sources.items() if counts.in_a or counts.in_b}


def _examples(what: str, missing: MissingPairs, found: list[MissingReason], most: int) -> list[Example]:
    return [
        Example(what, *pair, how=f"{why.stage}: {why.reason}" + f" ({why.evidence})" * bool(why.evidence))
        for pair, why in list(zip(missing, found, strict=True))[:most]
    ]


def _how(what: str, a: pa.Table, b: pa.Table, place: int) -> str:
    """The values that differ, from A to B."""
    values = {name: (a[name][place].as_py(), b[name][place].as_py()) for name in (*COMPARED, "split")}
    wanted = ["split"] if what == "moved" else COMPARED
    return ", ".join(
        f"{name} {values[name][0]} → {values[name][1]}" for name in wanted if values[name][0] != values[name][1]
    )
