"""A source out of anybody's own file of preferences, in any of the known layouts.

One row (an invented one, in LLaMA-Factory's layout):

    {"instruction": "夸夸这只猫。", "input": "", "chosen": "它的尾巴真漂亮。", "rejected": "猫。"}
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from sources.fetch.data_files import DataFile
from sources.files.read_whole import first_rows
from sources.files.rows import Limits
from sources.layouts.find import Taken, find_layout, name_layout, row_reader
from sources.layouts.layout import Draft, Half, NoPairError
from sources.layouts.plain import PlainRows, read_plain
from sources.layouts.read_row import RowReader
from sources.layouts.unpaired import pair_up
from sources.pairs.extras import EXTRAS, narrow_answer, narrow_turns, write_extras
from sources.pairs.schema import TURNS, Lang, Signal, one_turn
from sources.pairs.source import WHOLE_ROW, Adapted, NoOptions, Source, UpstreamFile, skipped
from sources.text.script import BEGINNING_CHARS, script_languages

LOOKED_AT = 200


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
class OwnData:
    """Files of one's own as a source in one language, with the layout that was taken and why."""

    source: Source
    files: tuple[DataFile, ...]
    taken: Taken


def own_data(data: Described, lang: Lang | None, flag: str) -> OwnData:
    """The rows of that language in some files, or of both, each as what it is; `flag` is what the user named a layout
    with.

    Raises:
        MissingColumnError: a file has no known layout.
        UsageError: no layout is called so.
    """
    taken = _take_layout(data, flag)
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


def _take_layout(data: Described, flag: str) -> Taken:
    """The layout that the user names, or the one that most rows of the files have."""
    if data.layout:
        return Taken(data.layout, f"{flag} says so", name_layout(data.layout, flag).layout.unpaired)
    found = [
        find_layout(first_rows(file.path, file.name, Limits(), LOOKED_AT, encoding=file.encoding), file.name)
        for file in data.files
    ]
    (name, _), *others = Counter(each.name for each in found).most_common()
    first = next(each for each in found if each.name == name)
    more = "".join(f"; {count} file{'s' * (count > 1)} as {other}" for other, count in others)
    return Taken(name, first.why + more, any(each.unpaired for each in found))


def no_files(options: NoOptions) -> tuple[UpstreamFile, ...]:
    """None that are published: the rows come from a file given by the user."""
    return ()


def adapt(layout: str, is_named: bool, lang: Lang | None, rows: pa.Table, options: NoOptions) -> Adapted:
    """The pairs of one language, or of both; rows of another, and rows that give none, with their reason."""
    reader = row_reader(layout, is_named=is_named)
    numbers: list[int] = rows["row"].to_pylist()
    cells = [orjson.loads(whole) for whole in rows[WHOLE_ROW.names[0]].to_pylist()]
    plain = read_plain(cells, reader)
    return _adapt_rows(cells, numbers, reader, lang) if plain is None else _adapt_plain(plain, numbers, lang)


def _adapt_plain(plain: PlainRows, numbers: list[int], lang: Lang | None) -> Adapted:
    """Rows that are three strings each, a column at a time."""
    langs = script_languages(
        [
            f"{prompt[:BEGINNING_CHARS]}\n{chosen[:BEGINNING_CHARS]}"
            for prompt, chosen, _ in zip(*plain.sides, strict=True)
        ]
    )
    prompt, chosen, rejected = (pa.array(texts, pa.string()) for texts in plain.sides)
    table = pa.table(
        {
            "prompt": one_turn("user", prompt),
            "chosen": one_turn("assistant", chosen),
            "rejected": one_turn("assistant", rejected),
            "lang": pa.array(langs, pa.string()),
            "row": pa.array(numbers, pa.int64()),
        }
    )
    lost: list[tuple[int, str, str]] = []
    if lang is not None:
        ours = pc.equal(table["lang"], lang)
        table = table.filter(ours)
        lost = _of_other_language(
            {number: found for number, found in zip(numbers, langs, strict=True) if found != lang}, lang
        )
    return Adapted(table, skipped(lost), unused=plain.unused, layouts={plain.layout: len(numbers)})


