"""The card's section on licences: what is under which, the strictest rules, what synthetic rows add.

Its words are in data_cards/licences.md.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from string import Template

from builders.card.facts import Facts, Origin, source_of, written
from builders.card.words import licence_words
from sources.command.markdown import bullets, code, share, table

UNKNOWN = ("", "unknown", "none", "noassertion", "other", "proprietary", "unlicensed", "n/a", "tbd")
"""What people write where they do not know the licence, or where there is none that would allow publishing."""


def is_unknown(licence: str) -> bool:
    """Whether the licence is unknown or does not allow publishing."""
    return licence.strip().lower() in UNKNOWN


def licences(builds: list[Facts]) -> str:
    """The section on licences."""
    origins = written(builds)
    whole = origins.total()
    by_licence: Counter[str] = Counter()
    for origin, count in origins.items():
        by_licence[origin.license] += count
    rows = [
        (code(licence), count, share(count, whole), ", ".join(_names(origins, licence)))
        for licence, count in sorted(by_licence.items(), key=lambda item: (-item[1], item[0]))
    ]
    said = licence_words()
    return "\n\n".join(
        [
            said["Beginning"],
            table(said["Table"].split(" | "), rows),
            bullets(_rules(by_licence, said)),
            *_synthetic(origins, said),
            said["End"],
        ]
    )


def _names(origins: Counter[Origin], licence: str) -> list[str]:
    names = sorted({origin.source for origin in origins if origin.license == licence})
    notes = {name: source.license_note for name in names if (source := source_of(name)) and source.license_note}
    return [code(name) + (f" ({notes[name]})" if name in notes else "") for name in names]


def _rules(by_licence: Iterable[str], said: Mapping[str, str]) -> Iterator[str]:
    """The strictest rule of each kind that some part brings."""
    for heading, words in said.items():
        kind, _, marks = heading.partition(": ")
        found = [licence for licence in sorted(by_licence) if has_rule(licence, marks)]
        if kind == "Rule" and found:
            yield Template(words).substitute(licences=", ".join(map(code, found)))


def has_rule(licence: str, marks: str) -> bool:
    """Whether one of the marks, as they stand after "Rule:", fits this licence."""
    return is_unknown(licence) if marks == "unknown" else any(mark in f"-{licence.lower()}-" for mark in marks.split())


def _synthetic(origins: Counter[Origin], said: Mapping[str, str]) -> Iterator[str]:
    """What the rows add that no one labelled: the terms of the models that wrote them."""
    made = {origin: count for origin, count in origins.items() if origin.signal in ("synthetic", "degraded")}
    if not made:
        return
    chosen, rejected = (
        ", ".join(
            code(name) if name else said["A model without a name"]
            for name in sorted({getattr(one, side) or "" for one in made})
        )
        for side in ("chosen_model", "rejected_model")
    )
    yield Template(said["Synthetic pairs"]).substitute(
        pairs=f"{sum(made.values()):,}", chosen=chosen, rejected=rejected
    )
