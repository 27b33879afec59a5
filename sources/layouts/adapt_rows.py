"""Whole rows read one by one as the pairs that an adapter gives; each row is used, or skipped with its reason."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

from sources.layouts.layout import Draft, Half, NoPairError, Options, Row
from sources.layouts.read_row import Read
from sources.layouts.unpaired import pair_up
from sources.pairs.extras import EXTRAS, narrow_answer, narrow_turns, write_extras
from sources.pairs.languages import Lang
from sources.pairs.schema import TURNS, one_turn
from sources.pairs.source import Adapted, skipped
from sources.text.script import BEGINNING_CHARS, name_told, tell_languages

ReadRow = Callable[[Row], Read]
Numbered = list[tuple[int, Draft]]


def adapt_cells(cells: list[Any], numbers: list[int], read: ReadRow, lang: Lang | None, pairing: Options) -> Adapted:
    """The pairs of these rows; `pairing` says how answers that were judged one by one are put together."""
    drafts: list[tuple[int, Draft]] = []
    halves: list[tuple[int, Half]] = []
    lost: list[tuple[int, str, str]] = []
    unused, layouts = Counter[str](), Counter[str]()
    for number, row in zip(numbers, cells, strict=True):
        try:
            found = read(row)
        except NoPairError as fault:
            lost.append((number, *fault.args))
            continue
        layouts[found.layout.name] += 1
        if found.unused:
            unused.update(dict.fromkeys(found.unused, 1))
        for draft in found.drafts:
            if isinstance(draft, Draft):
                drafts.append((number, draft))
            else:
                halves.append((number, draft))
    if halves:
        pairs, left = pair_up(halves, pairing)
        drafts, lost = sorted([*drafts, *pairs], key=lambda each: each[0]), [*lost, *left]
    drafts, others = _of_language(drafts, lang)
    table = _table([draft for _, draft in drafts], [number for number, _ in drafts])
    return Adapted(table, skipped([*lost, *others]), unused=unused, layouts=layouts)


def _of_language(drafts: Numbered, lang: Lang | None) -> tuple[Numbered, list[tuple[int, str, str]]]:
    """The pairs of that language, each with its own where both are wanted, and the rows of which none is left."""
    for (_, draft), found in zip(drafts, tell_languages([_beginning(draft) for _, draft in drafts], lang), strict=True):
        draft.lang = draft.lang or found
    if lang is None:
        return drafts, []
    ours = [numbered for numbered in drafts if numbered[1].lang == lang]
    used = {row for number, draft in ours for row in (number, draft.rejected_row)}
    others = {
        row: name_told(draft.lang, _beginning(draft))
        for number, draft in drafts
        for row in (number, draft.rejected_row)
        if row is not None and row not in used
    }
    return ours, of_other_language(others, lang)


def of_other_language(rows: Mapping[int, str], lang: Lang) -> list[tuple[int, str, str]]:
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
        "tags": pa.array([draft.tags for draft in drafts], pa.list_(pa.string())),
        "item": pa.array([draft.item for draft in drafts], pa.string()),
        EXTRAS.name: pa.array(extras, EXTRAS.type),
    }
    return pa.table(columns)


def _beginning(draft: Draft) -> str:
    """What tells the language of a pair: how its last turn and its chosen answer begin."""
    asked = draft.prompt[-1]["content"][:BEGINNING_CHARS] + "\n" if draft.prompt else ""
    return asked + str(draft.chosen[-1]["content"][:BEGINNING_CHARS])
