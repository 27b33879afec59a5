"""The pairs to train on: built folders, Parquet files and datasets of the Hub, put together in the order given.

Only the columns of pair_columns.COLUMNS are read, so one that means something to TRL (images, chat_template_kwargs)
never reaches it; tools do, with the pairs that have them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sources.command.errors import NoPairsError, UsageError
from train.data.pair_columns import read_pairs
from train.data.pair_files import FLAG, Kind, find_pairs


@dataclass(frozen=True, slots=True)
class Origin:
    """Where pairs come from. `fingerprint` is the SHA-256 of manifest.json or of the Parquet files, or the commit;
    `train` and `test` count the pairs there."""

    given: str
    kind: Kind
    train: int
    test: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Data:
    """All pairs, with the columns of pair_columns.COLUMNS; ids are unique in all of it.

    `repeated` counts the pairs that were there more than once and are kept once; `in_both_splits` those that are in
    train of one origin and in test of another, kept in test alone.
    """

    train: pa.Table
    test: pa.Table | None
    origins: list[Origin]
    repeated: int
    in_both_splits: int


def load_pairs(given: Sequence[str]) -> Data:
    """The pairs of each one given: the folder of a build or of Parquet files, a Parquet file, or a Hub id
    (owner/name[@revision][:config]).

    Raises:
        UsageError: nothing is given.
        FetchError: a file is not there, or has other bytes than the manifest says.
        ReadError: a file is no Parquet file, or its rows are no conversational pairs.
        NoPairsError: a train split is empty.
    """
    if not given:
        raise UsageError(FLAG, "nothing to train on", hint="Give the folder that build-prefs wrote.")
    train, test, origins = [], [], []
    for files in (found for one in given for found in find_pairs(one)):
        rows = {split: read_pairs(files, split) for split in ("train", "test")}
        if not rows["train"].num_rows:
            raise NoPairsError(f"{FLAG} {files.given}", "no pair in its train split", expected="pairs to train on")
        train.append(rows["train"])
        test.append(rows["test"])
        origins.append(
            Origin(files.given, files.kind, rows["train"].num_rows, rows["test"].num_rows, files.fingerprint)
        )
    return _put_together(pa.concat_tables(train), pa.concat_tables(test), origins)


def _put_together(train: pa.Table, test: pa.Table, origins: list[Origin]) -> Data:
    once_train, once_test = _first_of_each(train), _first_of_each(test)
    repeated = train.num_rows - once_train.num_rows + test.num_rows - once_test.num_rows
    unseen = pc.invert(pc.is_in(once_train["id"], value_set=once_test["id"].combine_chunks()))
    apart = once_train.filter(unseen)
    if not apart.num_rows:
        raise NoPairsError(FLAG, "every pair to train on is in a test split too", hint="Leave one of the folders out.")
    return Data(
        apart,
        once_test if once_test.num_rows else None,
        origins,
        repeated=repeated,
        in_both_splits=once_train.num_rows - apart.num_rows,
    )


def _first_of_each(pairs: pa.Table) -> pa.Table:
    """The pairs without those whose id was there before."""
    codes = pairs["id"].combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    first = np.zeros(len(codes), dtype=bool)
    first[np.unique(codes, return_index=True)[1]] = True
    return pairs if first.all() else pairs.filter(pa.array(first))
