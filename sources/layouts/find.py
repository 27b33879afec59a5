"""Which layout a file has: the first that its rows fit, said with the reason; or one that the user names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sources.command.errors import MissingColumnError, UsageError
from sources.command.printable import printable
from sources.command.settings import did_you_mean
from sources.layouts import llama_factory_pairs, others, trl
from sources.layouts.layout import Draft, Layout, Row, answer, messages, user

LAYOUTS: tuple[Layout, ...] = (
    trl.CONVERSATIONAL,
    trl.STANDARD,
    trl.ULTRAFEEDBACK,
    others.HH,
    trl.IMPLICIT,
    llama_factory_pairs.SHAREGPT,
    llama_factory_pairs.ALPACA,
    llama_factory_pairs.OLD,
    others.MS_SWIFT,
    others.MEDICAL_GPT,
    others.AXOLOTL,
)
"""In the order in which they are tried."""

MIN_SHARE = 0.9
KEYS = re.compile(r"keys\((\w+=[^,()]+(?:,\w+=[^,()]+)*)\)")
SIDES = ("prompt", "chosen", "rejected")


@dataclass(frozen=True, slots=True)
class Taken:
    """A layout and why it was taken."""

    name: str
    why: str


def find_layout(rows: Sequence[object], where: str) -> Taken:
    """The first layout that nine of ten of these rows fit.

    Raises:
        MissingColumnError: there is none; says what the rows have and what the layouts look like.
    """
    objects = [row for row in rows if isinstance(row, dict)]
    for layout in LAYOUTS:
        fitting = sum(map(layout.fits, objects))
        if objects and fitting >= MIN_SHARE * len(objects):
            why = f"{fitting} of the first {len(objects)} rows look like {layout.looks_like}"
            return Taken(layout.name, why)
    found = printable(", ".join(map(str, objects[0])), max_chars=200) if objects else "no objects"
    raise MissingColumnError(
        where,
        f"no known layout; the first row has {found}",
        expected=f"one of {', '.join(layout.name for layout in LAYOUTS)}",
        hint="Name the columns with keys(prompt=...,chosen=...,rejected=...) as the layout.",
    )


def name_layout(name: str, flag: str) -> Layout:
    """The layout of that name; keys(prompt=A,chosen=B,rejected=C) is one that reads the columns A, B and C.

    Raises:
        UsageError: there is none.
    """
    for layout in LAYOUTS:
        if layout.name == name:
            return layout
    keys = KEYS.fullmatch(name)
    if keys is None:
        names = [layout.name for layout in LAYOUTS]
        expected = f"{', '.join(names)} or keys(prompt=...,chosen=...,rejected=...)"
        raise UsageError(flag, f"no layout is called {name}", expected=expected, hint=did_you_mean(name, names))
    named = [pair.split("=", 1) for pair in keys[1].split(",")]
    if sorted(side for side, _ in named) != sorted(SIDES):
        sides = ", ".join(side for side, _ in named)
        raise UsageError(flag, f"{name} names {sides}", expected="prompt, chosen and rejected, each once")
    given = dict(named)
    return Layout(name, name, partial(_has_keys, given), partial(_by_keys, given))


def _has_keys(keys: dict[str, str], row: Row) -> bool:
    return all(key in row for key in keys.values())


def _by_keys(keys: dict[str, str], row: Row) -> Draft:
    prompt = row.get(keys["prompt"])
    turns = messages(prompt, keys["prompt"]) if isinstance(prompt, list) else user(answer(prompt, keys["prompt"]))
    return Draft(turns, *(answer(row.get(keys[side]), keys[side]) for side in SIDES[1:]))
