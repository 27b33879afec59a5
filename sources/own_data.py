"""A source out of anybody's own file of preferences, in any of the known layouts.

One row (an invented one, in LLaMA-Factory's layout):

    {"instruction": "夸夸这只猫。", "input": "", "chosen": "它的尾巴真漂亮。", "rejected": "猫。"}
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import orjson
import pyarrow as pa

from sources.errors import MissingFileError
from sources.files.read_whole import first_rows
from sources.files.rows import Limits
from sources.layouts.find import Taken, find_layout, name_layout
from sources.layouts.layout import Draft, NoPairError
from sources.schema import TURNS, Lang, Signal
from sources.source import WHOLE_ROW, Adapted, NoOptions, Source, UpstreamFile, skipped
from sources.text.script import script_language

LOOKED_AT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What the owner of a file says of it; `layout` is empty where it is to be found out."""

    path: Path
    name: str
    licence: str
    signal: Signal = "human"
    layout: str = ""


@dataclass(frozen=True, slots=True)
class OwnData:
    """A file of one's own as a source in one language, with the layout that was taken and why."""

    source: Source
    path: Path
    taken: Taken


def own_data(file: Described, lang: Lang | None, flag: str) -> OwnData:
    """The rows of that language in a file, or of both, each as what it is; `flag` is what the user gave it with.

    Raises:
        MissingFileError: it is not there.
        MissingColumnError: it has no known layout.
        UsageError: no layout is called so.
    """
    if not file.path.is_file():
        raise MissingFileError(f"{flag} {file.path}", "no such file")
    if file.layout:
        taken = Taken(name_layout(file.layout, flag).name, f"{flag} says so")
    else:
        taken = find_layout(first_rows(file.path, file.path.name, Limits(), LOOKED_AT), file.path.name)
    source = Source(
        name=f"{file.name}_{lang}" if lang else file.name,
        lang=lang or "en",
        files=no_files,
        layouts=(WHOLE_ROW,),
        license=file.licence,
        commercial_use=False,
        license_note="as its owner says",
        signal=file.signal,
        adapt=partial(adapt, taken.name, lang),
    )
    return OwnData(source, file.path, taken)


def no_files(options: NoOptions) -> tuple[UpstreamFile, ...]:
    """None that are published: the rows come from a file given by the user."""
    return ()


def adapt(layout: str, lang: Lang | None, rows: pa.Table, options: NoOptions) -> Adapted:
    """The pairs of one language, or of both; rows of another, and rows that give none, with their reason."""
    read = name_layout(layout, "layout").read
    good: list[tuple[int, Draft, Lang]] = []
    lost: list[tuple[int, str, str]] = []
    for number, whole in zip(rows["row"].to_pylist(), rows[WHOLE_ROW.names[0]].to_pylist(), strict=True):
        try:
            draft = read(orjson.loads(whole))
        except NoPairError as fault:
            reason, evidence = fault.args
            lost.append((number, reason, evidence))
            continue
        found = script_language(*(turn["content"] for turn in draft.prompt[-1:]), draft.chosen)
        if lang in (None, found):
            good.append((number, draft, found))
        else:
            lost.append((number, "other_language_file", f"{found}, read for {lang}"))
    table = pa.table(
        {
            "prompt": pa.array([draft.prompt for _, draft, _ in good], TURNS),
            "chosen": _answers([draft.chosen for _, draft, _ in good]),
            "rejected": _answers([draft.rejected for _, draft, _ in good]),
            "lang": pa.array([found for _, _, found in good], pa.string()),
            "row": pa.array([number for number, _, _ in good], pa.int64()),
        }
    )
    return Adapted(table, skipped(lost))


def _answers(texts: list[str]) -> pa.Array:
    return pa.array([[{"role": "assistant", "content": text}] for text in texts], TURNS)
