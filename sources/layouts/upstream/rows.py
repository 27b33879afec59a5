"""How an adapter reads rows that are looked at one by one, in the one language or in each of those that they are in."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pyarrow as pa

from sources.command.printable import shown
from sources.layouts.adapt_rows import ReadRow, adapt_cells
from sources.layouts.layout import NoPairError, Options, Row
from sources.layouts.read_row import UNFIT, Read
from sources.pairs.language_names import language_named
from sources.pairs.languages import Lang
from sources.pairs.source import Adapted, Source
from sources.pairs.whole_row import whole_cells

ONE_BY_ONE = Options()


@dataclass(frozen=True, slots=True)
class Rows:
    """The adapter of rows in one language: what `read` makes of each under the options of the recipe.

    `langs` are all languages that rows are in, where they are in several: those of another language are skipped. What a
    row says of its language is in the column `says`; where that is empty, or `says_nothing` of the row, its script
    tells.
    """

    read: Callable[[Any, Row], Read]
    lang: Lang
    langs: tuple[Lang, ...] = ()
    says: str = ""
    says_nothing: Callable[[Row], bool] | None = None

    def __call__(self, rows: pa.Table, options: Any) -> Adapted:
        reading: ReadRow = partial(self._read, options)
        return adapt_cells(whole_cells(rows), rows["row"].to_pylist(), reading, self.lang, ONE_BY_ONE)

    def _read(self, options: Any, row: Row) -> Read:
        is_told = bool(self.says) and not (self.says_nothing and self.says_nothing(row))
        try:
            if is_told:
                check_language(row.get(self.says), self.lang)
            found = self.read(options, row)
        except UNFIT as fault:
            evidence = f"the row is not as documented ({type(fault).__name__}: {shown(str(fault))})"
            raise NoPairError("wrong_type", evidence) from None
        for draft in found.drafts if is_told or not self.langs else ():
            draft.lang = self.lang
        return found


def in_language(source: Source, lang: Lang) -> Source | None:
    """The same dataset as the source of another language; None where its rows are not in that one."""
    if lang == source.lang:
        return source
    rows = source.adapt
    if not isinstance(rows, Rows) or lang not in rows.langs:
        return None
    return replace(source, lang=lang, adapt=replace(rows, lang=lang))


def in_both(source: Source) -> tuple[Source, Source]:
    """The Chinese and the English source of a dataset in several languages."""
    chinese, english = (in_language(source, lang) for lang in ("zh", "en"))
    assert chinese
    assert english
    return chinese, english


def check_language(said: object, lang: Lang) -> None:
    """Nothing, if that is the language which a row says that it is in.

    Raises:
        NoPairError: it is another one.
    """
    if language_named(said) != lang:
        raise NoPairError("other_language_file", f"{shown(said)}, read for {lang}")
