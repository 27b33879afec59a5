"""The composition of licences in words: what is under which, the strictest rules, what synthetic rows add."""

from collections import Counter
from collections.abc import Iterator

from builders.card.facts import Facts, Origin, source_of, written
from sources.command.markdown import bullets, code, share, table

UNKNOWN = ("", "unknown", "none", "noassertion", "other", "proprietary", "unlicensed", "n/a", "tbd")
"""What people write where they do not know the licence, or where there is none that would allow publishing."""

KEEP_NOTICE = ("apache", "mit", "bsd")


def is_unknown(licence: str) -> bool:
    """Whether nobody may say what is allowed."""
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
    return "\n\n".join(
        [
            "The dataset is a collection: each pair stays under the licence of its source, which its column `license` "
            "names. Whoever uses all of it follows all of these rules at once.",
            table(["licence", "pairs", "share", "sources"], rows),
            bullets(_rules(by_licence)),
            *_synthetic(origins),
            "This is a summary by people who build datasets, not legal advice. What is doubtful about each licence "
            "stands in README.md, with each source.",
        ]
    )


def _names(origins: Counter[Origin], licence: str) -> list[str]:
    names = sorted({origin.source for origin in origins if origin.license == licence})
    notes = {name: source.license_note for name in names if (source := source_of(name)) and source.license_note}
    return [code(name) + (f" ({notes[name]})" if name in notes else "") for name in names]


def _rules(by_licence: Counter[str]) -> Iterator[str]:
    """The strictest rule of each kind that some part brings."""

    def under(*marks: str) -> str:
        found = sorted(one for one in by_licence if any(mark in f"-{one.lower()}-" for mark in marks))
        return ", ".join(code(one) for one in found)

    if where := under("-nc-"):
        without = "`build-prefs --commercial-ok` builds without it"
        yield f"**No commercial use** of the whole: a part is under {where}. {without}."
    if where := under("-nd-"):
        yield f"**No changed versions** of the part under {where} may be passed on."
    if where := under("-sa-", "-odbl-", "-gpl-"):
        yield f"**Share alike:** what is made of the part under {where} is passed on under the same licence."
    if where := under("-by-"):
        yield f"**Name the authors** of the part under {where}, as far as they are known: README.md cites them."
    if where := under(*(f"-{name}-" for name in KEEP_NOTICE)):
        yield f"**Keep the licence text and notices** of the part under {where}."
    if where := ", ".join(code(one) for one in sorted(by_licence) if is_unknown(one)):
        yield f"**Nobody knows what is allowed** for the part under {where}: it must not be published."


def _synthetic(origins: Counter[Origin]) -> Iterator[str]:
    """What the rows add that no one labelled: the terms of the models that wrote them."""
    made = {origin: count for origin, count in origins.items() if origin.signal == "synthetic"}
    if not made:
        return
    chosen, rejected = (
        ", ".join(
            code(name) if name else "a model not named" for name in sorted({getattr(one, side) or "" for one in made})
        )
        for side in ("chosen_model", "rejected_model")
    )
    yield (
        f"**The {sum(made.values()):,} synthetic pairs** add the terms of the models that wrote them. Chosen is by "
        f"{chosen}: OpenAI's terms of use forbid using its models' output to develop models that compete with OpenAI. "
        f"Rejected is by {rejected}: the licence of the weaker model applies to its output as far as it says so "
        "(Baichuan-7B's claims no right to the output, but asks for registration before commercial use)."
    )
