"""A row of any known layout as pairs, with every column used, named as not used, or the reason of a skipped row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sources.command.printable import printable, shown
from sources.layouts.columns import Plan, plan_columns
from sources.layouts.layout import Draft, Half, Kind, Layout, NoPairError, Options, Row, is_nothing
from sources.layouts.messages import unread_keys
from sources.layouts.opened import opened, plainly_named

UNFIT = (KeyError, IndexError, TypeError, AttributeError, ValueError)
"""What a reader of rows meets where a single row lacks a key or has another kind of value."""


@dataclass(frozen=True, slots=True)
class Match:
    """A layout that rows with certain columns may have: the kinds that their values must be of, and what becomes of the
    columns that it leaves."""

    layout: Layout
    kinds: tuple[tuple[str, Kind], ...]
    used: frozenset[str]
    plan: Plan

    def fits(self, row: Row) -> bool:
        for key, kind in self.kinds:
            if not kind(row[key]):
                return False
        return self.layout.unless is None or not self.layout.unless(row)


@dataclass(frozen=True, slots=True)
class Read:
    """What a row gave, by which layout; the columns that it used and the names of what was not used."""

    layout: Layout
    drafts: list[Draft] | list[Half]
    used: frozenset[str]
    unused: list[str]

    @property
    def pairs(self) -> list[Draft]:
        return [draft for draft in self.drafts if isinstance(draft, Draft)]

    def tagged(self, *tags: str) -> "Read":
        """The same, its pairs with these tags."""
        for draft in self.pairs:
            draft.tags = (*draft.tags, *tags)
        return self


@dataclass(frozen=True, slots=True)
class RowReader:
    """Reads rows of `layouts`, the first that fits each; a row that fits none is read as `usual` to say why not."""

    layouts: tuple[Layout, ...]
    usual: Layout
    options: Options

    def match(self, row: Row) -> Match | None:
        """The layout of the row."""
        for match in matches(tuple(row), self.layouts, self.options.ignore):
            if match.fits(row):
                return match
        return None

    def fit(self, cells: Row) -> tuple[Row, Match | None]:
        """The row as its layout reads it, and that layout; its columns have their plain names where they fit no other
        way."""
        row = opened(cells)
        match = self.match(row)
        if match is None and (match := self.match(named := opened(plainly_named(row)))) is not None:
            return named, match
        return row, match

    def __call__(self, cells: Row) -> Read:
        """The pairs of a row.

        Raises:
            NoPairError: reason and evidence.
        """
        row, match = self.fit(cells)
        if match is None:
            return self._read_as_usual(row)
        return _read(match.layout, row, match.used, match.plan, self.options)

    def _read_as_usual(self, row: Row) -> Read:
        """What the usual layout makes of the row: a side that is not there is empty, another kind is refused."""
        variants = self.usual.variants
        number = max(range(len(variants)), key=lambda each: len(variants[each].keys() & row.keys()))
        used = self.usual.reads(number)
        plan = plan_columns(tuple(row), used, self.options.ignore, unpaired=self.usual.unpaired)
        try:
            return _read(self.usual, row, used, plan, self.options)
        except StopIteration:
            found = shown(", ".join(map(str, row)))
            lacks = ", ".join(self.usual.lacks(row))
            raise NoPairError(
                "unknown_layout", f"the row has {found}; for {self.usual.name} it lacks {lacks}"
            ) from None


def _read(layout: Layout, row: Row, used: frozenset[str], plan: Plan, options: Options) -> Read:
    try:
        drafts = layout.read(row, options)
        unused = [column for column, step in plan.steps if not step(row, drafts) and not is_nothing(row[column])]
    except UNFIT as fault:
        lacks = printable(", ".join(layout.lacks(row)), max_chars=200)
        why = f"it needs {lacks}" if lacks else f"{type(fault).__name__}: {shown(str(fault))}"
        raise NoPairError("wrong_type", f"the row is no {layout.name} ({why})") from None
    unused += [column for column in plan.unused if row[column] is not None]
    for column in (*used, *(column for column, _ in plan.steps)):
        cell = row.get(column)
        if type(cell) is not str and cell is not None:
            unused += _unread(cell, column)
    for draft in drafts:
        if draft.unread:
            unused += draft.unread
    return Read(layout, drafts, used, unused)


def _unread(cell: object, column: str) -> list[str]:
    inside = unread_keys(cell["messages"], f"{column}.messages") if type(cell) is dict and "messages" in cell else []
    return [*unread_keys(cell, column), *inside]


@lru_cache(maxsize=4096)
def matches(columns: tuple[str, ...], layouts: tuple[Layout, ...], ignore: frozenset[str]) -> tuple[Match, ...]:
    """The layouts that rows with these columns may have, in order."""
    return tuple(_matches(columns, layouts, ignore))


def _matches(columns: tuple[str, ...], layouts: Sequence[Layout], ignore: frozenset[str]) -> Iterator[Match]:
    there = frozenset(columns)
    for layout in layouts:
        for number, kinds in enumerate(layout.variants):
            if kinds.keys() <= there:
                used = layout.reads(number)
                plan = plan_columns(columns, used, ignore, unpaired=layout.unpaired)
                yield Match(layout, tuple(kinds.items()), used, plan)
