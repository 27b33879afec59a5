"""A source out of anybody's own file of preferences, in any of the known layouts.

One row (an invented one, in LLaMA-Factory's layout):

    {"instruction": "夸夸这只猫。", "input": "", "chosen": "它的尾巴真漂亮。", "rejected": "猫。"}
"""

from collections import Counter
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from sources.fetch.data_files import DataFile
from sources.files.read_whole import look_at
from sources.files.rows import Limits
from sources.layouts.adapt_rows import adapt_cells, of_other_language
from sources.layouts.find import Taken, find_layout, name_layout, row_reader
from sources.layouts.plain import PlainRows, read_plain
from sources.pairs.languages import Lang
from sources.pairs.schema import Signal
from sources.pairs.source import WHOLE_ROW, Adapted, NoOptions, Source, UpstreamFile, skipped
from sources.pairs.whole_row import whole_cells
from sources.text.script import name_told, tell_languages


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What the owner of some files says of them: licence, who preferred (`signal`), layout (empty: found out); and
    which files beside them are passed over, and why."""

    files: tuple[DataFile, ...]
    name: str
    licence: str
    signal: Signal = "unknown"
    layout: str = ""
    passed_over: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at the beginnings of some files said: the layout that was taken and why; and what was guessed to read
    each file, empty where nothing was."""

    taken: Taken
    how: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnData:
    """Files of one's own as a source in one language, with the layout that was taken and why."""

    source: Source
    files: tuple[DataFile, ...]
    taken: Taken


def look_into(data: Described, limits: Limits, flag: str) -> Looked:
    """The layout that the user names with `flag`, or the one that most rows of the files have.

    Raises:
        ReadError: a file cannot be read, or has no known layout.
        UsageError: no layout is called so.
    """
    named = name_layout(data.layout, flag).layout if data.layout else None
    begun = [look_at(file.path, file.name, limits, encoding=file.encoding) for file in data.files]
    how = tuple(each.how for each in begun)
    if named is not None:
        return Looked(Taken(data.layout, f"{flag} says so", named.unpaired), how)
    found = [find_layout(each.rows, file.name) for file, each in zip(data.files, begun, strict=True)]
    (name, _), *others = Counter(each.name for each in found).most_common()
    first = next(each for each in found if each.name == name)
    more = "".join(f"; {count} file{'s' * (count > 1)} as {other}" for other, count in others)
    return Looked(Taken(name, first.why + more, any(each.unpaired for each in found)), how)


def own_data(data: Described, taken: Taken, lang: Lang | None) -> OwnData:
    """The rows of that language in some files, or of both, each as what it is."""
    source = Source(
        name=f"{data.name}_{lang}" if lang else data.name,
        lang=lang or "en",
        files=no_files,
        layouts=(WHOLE_ROW,),
        license=data.licence,
        commercial_use=False,
        license_note="as its owner says",
        signal=data.signal,
        adapt=partial(adapt, data.layout or taken.name, bool(data.layout), lang),
        whole_table=taken.unpaired,
    )
    return OwnData(source, data.files, taken)


def no_files(options: NoOptions) -> tuple[UpstreamFile, ...]:
    """None that are published: the rows come from a file given by the user."""
    return ()


def adapt(layout: str, is_named: bool, lang: Lang | None, rows: pa.Table, options: NoOptions) -> Adapted:
    """The pairs of one language, or of both; rows of another, and rows that give none, with their reason."""
    reader = row_reader(layout, is_named=is_named)
    numbers: list[int] = rows["row"].to_pylist()
    plain = read_plain(rows, reader)
    if plain is None:
        return adapt_cells(whole_cells(rows), numbers, reader, lang, reader.options)
    return _adapt_plain(plain, numbers, lang)


def _adapt_plain(plain: PlainRows, numbers: list[int], lang: Lang | None) -> Adapted:
    """Rows of plain texts or messages, a column at a time."""
    by_script = pa.array(tell_languages(plain.beginnings, lang), pa.string())
    said = plain.columns.get("lang")
    langs = by_script if said is None else pc.coalesce(said, by_script)
    table = pa.table({**plain.columns, "lang": langs, "row": pa.array(numbers, pa.int64())})
    lost: list[tuple[int, str, str]] = []
    if lang is not None:
        ours = pc.equal(langs, lang)
        table = table.filter(ours)
        others = zip(numbers, langs.to_pylist(), plain.beginnings.to_pylist(), strict=True)
        lost = of_other_language({number: name_told(*found) for number, *found in others if found[0] != lang}, lang)
    return Adapted(table, skipped(lost), unused=plain.unused, layouts={plain.layout: len(numbers)})
