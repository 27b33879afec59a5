"""From what an adapter gives to finished rows of PAIRS."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sources.command.errors import AccountingError
from sources.pairs.extras import EXTRAS
from sources.pairs.schema import DROPPED, PAIRS, SIDES, content_ids
from sources.pairs.source import Adapted, Source

ITEM = pa.field("item", pa.string())
"""Beside the columns of PAIRS: pairs of one item never straddle a split; null where the source says nothing."""


def assemble(adapted: Adapted, source: Source, path: str) -> pa.Table:
    """The pairs of one file as PAIRS with the columns EXTRAS and ITEM; `path` is the file's place in a mirror."""
    drafts = adapted.pairs
    given = {name: drafts[name] for name in drafts.column_names}
    prompt, chosen, rejected = (given[side].combine_chunks() for side in SIDES)
    extras = given[EXTRAS.name].combine_chunks() if EXTRAS.name in given else None
    constant: Mapping[str, str | None] = {
        "lang": source.lang,
        "source": source.name,
        "license": source.license,
        "signal": source.signal,
        "chosen_model": source.chosen_model,
        "rejected_model": source.rejected_model,
    }
    columns = []
    for field in [*PAIRS, EXTRAS, ITEM]:
        if field.name == "id":
            columns.append(content_ids(prompt, chosen, rejected, extras))
        elif field.name == "source_row" and "source_row" not in given:
            columns.append(_source_rows(drafts, path))
        elif field.name in given:
            columns.append(given[field.name].cast(field.type))
        elif field.name == "tags":
            columns.append(pa.array([[]] * len(drafts), field.type))
        else:
            columns.append(pa.repeat(pa.scalar(constant.get(field.name), field.type), len(drafts)))
    return pa.table(columns, schema=pa.schema([*PAIRS, EXTRAS, ITEM])).combine_chunks()


def lost_rows(skipped: pa.Table, source: Source, path: str, stage: str) -> pa.Table:
    """Rows of DROPPED, without turns, for upstream rows that gave no pair."""
    known = {
        "lang": source.lang,
        "source": source.name,
        "license": source.license,
        "signal": source.signal,
        "stage": stage,
    }
    columns = []
    for field in DROPPED:
        if field.name == "source_row":
            columns.append(_source_rows(skipped, path))
        elif field.name in ("reason", "evidence"):
            columns.append(skipped[field.name])
        else:
            columns.append(pa.repeat(pa.scalar(known.get(field.name), field.type), len(skipped)))
    return pa.table(columns, schema=DROPPED)


def check_every_row(rows: pa.Table, adapted: Adapted, where: str) -> int:
    """How many of the upstream rows went into pairs; each of `rows` is used or skipped, and none is both.

    Raises:
        AccountingError: an adapter lost or invented a row.
    """
    numbers = [
        adapted.pairs["row"],
        *([adapted.pairs["row_rejected"]] if "row_rejected" in adapted.pairs.column_names else []),
    ]
    used = np.unique(np.concatenate([column.drop_null().to_numpy() for column in numbers]))
    lost = adapted.skipped["row"].to_numpy()
    if not np.array_equal(np.sort(np.concatenate([used, lost])), np.sort(rows["row"].to_numpy())):
        raise AccountingError(where, f"{len(rows):,} rows became {len(used):,} used and {len(lost):,} skipped ones")
    return len(used)


def _source_rows(rows: pa.Table, path: str) -> pa.Array:
    """`<path>:<row>`, or `<path>:<chosen's row>,<rejected's row>`."""
    numbers = rows["row"].cast(pa.string())
    if "row_rejected" in rows.column_names:
        both = pc.binary_join_element_wise(numbers, rows["row_rejected"].cast(pa.string()), ",")
        numbers = pc.coalesce(both, numbers)
    return pc.binary_join_element_wise(path, numbers, ":")
