"""The pairs of a build without their text: ids and what stands beside them, in the order of the ids."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sources.pairs.built_folder import SPLITS, BuiltFolder
from sources.pairs.schema import PAIRS, SIDES

COMPARED = [name for name in PAIRS.names if name not in ("id", "lang", *SIDES)]
"""The columns that can differ between two builds of the same pair, beside the split that it is in."""

READ = ["id", *COMPARED]
EMPTY = pa.schema([*(PAIRS.field(name) for name in READ), pa.field("split", pa.string())]).empty_table()


@dataclass(frozen=True, slots=True)
class Pairs:
    """All pairs of a build, sorted by `keys` (16 bytes each; of pairs with the same id the first has its own key, a
    further one the next), with the columns COMPARED and `split`."""

    keys: np.ndarray
    ids: pa.Array
    columns: pa.Table

    def __len__(self) -> int:
        return len(self.keys)


def read_pairs(built: BuiltFolder | None) -> Pairs:
    """The pairs of a build, without text; none of no build."""
    table = pa.concat_tables([EMPTY, *(_tables(built) if built else ())]).combine_chunks()
    ids = pa.concat_arrays([pa.array([], pa.string()), *table["id"].chunks])
    keys = _keys(ids)
    order = pa.array(np.argsort(keys, kind="stable"))
    return Pairs(keys[order.to_numpy()], ids.take(order), table.drop_columns(["id"]).take(order))


def _tables(built: BuiltFolder) -> Iterator[pa.Table]:
    for split in SPLITS:
        for name in built.files(split):
            for batch in built.batches(name, READ):
                yield (
                    batch.select(READ).append_column(
                        EMPTY.schema.field("split"), pa.array([split] * len(batch), pa.string())
                    )
                )


def _keys(ids: pa.Array) -> np.ndarray:
    """Ids as bytes that sort fast, a repeated one with its number behind it."""
    texts = ids.to_pylist()
    if len(set(texts)) == len(texts):
        return np.array(texts, dtype="S32")
    seen: dict[str, int] = {}
    numbered = []
    for text in texts:
        seen[text] = number = seen.get(text, -1) + 1
        numbered.append(f"{text}+{number}" if number else text)
    return np.array(numbered, dtype="S48")


def differs(one: pa.ChunkedArray, other: pa.ChunkedArray) -> np.ndarray:
    """Where two columns of the same length differ; null equals null, and NaN is one."""
    one, other = _plain(one), _plain(other)
    unequal = pc.fill_null(pc.not_equal(one, other), False)
    nulls = pc.not_equal(pc.is_null(one), pc.is_null(other))
    return np.asarray(pc.or_(unequal, nulls).to_numpy(zero_copy_only=False), dtype=bool)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_list(column.type):
        return pc.binary_join(column, "\x1f")
    if pa.types.is_floating(column.type):
        return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    return column
