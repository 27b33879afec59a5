"""Rows of plain texts, or of plain messages, as columns: what most files hold, at several times the speed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from sources.layouts.column_steps import read_language, read_model, read_score
from sources.layouts.columns import Step
from sources.layouts.known.dialogues import is_open_dialogue
from sources.layouts.known.trl import CONVERSATIONAL, STANDARD
from sources.layouts.layout import Layout
from sources.layouts.opened import OPENS_MESSAGES, is_written_out
from sources.layouts.read_row import Match, RowReader, matches
from sources.pairs.language_names import language_named
from sources.pairs.schema import SIDES, TURNS, one_turn
from sources.pairs.source import WHOLE_ROW
from sources.text.script import BEGINNING_CHARS

Columns = Mapping[str, pa.Array]
PROMPT_ROLES = pa.array(["system", "user", "assistant"])
begin = partial(pc.utf8_slice_codeunits, start=0, stop=BEGINNING_CHARS)


@dataclass(frozen=True, slots=True)
class PlainRows:
    """What rows give, by column of the pairs: the turns of each side, and languages, scores and models where the rows
    name them.

    `beginnings` are the texts that tell the language where none is named. `unused` says in how many rows each column
    that means nothing here had something.
    """

    columns: dict[str, pa.Array]
    beginnings: pa.Array
    layout: str
    unused: Counter[str]


def read_plain(rows: pa.Table, reader: RowReader) -> PlainRows | None:
    """The rows (those of WHOLE_ROW), if each is three strings and nothing else is to be read; or messages of a role and
    a text, and a language, scores and models. None of others. What it gives is what the reader would give row by row.
    """
    whole = rows[WHOLE_ROW.names[0]].combine_chunks()
    if not pa.types.is_struct(whole.type):
        return None
    columns = dict(zip(whole.type.names, whole.flatten(), strict=True))
    if not {*SIDES} <= columns.keys():
        return None
    found = matches(tuple(columns), reader.layouts, reader.options.ignore)
    return _read_texts(columns, found) or _read_messages(columns, found)


def _read_texts(columns: Columns, found: tuple[Match, ...]) -> PlainRows | None:
    match = _match(STANDARD, found)
    if match is None or match.plan.steps or not all(_are_texts(columns[side]) for side in SIDES):
        return None
    prompt, chosen, rejected = (columns[side] for side in SIDES)
    turns = (one_turn("user", prompt), one_turn("assistant", chosen), one_turn("assistant", rejected))
    beginnings = pc.binary_join_element_wise(begin(prompt), begin(chosen), "\n")
    return PlainRows(dict(zip(SIDES, turns, strict=True)), beginnings, STANDARD.name, _unused(columns, match))


def _match(layout: Layout, found: tuple[Match, ...]) -> Match | None:
    return next((match for match in found if match.layout is layout), None)


def _unused(columns: Columns, match: Match) -> Counter[str]:
    """In how many rows the columns that mean nothing have something."""
    return +Counter({name: len(columns[name]) - columns[name].null_count for name in match.plan.unused})


def _are_texts(column: pa.Array) -> bool:
    """Whether all cells are strings, none of them messages written out or a dialogue."""
    if not pa.types.is_string(column.type) or column.null_count:
        return False
    suspects = column.filter(pc.is_in(pc.utf8_slice_codeunits(column, 0, 1), pa.array([*OPENS_MESSAGES])))
    return not any(is_written_out(cell) or is_open_dialogue(cell) for cell in suspects.to_pylist())


def _read_messages(columns: Columns, found: tuple[Match, ...]) -> PlainRows | None:
    match = _match(CONVERSATIONAL, found)
    if match is None or any(columns[side].type != TURNS for side in SIDES) or not _is_first(match, found, columns):
        return None
    prompt, chosen, rejected = (columns[side] for side in SIDES)
    if not (_are_prompts(prompt) and _are_answers(chosen) and _are_answers(rejected)):
        return None
    read, unused = {side: columns[side] for side in SIDES}, _unused(columns, match)
    for name, step in match.plan.steps:
        if (column := _read_step(columns[name], step)) is None or column[0] in read:
            return None
        into, cells, left = column
        read[into] = cells
        unused += Counter({name: left})
    last = _contents(prompt).take(pa.array(prompt.offsets.to_numpy()[1:] - 1))
    beginnings = pc.binary_join_element_wise(begin(last), begin(_contents(chosen)), "\n")
    return PlainRows(read, beginnings, CONVERSATIONAL.name, unused)


def _is_first(match: Match, found: tuple[Match, ...], columns: Columns) -> bool:
    """Whether no row can be of a layout that comes before: each of those wants another kind of one of the sides."""
    row = {side: columns[side][0].as_py() for side in SIDES}
    before = found[: found.index(match)]
    return all(any(key in row and not kind(row[key]) for key, kind in other.kinds) for other in before)


def _contents(turns: pa.Array) -> pa.Array:
    return turns.flatten().field("content")


def _are_prompts(turns: pa.Array) -> bool:
    """Whether all are turns of known roles, with no system turn that says nothing."""
    roles = turns.flatten().field("role")
    if not pc.all(pc.is_in(roles, PROMPT_ROLES)).as_py():
        return False
    said = _contents(turns).filter(pc.equal(roles, "system"))
    return not pc.any(pc.equal(pc.utf8_trim_whitespace(said), "")).as_py()


def _are_answers(turns: pa.Array) -> bool:
    """Whether each is one turn of the assistant."""
    single = len(turns.flatten()) == len(turns) and pc.all(pc.equal(pc.list_value_length(turns), 1)).as_py()
    return bool(single and pc.all(pc.equal(turns.flatten().field("role"), "assistant")).as_py())


def _read_step(column: pa.Array, step: Step) -> tuple[str, pa.Array, int] | None:
    """The column of pairs that a column is read into, its cells, and how many of them say something that is not read;
    None where that takes a look at each row."""
    function, side = getattr(step, "func", step), getattr(step, "keywords", {}).get("side")
    if function is read_language and pa.types.is_string(column.type):
        said = column.dictionary_encode()
        known = [language_named(name) or None for name in said.dictionary.to_pylist()]
        langs = pa.array(known, pa.string()).take(said.indices)
        blank = pc.sum(pc.equal(pc.utf8_trim_whitespace(column), "")).as_py() or 0
        return "lang", langs, langs.null_count - column.null_count - blank
    if side and function is read_score and (pa.types.is_floating(column.type) or column.null_count == len(column)):
        return f"score_{side}", column.cast(pa.float64()), 0
    if side and function is read_model and pa.types.is_string(column.type):
        if pc.any(pc.equal(pc.utf8_trim_whitespace(column), "")).as_py():
            return None
        return f"{side}_model", column, 0
    return None
