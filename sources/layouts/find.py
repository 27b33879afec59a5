"""Which layout a file has: found out row by row, said with the reason; or one that the user names."""

import re
import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sources.command.errors import MissingColumnError, UsageError
from sources.command.settings import did_you_mean
from sources.layouts.known import LAYOUTS
from sources.layouts.layout import PAIRINGS, Layout, Options
from sources.layouts.nearest import describe_unknown
from sources.layouts.paths import keys_layout
from sources.layouts.read_row import RowReader

MIN_SHARE = 0.5
"""So many of the first rows must have a known layout."""

WITH_OPTIONS = re.compile(r"([a-z-]+)\(([^()]*)\)")


@dataclass(frozen=True, slots=True)
class Taken:
    """A layout and why it was taken; `unpaired`: it holds single answers."""

    name: str
    why: str
    unpaired: bool = False


@dataclass(frozen=True, slots=True)
class NamedLayout:
    """A layout that a user names, with what they say of it."""

    layout: Layout
    options: Options


def find_layout(rows: Sequence[object], where: str) -> Taken:
    """The layout that most of these rows have; where they have several, `why` counts each.

    Raises:
        MissingColumnError: half of them or more have none; says what the rows have and what the nearest layouts lack.
    """
    objects = [row for row in rows if isinstance(row, dict)]
    reader = RowReader(LAYOUTS, LAYOUTS[0], Options())
    fits = [reader.fit(row) for row in objects]
    found = Counter(match.layout.name for _, match in fits if match is not None)
    if not objects or found.total() <= MIN_SHARE * len(objects):
        first = next((row for row, match in fits if match is None), None)
        found_there, expected, hint = describe_unknown(first, LAYOUTS)
        left_out = f"leave the file out; of a folder, with --exclude {shlex.quote(where)}"
        raise MissingColumnError(where, found_there, expected=expected, hint=f"{hint}, or {left_out}".lstrip(" ,"))
    by_name = {layout.name: layout for layout in LAYOUTS}
    (name, count), *more = found.most_common()
    why = f"{count} of the first {len(objects)} rows look like {by_name[name].looks_like}"
    why += "".join(f", {number} like {by_name[other].looks_like}" for other, number in more)
    return Taken(name, why, any(by_name[each].unpaired for each in found))


def name_layout(name: str, flag: str) -> NamedLayout:
    """The layout of that name: one of LAYOUTS, also as NAME(pairs=all,min_margin=1,ignore=images|tools), or
    keys(prompt=A,chosen=B,rejected=C) with dotted paths.

    Raises:
        UsageError: there is none.
    """
    if name.startswith("keys("):
        return NamedLayout(keys_layout(name, flag), Options())
    found = WITH_OPTIONS.fullmatch(name)
    bare, options = (found[1], found[2]) if found else (name, "")
    for layout in LAYOUTS:
        if layout.name == bare:
            return NamedLayout(layout, _options(options, layout, flag))
    names = [layout.name for layout in LAYOUTS]
    expected = f"{', '.join(names)} or keys(prompt=...,chosen=...,rejected=...)"
    raise UsageError(flag, f"no layout is called {bare}", expected=expected, hint=did_you_mean(bare, names))


def _options(given: str, layout: Layout, flag: str) -> Options:
    """What stands in the brackets behind the name of a layout.

    Raises:
        UsageError: no such option, or none of this layout.
    """
    said: dict[str, str] = dict(part.partition("=")[::2] for part in given.split(",") if part)
    if unknown := said.keys() - {"pairs", "min_margin", "ignore"}:
        raise UsageError(flag, f"{layout.name} has no option {min(unknown)}", expected="pairs, min_margin or ignore")
    pairs = next((each for each in PAIRINGS if each == said.get("pairs")), None)
    if "pairs" in said and pairs not in layout.pairings:
        expected = ", ".join(layout.pairings) or "no such option: a row of this layout is one pair"
        raise UsageError(flag, f"pairs={said['pairs']} for {layout.name}", expected=expected)
    try:
        least = float(said.get("min_margin", 0))
    except ValueError:
        raise UsageError(flag, f"min_margin={said['min_margin']}", expected="a number") from None
    return Options(pairs, least, frozenset(filter(None, said.get("ignore", "").split("|"))))


@lru_cache(maxsize=64)
def row_reader(name: str, *, is_named: bool, flag: str = "layout") -> RowReader:
    """What reads the rows of a file: those of the one layout that the user names, else each by its own."""
    named = name_layout(name, flag)
    return RowReader((named.layout,) if is_named else LAYOUTS, named.layout, named.options)
