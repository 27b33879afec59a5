"""A source out of anybody's own file of preferences, in any of the known layouts.

One row (an invented one, in LLaMA-Factory's layout):

    {"instruction": "夸夸这只猫。", "input": "", "chosen": "它的尾巴真漂亮。", "rejected": "猫。"}
"""

from dataclasses import dataclass
from functools import partial

import orjson
import pyarrow as pa

from sources.command.errors import MissingColumnError
from sources.fetch.data_files import DataFile
from sources.files.read_whole import first_rows
from sources.files.rows import Limits
from sources.layouts.find import Taken, find_layout, name_layout
from sources.layouts.layout import Draft, NoPairError
from sources.pairs.schema import TURNS, Lang, Signal, one_turn
from sources.pairs.source import WHOLE_ROW, Adapted, NoOptions, Source, UpstreamFile, skipped
from sources.text.script import BEGINNING_CHARS, script_languages

LOOKED_AT = 200

UNFIT = (KeyError, IndexError, TypeError, AttributeError)
"""What a reader of rows meets where a single row lacks a key or has another kind of value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What the owner of some files says of them: licence, who preferred (`signal`), layout (empty: found out)."""

    files: tuple[DataFile, ...]
    name: str
    licence: str
    signal: Signal = "unknown"
    layout: str = ""


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
        MissingColumnError: a file has no known layout, or another than those before it.
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
        adapt=partial(adapt, taken.name, lang),
    )
    return OwnData(source, data.files, taken)


def _take_layout(data: Described, flag: str) -> Taken:
    """The layout that the user names, or the one that all files have."""
    if data.layout:
        return Taken(name_layout(data.layout, flag).name, f"{flag} says so")
    first, *others = (
        find_layout(first_rows(file.path, file.name, Limits(), LOOKED_AT), file.name) for file in data.files
    )
    for file, other in zip(data.files[1:], others, strict=True):
        if other.name != first.name:
            raise MissingColumnError(
                file.name,
                f"is {other.name}, and {data.files[0].name} is {first.name}",
                hint="Give the files one by one, or name the layout.",
            )
    return first


def no_files(options: NoOptions) -> tuple[UpstreamFile, ...]:
    """None that are published: the rows come from a file given by the user."""
    return ()


def adapt(layout: str, lang: Lang | None, rows: pa.Table, options: NoOptions) -> Adapted:
    """The pairs of one language, or of both; rows of another, and rows that give none, with their reason."""
    read = name_layout(layout, "layout").read
    drafts: list[tuple[int, Draft]] = []
    lost: list[tuple[int, str, str]] = []
    for number, whole in zip(rows["row"].to_pylist(), rows[WHOLE_ROW.names[0]].to_pylist(), strict=True):
        try:
            drafts.append((number, read(orjson.loads(whole))))
        except NoPairError as fault:
            reason, evidence = fault.args
            lost.append((number, reason, evidence))
        except UNFIT as fault:
            lost.append((number, "wrong_type", f"the row is no {layout} ({type(fault).__name__}: {fault})"))
    langs = script_languages([_beginning(draft) for _, draft in drafts])
    if lang is not None:
        lost += [
            (number, "other_language_file", f"{found}, read for {lang}")
            for (number, _), found in zip(drafts, langs, strict=True)
            if found != lang
        ]
        drafts = [draft for draft, found in zip(drafts, langs, strict=True) if found == lang]
        langs = [lang] * len(drafts)
    table = pa.table(
        {
            "prompt": pa.array([draft.prompt for _, draft in drafts], TURNS),
            "chosen": one_turn("assistant", pa.array([draft.chosen for _, draft in drafts], pa.string())),
            "rejected": one_turn("assistant", pa.array([draft.rejected for _, draft in drafts], pa.string())),
            "lang": pa.array(langs, pa.string()),
            "row": pa.array([number for number, _ in drafts], pa.int64()),
        }
    )
    return Adapted(table, skipped(lost))


def _beginning(draft: Draft) -> str:
    """What tells the language of a pair: how its last turn and its chosen answer begin."""
    asked = [turn["content"] for turn in draft.prompt[-1:]]
    return "\n".join(text[:BEGINNING_CHARS] for text in (*asked, draft.chosen))