def _adapt_rows(cells: list[Any], numbers: list[int], reader: RowReader, lang: Lang | None) -> Adapted:
    """Rows of any layout, one by one."""
    drafts: list[tuple[int, Draft]] = []
    halves: list[tuple[int, Half]] = []
    lost: list[tuple[int, str, str]] = []
    unused, layouts = Counter[str](), Counter[str]()
    for number, row in zip(numbers, cells, strict=True):
        try:
            read = reader(row)
        except NoPairError as fault:
            lost.append((number, *fault.args))
            continue
        layouts[read.layout.name] += 1
        if read.unused:
            unused.update(dict.fromkeys(read.unused, 1))
        for draft in read.drafts:
            if isinstance(draft, Draft):
                drafts.append((number, draft))
            else:
                halves.append((number, draft))
    if halves:
        pairs, left = pair_up(halves, reader.options)
        drafts, lost = sorted([*drafts, *pairs], key=lambda each: each[0]), [*lost, *left]
    drafts, others = _of_language(drafts, lang)
    table = _table([draft for _, draft in drafts], [number for number, _ in drafts])
    return Adapted(table, skipped([*lost, *others]), unused=unused, layouts=layouts)


Numbered = list[tuple[int, Draft]]


def _of_language(drafts: Numbered, lang: Lang | None) -> tuple[Numbered, list[tuple[int, str, str]]]:
    """The pairs of that language, each with its own where both are wanted, and the rows of which none is left."""
    for (_, draft), found in zip(drafts, script_languages([_beginning(draft) for _, draft in drafts]), strict=True):
        draft.lang = draft.lang or found
    if lang is None:
        return drafts, []
    ours = [numbered for numbered in drafts if numbered[1].lang == lang]
    used = {row for number, draft in ours for row in (number, draft.rejected_row)}
    others = {
        row: draft.lang
        for number, draft in drafts
        for row in (number, draft.rejected_row)
        if row is not None and row not in used
    }
    return ours, _of_other_language(others, lang)


def _of_other_language(rows: Mapping[int, str], lang: Lang) -> list[tuple[int, str, str]]:
    """Skipped rows, from the number of each to the language that was found."""
    return [(row, "other_language_file", f"{found}, read for {lang}") for row, found in rows.items()]


def _table(drafts: list[Draft], numbers: list[int]) -> pa.Table:
    """The pairs as an adapter gives them; the columns that only some data have where any pair has them."""
    extras = [write_extras(draft.tools, (draft.prompt, draft.chosen, draft.rejected)) for draft in drafts]
    plain = [extra is None for extra in extras]
    columns = {
        "prompt": pa.array(
            [
                each.prompt if is_plain else narrow_turns(each.prompt)
                for each, is_plain in zip(drafts, plain, strict=True)
            ],
            TURNS,
        ),
        "chosen": one_turn("assistant", pa.array([narrow_answer(draft.chosen) for draft in drafts], pa.string())),
        "rejected": one_turn("assistant", pa.array([narrow_answer(draft.rejected) for draft in drafts], pa.string())),
        "lang": pa.array([draft.lang for draft in drafts], pa.string()),
        "row": pa.array(numbers, pa.int64()),
        "row_rejected": pa.array([draft.rejected_row for draft in drafts], pa.int64()),
        "score_chosen": pa.array([draft.score_chosen for draft in drafts], pa.float64()),
        "score_rejected": pa.array([draft.score_rejected for draft in drafts], pa.float64()),
        "chosen_model": pa.array([draft.chosen_model for draft in drafts], pa.string()),
        "rejected_model": pa.array([draft.rejected_model for draft in drafts], pa.string()),
        EXTRAS.name: pa.array(extras, EXTRAS.type),
    }
    return pa.table(columns)


def _beginning(draft: Draft) -> str:
    """What tells the language of a pair: how its last turn and its chosen answer begin."""
    asked = draft.prompt[-1]["content"][:BEGINNING_CHARS] + "\n" if draft.prompt else ""
    return asked + str(draft.chosen[-1]["content"][:BEGINNING_CHARS])
